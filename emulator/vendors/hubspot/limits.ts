import { randomUUID } from 'node:crypto';
import { json, type Reply } from '../../http.ts';

export interface Limit {
  max: number;
  intervalMs: number;
}

const CALLS: Limit = { max: 110, intervalMs: 10_000 };
const SEARCHES: Limit = { max: 5, intervalMs: 1000 };

/** Rolling windows of one account; counted always, enforced only when switched on. */
export function createLimits(now: () => number) {
  let enforced = false;
  let calls = CALLS;
  const windows = new Map<string, number[]>();

  const recent = (key: string, { intervalMs }: Limit): number[] => {
    const kept = (windows.get(key) ?? []).filter((at) => at > now() - intervalMs);
    windows.set(key, kept);
    return kept;
  };

  return {
    enforce: (on: boolean, limit: Limit = CALLS): void => {
      enforced = on;
      calls = limit;
    },
    /** The answer of `work`, with the documented headers (a search has none), or a 429 in its place. */
    async within(hubId: number, search: boolean, work: () => Reply | Promise<Reply>): Promise<Reply> {
      const limit = search ? SEARCHES : calls;
      const used = recent(`${hubId}:${search ? 'search' : 'calls'}`, limit);
      const free = limit.max - used.length;
      if (enforced && free <= 0) {
        const waitMs = (used[0] ?? now()) + limit.intervalMs - now();
        return withHeaders(throttled(search, Math.max(1, Math.ceil(waitMs / 1000))), search, limit, 0);
      }
      used.push(now());
      return withHeaders(await work(), search, limit, Math.max(0, free - 1));
    },
  };
}

function withHeaders(reply: Reply, search: boolean, { max, intervalMs }: Limit, free: number): Reply {
  if (search) return reply;
  const headers = {
    'x-hubspot-ratelimit-max': String(max),
    'x-hubspot-ratelimit-remaining': String(free),
    'x-hubspot-ratelimit-interval-milliseconds': String(intervalMs),
  };
  return { ...reply, headers: { ...reply.headers, ...headers } };
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
