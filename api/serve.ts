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
import { takesBody } from './route.ts';
import type { Route } from './route.ts';

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

/** The order in which every request is judged: who, whose, what, whether before; only then is anything done. */
export const serve =
  (route: Route, deps: ApiDeps) =>
  async (ctx: Context): Promise<void> => {
    const requestId = String(ctx.state.requestId);
    const grant = await admit(ctx, route, deps);
    refuseUnstorable(ctx.params);
    const params = check(route.params, ctx.params, 'path');
    const query = check(route.query, parseQuery(ctx.querystring), 'query');
    const body = takesBody(route) ? check(route.body, await readBody(ctx), 'body') : {};
    const once = onceOf(ctx, grant.principal);
    const call = { ...grant, params, query, body, ctx, requestId, onceKey: onceKeyOf(once) };
    const { reply } = route;
    if (!('schema' in reply)) {
      ctx.status = reply.status;
      await route.handle(call);
      return;
    }
    ctx.set('Cache-Control', 'no-store');
    const run = async (): Promise<Answer> => {
      try {
        const result = reply.schema.parse(await route.handle(call));
        const status = typeof ctx.state.status === 'number' ? ctx.state.status : reply.status;
        return { status, headers: ownHeaders(ctx), body: result };
      } catch (error) {
        const fault = toFault(error);
        if (fault.code === 'internal') logFault(deps, ctx, requestId, fault.cause);
        return toAnswer(fault, requestId);
      }
    };
    send(ctx, once === null ? await run() : await runOnce(deps, once, route, body, run));
  };
