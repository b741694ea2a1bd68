import type { Ended, Meter } from './meter.ts';

const LEAST_MS = 1000;
const MOST_MS = 3_600_000;
/** Where the vendor does not say how long: a second, then twice as long each time, up to a minute. */
const UNSAID_MAX_MS = 60_000;
const MINUTE_MS = 60_000;

/** The vendor refused a call because of its limits: nobody who shares this budget asks before it said. */
export function refuse(meter: Meter, { refused, told = [] }: Ended, now: number): void {
  const minute = Math.floor(now / MINUTE_MS);
  const last = meter.refused.at(-1);
  if (last?.[0] === minute) last[1] += 1;
  else meter.refused.push([minute, 1]);
  // Calls that were under way together are refused together: that is one strike.
  if (meter.blockedUntil <= now || meter.strikes === 0) meter.strikes += 1;
  const unsaid = Math.min(LEAST_MS * 2 ** Math.min(meter.strikes - 1, 10), UNSAID_MAX_MS);
  const resets = told.filter(({ remaining }) => (remaining ?? 1) <= 0).map(({ resetMs }) => resetMs ?? 0);
  const said = refused?.retryAfterMs ?? Math.max(unsaid, ...resets);
  const wait = Number.isNaN(said) ? unsaid : Math.min(Math.max(said, LEAST_MS), MOST_MS);
  meter.blockedUntil = Math.max(meter.blockedUntil, Math.ceil(now + wait));
}

export const refusalsOfHour = ({ refused }: Meter): number => refused.reduce((sum, [, times]) => sum + times, 0);

export function lapseRefusals(meter: Meter, now: number): void {
  const from = Math.floor((now - MOST_MS) / MINUTE_MS);
  meter.refused = meter.refused.filter(([minute]) => minute > from);
}
