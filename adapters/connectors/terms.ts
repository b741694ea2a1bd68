import { setTimeout as pause } from 'node:timers/promises';
import type { BudgetLease, LimitTold } from '../../ports/budgets.ts';
import { isFault } from '../../ports/errors.ts';
import { CALL_MS } from '../http/client.ts';
import { Unanswered } from '../http/unanswered.ts';
import type { Breakers } from './breakers.ts';
import type { Call } from './call.ts';
import type { FileBody } from './request.ts';

/** What a run of calls took. */
export interface Meter {
  calls: number;
  throttled: number;
  bytes: number;
}

/** Leave to call: `take` waits for it, at most `waitMs`. */
export interface Turn {
  take: (call: Pick<Call, 'cost' | 'limit'>, waitMs: number, signal: AbortSignal | undefined) => Promise<BudgetLease>;
  /** How long one call may wait in all, our budget's wait and the vendor's together. */
  waitMs: number;
}

/** What calls wait for and are counted by. Each may be absent: then nobody waits, and nothing is counted. */
export interface Terms {
  turn?: Turn;
  breakers?: Breakers;
  meter?: Meter;
  signal?: AbortSignal;
  /** No call is under way after this moment, in milliseconds of the epoch. */
  untilMs?: number;
  file?: FileBody;
}

/** How long we wait when the vendor had enough and does not say for how long. */
const UNTOLD_MS = 1000;
const TRIES_MAX = 3;

/** How long one call may take: a file's all that is left, any other's no longer than usual. Undefined: as usual. */
export function timeFor({ untilMs, file }: Terms): number | undefined {
  if (untilMs === undefined) return undefined;
  const leftMs = untilMs - Date.now();
  if (leftMs <= 0) throw new Unanswered('no time was left for this call; try again', false);
  return file ? leftMs : Math.min(leftMs, CALL_MS);
}

/**
 * Makes one call when the budget has room for it. A vendor that has had enough all the same did nothing, so that the call is
 * made again when it allows it, if that is soon; else whoever asked is to wait, and not here.
 */
export async function inTurn<Result>(
  { turn, meter, signal, untilMs: endMs = Number.POSITIVE_INFINITY }: Terms,
  call: Pick<Call, 'cost' | 'limit'>,
  act: (told: (limits: LimitTold[]) => void) => Promise<Result>,
): Promise<Result> {
  if (!turn) return act(() => undefined);
  const untilMs = Math.min(Date.now() + turn.waitMs, endMs);
  for (let tries = 1; ; tries += 1) {
    const lease = await turn.take(call, Math.max(0, untilMs - Date.now()), signal);
    if (meter && lease.waited) meter.throttled += 1;
    const told: LimitTold[] = [];
    try {
      const result = await act((limits) => void told.push(...limits));
      lease.settle({ told });
      return result;
    } catch (error) {
      if (!isFault(error, 'provider_rate_limited')) {
        lease.settle({ told, ...(error instanceof Unanswered && !error.maybeProcessed && { cost: 0 }) });
        throw error;
      }
      lease.settle({ told, refused: { retryAfterMs: error.retryAfterMs ?? null } });
      const { retryAfterMs = UNTOLD_MS } = error;
      if (meter) meter.throttled += 1;
      if (tries === TRIES_MAX || Date.now() + retryAfterMs > untilMs) throw error;
      await pause(retryAfterMs, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}
