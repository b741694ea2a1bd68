import { randomUUID } from 'node:crypto';
import { json, type Reply } from '../../http.ts';
import { createLimiter, type LimiterControl } from '../../records/limiter.ts';

export interface Limit {
  max: number;
  intervalMs: number;
}

const CALLS = { units: 110, perMs: 10_000 };
const SEARCHES = { units: 5, perMs: 1000 };

/** Rolling windows of one account, in force only when switched on; searches have one of their own. */
export function createLimits(now: () => number) {
  const calls = createLimiter(now);
  const searches = createLimiter(now);
  let intervalMs = CALLS.perMs;

  const control: LimiterControl = {
    set(limit) {
      intervalMs = limit?.perMs ?? CALLS.perMs;
      calls.control.set(limit);
      searches.control.set(limit && SEARCHES);
    },
    refused: () => calls.control.refused() + searches.control.refused(),
    taken: () => calls.control.taken() + searches.control.taken(),
  };
  return {
    control,
    enforce: (on: boolean, limit?: Limit): void =>
      control.set(on ? (limit ? { units: limit.max, perMs: limit.intervalMs } : CALLS) : null),
    /** The answer of `work`, with the documented headers (a search has none), or a 429 in its place. */
    within(search: boolean, work: () => Reply): Reply {
      const left = (search ? searches : calls).take();
      if (!left) return work();
      const reply = left.ok ? work() : throttled(search, Math.max(1, Math.ceil(left.resetMs / 1000)));
      if (search) return reply;
      const headers = {
        'x-hubspot-ratelimit-max': String(left.units),
        'x-hubspot-ratelimit-remaining': String(left.remaining),
        'x-hubspot-ratelimit-interval-milliseconds': String(intervalMs),
      };
      return { ...reply, headers: { ...reply.headers, ...headers } };
    },
  };
}

const throttled = (search: boolean, waitSeconds: number): Reply =>
  json(
    429,
    {
      status: 'error',
      message: `You have reached your ${search ? 'secondly' : 'ten_secondly_rolling'} limit.`,
      errorType: 'RATE_LIMIT',
      correlationId: randomUUID(),
      policyName: search ? 'SECONDLY' : 'TEN_SECONDLY_ROLLING',
    },
    { 'retry-after': String(waitSeconds) },
  );
