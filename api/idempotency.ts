import { setTimeout as pause } from 'node:timers/promises';
import type { Context } from 'koa';
import { FAULTS, Fault, isFaultCode } from '../ports/errors.ts';
import type { Principal } from '../ports/identity.ts';
import type { ApiDeps } from './deps.ts';
import type { Answer } from './faults.ts';
import { takesKey } from './route.ts';
import type { Route } from './route.ts';
import { TENANT_HEADER } from './authenticate.ts';
import { sha256 } from './tokens.ts';

const KEY = /^[\x21-\x7e]{1,255}$/;
/** An answer is sent before it is remembered, so a repetition right behind it waits this long for it. */
const SETTLE_MS = 500;
const ASK_MS = 20;

/** One repeatable request: whose it is and where it went, and the caller's own name for it. */
export interface Once {
  scope: string;
  key: string;
}

export const onceOf = (ctx: Context, principal: Principal | undefined): Once | null => {
  const key = ctx.get('Idempotency-Key');
  if (key === '' || !takesKey(ctx.method) || principal === undefined) return null;
  if (!KEY.test(key)) {
    throw new Fault('invalid_request', 'The Idempotency-Key is not 1 to 255 visible ASCII characters.', {
      fields: [{ path: 'Idempotency-Key', message: 'use 1 to 255 visible ASCII characters' }],
    });
  }
  const tenant = ctx.get(TENANT_HEADER) || (principal.tenantId ?? 'platform');
  return { scope: `${principal.userId} ${tenant} ${ctx.method} ${ctx.path}`, key };
};

export const onceKeyOf = (once: Once | null): string | null => (once ? sha256(`${once.scope} ${once.key}`) : null);

/** A caller who may try again must find the key unused; every other answer stands. */
const isFinal = ({ status, body }: Answer): boolean => {
  const code = typeof body === 'object' && body !== null && 'code' in body ? body.code : null;
  return status < 500 && !(status >= 400 && isFaultCode(code) && FAULTS[code].retry);
};

/** Runs a request once for its Idempotency-Key. What is kept of the body is a keyed digest, for a body may be a credential. */
export const runOnce = async (
  deps: ApiDeps,
  once: Once,
  route: Route,
  body: unknown,
  run: () => Promise<Answer>,
): Promise<Answer> => {
  const { idempotency } = deps.ports;
  const digest = await deps.tokens.digest(JSON.stringify(body ?? null));
  const patience = Date.now() + SETTLE_MS;
  let found = await idempotency.begin(once.scope, once.key, digest);
  while (found.kind === 'in_progress' && Date.now() < patience) {
    await pause(ASK_MS);
    found = await idempotency.begin(once.scope, once.key, digest);
  }
  if (found.kind === 'mismatch') {
    throw new Fault('idempotency_mismatch', 'This Idempotency-Key was used with another body; take a new key.');
  }
  if (found.kind === 'in_progress') {
    throw new Fault('conflict', 'A request with this Idempotency-Key is still running; ask again shortly.', {
      retryAfterMs: 1000,
    });
  }
  const isSecret = 'schema' in route.reply && route.reply.secret === true;
  if (found.kind === 'replay' && !isSecret) {
    return { ...found, headers: { ...found.headers, 'Idempotent-Replayed': 'true' } };
  }
  const answer = await run();
  const kept = isSecret ? { status: answer.status, headers: {}, body: null } : answer;
  const remembered = isFinal(answer)
    ? idempotency.finish(once.scope, once.key, kept)
    : idempotency.abandon(once.scope, once.key);
  // What was done is done: the caller learns of it at once, even when it could not be remembered. Until it is, or the key
  // lapses, a repetition waits; then it finds the same operation, whose ids come from the key.
  remembered.catch((err: unknown) => {
    deps.log.error({ err, requestPath: route.path }, 'an answer could not be remembered for its Idempotency-Key');
  });
  return answer;
};
