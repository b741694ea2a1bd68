import type { Context } from 'koa';
import { Fault } from '../ports/errors.ts';
import { PLATFORM, TenantId } from '../ports/ids.ts';
import type { ConnectSession } from '../ports/connect-sessions.ts';
import type { Principal } from '../ports/identity.ts';
import { isPlatformRole, mayCall } from './access.ts';
import type { ApiDeps } from './deps.ts';
import type { Granted, Route } from './route.ts';
import { sha256 } from './tokens.ts';

export const TENANT_HEADER = 'X-Tenant-Id';
/** The Temporal UI calls from a browser and has no token of ours, so below this path, and nowhere else, a cookie counts too. */
export const CODEC_PATH = '/api/v1/codec';
export const CODEC_COOKIE = 'bizosaas_codec';

const codecCookie = (ctx: Context): string | undefined =>
  ctx.path.startsWith(`${CODEC_PATH}/`) ? ctx.cookies.get(CODEC_COOKIE) : undefined;

const bearerOf = (ctx: Context, missing: string): string => {
  const [, token = codecCookie(ctx)] = /^Bearer ([\w.-]+)$/.exec(ctx.get('Authorization')) ?? [];
  if (token === undefined) throw new Fault('unauthenticated', missing);
  return token;
};

/** Whose token this is. Asked of the identity store every time, so that a removed role is refused at once. */
const authenticate = async (ctx: Context, { tokens, ports }: ApiDeps): Promise<Principal> => {
  const token = bearerOf(ctx, 'Log in first, and send the token as Authorization: Bearer ….');
  const { principal } = await tokens.verify(token);
  if (!(await ports.identity.stands(principal))) {
    throw new Fault('unauthenticated', 'This role was taken back; log in again.');
  }
  return principal;
};

/** The session of a claimed link. A login opens no session, and a session is no login. */
const connectSession = async (ctx: Context, { ports }: ApiDeps): Promise<ConnectSession> => {
  const token = bearerOf(ctx, 'Open the link that you were sent.');
  const session = await ports.connectSessions.find(sha256(token));
  if (session === null) throw new Fault('unauthenticated', 'This link has lapsed; ask for a new one.');
  return session;
};

const namedTenant = async (named: string, { ports }: ApiDeps): Promise<TenantId> => {
  const { data } = TenantId.safeParse(named);
  if (data === undefined) {
    throw new Fault('invalid_request', `${TENANT_HEADER} is not a tenant’s id.`, {
      fields: [{ path: TENANT_HEADER, message: 'is not a UUID' }],
    });
  }
  return (await ports.tenants.get(data)).id;
};

/** The tenant that this request acts in, or null for a platform role that names none. */
const tenantOf = async (ctx: Context, principal: Principal, deps: ApiDeps): Promise<TenantId | null> => {
  const named = ctx.get(TENANT_HEADER);
  if (isPlatformRole(principal.role)) return named === '' ? null : namedTenant(named, deps);
  if (principal.tenantId === null) throw new Fault('forbidden', 'This login belongs to no tenant.');
  if (named !== '' && named.toLowerCase() !== principal.tenantId) {
    throw new Fault('not_found', 'There is no such tenant.');
  }
  return principal.tenantId;
};

/** Who calls and whose things the call may touch, judged by the route's own declaration and nothing else. */
export const admit = async (ctx: Context, { may, within }: Route, deps: ApiDeps): Promise<Partial<Granted>> => {
  if (may === 'public') return {};
  if (may === 'connectSession') return { session: await connectSession(ctx, deps) };
  const principal = await authenticate(ctx, deps);
  if (!mayCall(principal.role, may)) throw new Fault('forbidden', `A ${principal.role} may not do this.`);
  if (within === 'person') return { principal };
  const tenantId = await tenantOf(ctx, principal, deps);
  if (within === 'scope') return { principal, scope: tenantId ?? PLATFORM };
  if (tenantId === null) {
    throw new Fault('invalid_request', `Say which tenant to act in by the header ${TENANT_HEADER}.`, {
      fields: [{ path: TENANT_HEADER, message: 'is missing' }],
    });
  }
  return { principal, tenantId };
};
