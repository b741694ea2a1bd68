import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import { Email, PLATFORM, TenantId } from '../../ports/ids.ts';
import { Principal, Role } from '../../ports/identity.ts';
import { permissionsOf } from '../access.ts';
import type { ApiDeps, ApiSettings } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';

const DevLogin = z.strictObject({ email: Email, tenantId: TenantId.optional() }).meta({ id: 'DevLogin' });

const Session = z
  .strictObject({
    token: z.string(),
    expiresAt: z.iso.datetime(),
    principal: Principal,
    mayActAs: z
      .array(z.strictObject({ role: Role, tenantId: TenantId.nullable(), tenantName: z.string().nullable() }))
      .meta({ description: 'All that this address may log in as, the token’s role among them.' }),
  })
  .meta({ id: 'Session' });

const Me = Principal.extend({ permissions: z.array(z.string()) }).meta({ id: 'Me' });

export const hasDevLogin = ({ environment }: ApiSettings): boolean =>
  environment === 'development' || environment === 'test';

export const authRoutes = ({ ports, tokens, settings }: ApiDeps): Route[] => [
  route({
    method: 'post',
    path: '/auth/dev-login',
    summary: 'Log in by address alone; in development only',
    description: 'Platform roles come first, then tenants by age; `tenantId` chooses another. Lasts eight hours.',
    may: 'public',
    within: 'nobody',
    body: DevLogin,
    reply: { status: 200, schema: Session, secret: true },
    async handle({ body: { email, tenantId }, ctx, requestId }) {
      if (!hasDevLogin(settings)) throw new Fault('not_found', 'There is nothing here.');
      const all = await ports.identity.principalsOf(email);
      const principal = tenantId === undefined ? all[0] : all.find((one) => one.tenantId === tenantId);
      if (principal === undefined) throw new Fault('unauthenticated', 'Nobody with this address may log in there.');
      await ports.audit.append(principal.tenantId ?? PLATFORM, {
        key: `login/${requestId}`,
        actor: principal.userId,
        action: 'auth.login',
        resourceType: 'user',
        resourceId: principal.userId,
        metadata: { role: principal.role },
        ip: ctx.ip,
        userAgent: ctx.get('User-Agent').slice(0, 200),
      });
      const mayActAs = [];
      for (const { role, tenantId: id } of all) {
        mayActAs.push({ role, tenantId: id, tenantName: id === null ? null : (await ports.tenants.get(id)).name });
      }
      return { ...(await tokens.issue(principal)), principal, mayActAs };
    },
  }),
  route({
    method: 'get',
    path: '/me',
    summary: 'Who the token names, and what they may do',
    may: 'viewDashboard',
    within: 'person',
    reply: { status: 200, schema: Me },
    handle: async ({ principal }) => ({ ...principal, permissions: permissionsOf(principal.role) }),
  }),
];
