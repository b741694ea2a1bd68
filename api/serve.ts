import type { Context } from 'koa';
import { admit } from './authenticate.ts';
import { readBody } from './body.ts';
import { check } from './check.ts';
import type { ApiDeps } from './deps.ts';
import { toAnswer, toFault } from './faults.ts';
import type { Answer } from './faults.ts';
import { onceKeyOf, onceOf, runOnce } from './idempotency.ts';
import { refuseUnstorable } from './json.ts';
import { parseQuery } from './query.ts';
import { takesBody, wantsStream } from './route.ts';
import type { Route } from './route.ts';
import { gaveNoAnswer } from './temporal-faults.ts';

export const logFault = ({ log }: ApiDeps, ctx: Context, requestId: string, err: unknown): void => {
  log.error({ err, requestId, method: ctx.method, path: ctx.path }, 'a request failed for a reason of ours');
};

const send = (ctx: Context, { status, headers, body }: Answer): void => {
  ctx.status = status;
  ctx.set(headers);
  ctx.body = body;
};

/** Headers that belong to the answer itself, rather than to this one exchange. */
const ownHeaders = (ctx: Context): Record<string, string> => {
  const location = ctx.res.getHeader('Location');
  return typeof location === 'string' ? { Location: location } : {};
};

/** A body that nobody reads is thrown away, so that the caller reads our answer instead of a cut connection. */
const receive = async (route: Route, call: Parameters<NonNullable<Route['multipart']>['receive']>[0]) => {
  try {
    return await route.multipart?.receive(call);
  } catch (error) {
    call.ctx.set('Connection', 'close');
    call.ctx.req.resume();
    throw error;
  }
};

/** The order in which every request is judged: who, whose, what, whether before; only then is anything done. */
export const serve =
  (route: Route, deps: ApiDeps) =>
  async (ctx: Context): Promise<void> => {
    const requestId = String(ctx.state.requestId);
    const grant = await admit(ctx, route, deps);
    refuseUnstorable(ctx.params);
    const params = check(route.params, ctx.params, 'path');
    const query = check(route.query, parseQuery(ctx.querystring), 'query');
    const once = onceOf(ctx, grant.principal);
    const received = await receive(route, { ...grant, params, ctx });
    // Until something was begun with it, a file that came is cleared away again.
    let isTaken = false;
    try {
      const body = takesBody(route) ? check(route.body, received ? received.body : await readBody(ctx), 'body') : {};
      const staged = received?.staged ?? null;
      const call = { ...grant, params, query, body, ctx, requestId, onceKey: onceKeyOf(once), staged };
      const { reply } = route;
      if (!('schema' in reply) || wantsStream(route, ctx)) {
        ctx.status = 'schema' in reply ? 200 : reply.status;
        await route.handle(call);
        return;
      }
      ctx.set('Cache-Control', 'no-store');
      const run = async (): Promise<Answer> => {
        try {
          const result = await route.handle(call);
          isTaken = true;
          const status = typeof ctx.state.status === 'number' ? ctx.state.status : reply.status;
          return { status, headers: ownHeaders(ctx), body: reply.schema.parse(result) };
        } catch (error) {
          isTaken ||= gaveNoAnswer(error);
          const fault = toFault(error);
          if (fault.code === 'internal') logFault(deps, ctx, requestId, fault.cause);
          return toAnswer(fault, requestId);
        }
      };
      send(ctx, once === null ? await run() : await runOnce(deps, once, route, body, run));
    } finally {
      if (!isTaken) await received?.discard();
    }
  };
