import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { ConnectSession } from '../../ports/connect-sessions.ts';
import { Fault } from '../../ports/errors.ts';
import { ConnectionId } from '../../ports/ids.ts';
import { auditLine } from '../audit-line.ts';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { sha256 } from '../tokens.ts';

const LIFETIME_MS = 30 * 60 * 1000;

const Wanted = z
  .strictObject({
    connectors: z
      .array(z.string().max(60))
      .max(50)
      .default([])
      .meta({ description: 'Those that may be picked; none named: all.' }),
    connectionId: ConnectionId.optional().meta({ description: 'Connect just this one again.' }),
  })
  .meta({ id: 'ConnectSessionWanted' });

const Made = ConnectSession.extend({
  url: z.url().meta({ description: 'For one use, within thirty minutes. Shown this once.' }),
}).meta({ id: 'ConnectSessionMade' });

const Claimed = z.strictObject({ token: z.string(), expiresAt: z.iso.datetime() }).meta({ id: 'ClaimedSession' });

/** 256 random bits: nobody guesses one, however often they try. */
const newToken = () => randomBytes(32).toString('base64url');

export const connectSessionRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'post',
    path: '/connect-sessions',
    summary: 'A link to one page on which whoever has it connects systems for this tenant, without a login',
    may: 'manageIntegrations',
    within: 'tenant',
    body: Wanted,
    reply: { status: 201, schema: Made, secret: true },
    async handle({ body, tenantId, principal, ctx }) {
      const { connectors, connectionId = null } = body;
      connectors.forEach((id) => deps.ports.connectors.info(id));
      if (connectionId !== null) await deps.ports.connections.get(tenantId, connectionId);
      const link = newToken();
      const expiresAt = new Date(Date.now() + LIFETIME_MS).toISOString();
      const wanted = { id: randomUUID(), tenantId, createdBy: principal.userId, connectors, connectionId, expiresAt };
      const session = await deps.ports.connectSessions.create(wanted, sha256(link));
      await auditLine(deps, ctx, tenantId, {
        actor: principal.userId,
        action: 'connect_session.created',
        resourceType: 'connect_session',
        resourceId: session.id,
      });
      ctx.set('Location', `/api/v1/connect-sessions/${session.id}`);
      return { ...session, url: `${deps.settings.publicUrl}/connect#${link}` };
    },
  }),
  route({
    method: 'get',
    path: '/connect-sessions/:id',
    summary: 'What became of a link',
    may: 'manageIntegrations',
    within: 'tenant',
    params: z.strictObject({ id: z.uuid() }),
    reply: { status: 200, schema: ConnectSession },
    handle: ({ params: { id }, tenantId }) => deps.ports.connectSessions.get(tenantId, id),
  }),
  route({
    method: 'post',
    path: '/connect-session/claim',
    summary: 'The one use of a link: its token for a session’s',
    may: 'public',
    within: 'nobody',
    body: z.strictObject({ token: z.string().max(100) }).meta({ id: 'ClaimSession' }),
    reply: { status: 200, schema: Claimed, secret: true },
    async handle({ body, ctx }) {
      const token = newToken();
      const session = await deps.ports.connectSessions.claim(sha256(body.token), sha256(token));
      if (session === null) {
        throw new Fault('unauthenticated', 'This link was used already or has lapsed; ask for a new one.');
      }
      await auditLine(deps, ctx, session.tenantId, {
        actor: 'connect_session',
        action: 'connect_session.claimed',
        resourceType: 'connect_session',
        resourceId: session.id,
      });
      return { token, expiresAt: session.expiresAt };
    },
  }),
];
