/** Callers renew a token themselves when less than a minute is left; the timer is there before them. */
const MARGIN_MS = 120_000;
/** A token that a vendor gives no life is not asked for in a loop. */
const PAUSE_MS = 60_000;
const LEAST_MS = 2000;

/** A place in [0, 1) that is the connection's own for ever, from its id. */
export const spreadOf = (id: string): number => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16) / 2 ** 48;

/**
 * When to renew a token, in milliseconds since 1970: between 60 % and 90 % of its life, and never in its last two minutes
 * (in its last quarter, if it lives shorter). Tokens that were given at one moment come due all over that window.
 */
export function refreshDueMs(token: { issuedAtMs: number; expiresAtMs: number; spread: number }): number {
  const { issuedAtMs, expiresAtMs, spread } = token;
  const life = expiresAtMs - issuedAtMs;
  if (!(life > 0)) return issuedAtMs + PAUSE_MS;
  const from = life * 0.6;
  const to = Math.min(life * 0.9, life - Math.min(MARGIN_MS, life / 4));
  return issuedAtMs + Math.max(LEAST_MS, from + (to - from) * spread);
}

const FIRST_MS = 2000;
const MOST_MS = 900_000;

/**
 * How long to wait after the `nth` failure in a row, a `random` of [0, 1) given. What the vendor asked for is kept, and those
 * whom it asked at the same moment come back one after the other.
 */
export function retryInMs(nth: number, askedMs: number | null, random: number): number {
  if (askedMs !== null) return askedMs + random * Math.max(10_000, askedMs / 2);
  return Math.min(FIRST_MS * 2 ** Math.min(nth - 1, 20), MOST_MS) * (0.75 + random / 2);
}
