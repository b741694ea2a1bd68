import type { LimitTold } from '../../ports/budgets.ts';
import type { Lane } from '../../ports/connectors.ts';
import type { Gauge, Limit } from './meter.ts';

/** A window is counted in so many lots: a unit comes back at most a hundredth of the window late. */
const LOTS = 100;
const HOUR_MS = 3_600_000;
/** What is left to people when everything else has taken its part: of short windows, and of those of hours and days. */
const RESERVE = 0.02;
const LONG_RESERVE = 0.1;
/** Below this a reserve would be half of the limit. */
const RESERVE_FROM = 20;
/**
 * Once this part of a window is gone, nobody but people goes faster than this, of the limit's own pace: what was spent in a burst
 * would come back in one, with nothing between for whoever comes then.
 */
const PACED_FROM = 0.25;
const PACE = 1.03;
/** The bursts that are left are this part of a window, or a second's worth. */
const BURST = 0.02;
const BURST_MS = 1000;
const PACED_FROM_MS = 10_000;

const sum = (spent: Gauge['spent']): number => spent.reduce((all, [, units]) => all + units, 0);

/** The gauge of a limit, by what the limit says now: an admin's word bounds the vendor's, the vendor's goes before its documents. */
export function gaugeOf(before: Gauge | undefined, { units, perSeconds, by }: Limit): Gauge {
  const gauge = before ?? { units, perMs: perSeconds * 1000, spent: [] };
  const granted = gauge.told?.units;
  gauge.units = granted === undefined ? units : by === 'admin' ? Math.min(units, granted) : granted;
  gauge.perMs = (by === 'manifest' ? gauge.told?.perMs : undefined) ?? perSeconds * 1000;
  return gauge;
}

/** Forgets what came back. */
export function lapse(gauge: Gauge, now: number): void {
  gauge.spent = gauge.spent.filter(([backAt]) => backAt > now);
  if (gauge.foreign && gauge.foreign.until <= now) delete gauge.foreign;
}

/**
 * Counts units of a call that ended at this moment. The vendor counted them at some moment before, so that they have come
 * back there when they come back here: whether its window slides, jumps or drips.
 */
export function spend(gauge: Gauge, at: number, units: number): void {
  if (units <= 0) return;
  const lot = gauge.perMs / LOTS;
  const backAt = Math.ceil(Math.ceil(at / lot) * lot + gauge.perMs);
  const same = gauge.spent.find(([moment]) => moment === backAt);
  if (same) same[1] += units;
  else gauge.spent = [...gauge.spent, [backAt, units] as [number, number]].sort(([a], [b]) => a - b);
}

export const used = (gauge: Gauge, heldNow: number): number => sum(gauge.spent) + heldNow + (gauge.foreign?.units ?? 0);

const isPaced = ({ units, perMs, spent }: Gauge, heldNow: number): boolean =>
  perMs >= PACED_FROM_MS && perMs <= HOUR_MS && sum(spent) + heldNow >= units * PACED_FROM;
const burstMs = ({ perMs }: Gauge): number => Math.max(BURST_MS, perMs * BURST);
const msPerUnit = ({ units, perMs }: Gauge): number => perMs / units / PACE;

/** What calls of this lane may use in all: the rest is left to people. */
function allowed({ units, perMs }: Gauge, lane: Lane): number {
  if (lane === 'interactive' || units < RESERVE_FROM) return units;
  return units - Math.max(1, units * (perMs > HOUR_MS ? LONG_RESERVE : RESERVE));
}

/** How many units calls of this lane may take now, of which `given` go at this very moment. */
export function room(gauge: Gauge, lane: Lane, heldNow: number, given: number, now: number): number {
  const free = allowed(gauge, lane) - used(gauge, heldNow) - given;
  if (lane === 'interactive' || !isPaced(gauge, heldNow + given)) return free;
  const ahead = (gauge.pacedTo ?? 0) - now;
  // One call may go when its time has come or nearly so, however much it costs.
  if (ahead <= burstMs(gauge) / 2 && given === 0) return free;
  return Math.min(free, (burstMs(gauge) - ahead) / msPerUnit(gauge) - given);
}

/** Units were given out at this moment: those after them follow at the limit's pace. */
export function pace(gauge: Gauge, units: number, heldNow: number, now: number): void {
  if (isPaced(gauge, heldNow)) gauge.pacedTo = Math.ceil(Math.max(now, gauge.pacedTo ?? 0) + units * msPerUnit(gauge));
}

/** Units that were given out and not spent after all. */
export function unpace(gauge: Gauge, units: number): void {
  if (gauge.pacedTo !== undefined) gauge.pacedTo = Math.ceil(gauge.pacedTo - units * msPerUnit(gauge));
}

/** When so many units may go, as far as it is known: units of calls under way come back some day. Null: nobody knows. */
export function expected(gauge: Gauge, lane: Lane, units: number, heldNow: number, now: number): number | null {
  const haste = lane !== 'interactive' && isPaced(gauge, heldNow);
  const paced = haste ? (gauge.pacedTo ?? 0) - burstMs(gauge) + units * msPerUnit(gauge) : now;
  let short = units - Math.max(0, allowed(gauge, lane) - used(gauge, heldNow));
  if (short <= 0) return paced > now ? paced : null;
  const { spent, foreign } = gauge;
  const coming: Gauge['spent'] = foreign ? [...spent, [foreign.until, foreign.units]] : [...spent];
  for (const [moment, back] of coming.sort(([a], [b]) => a - b)) {
    short -= back;
    if (short <= 0) return Math.max(moment, paced);
  }
  return null;
}

/** The vendor's own count. What it misses and we did not take, somebody else took. */
export function hear(gauge: Gauge, told: LimitTold, heldNow: number, now: number): void {
  const { units, remaining, resetMs, perSecond } = told;
  if (positive(units)) gauge.told = { ...gauge.told, units };
  const granted = positive(units) ? units : gauge.units;
  if (positive(perSecond)) gauge.told = { ...gauge.told, perMs: (granted / perSecond) * 1000 };
  if (remaining === undefined || !Number.isFinite(remaining)) return;
  const gone = Math.max(0, granted - remaining);
  const ours = sum(gauge.spent) + heldNow;
  delete gauge.foreign;
  if (gone > ours) {
    const drips = positive(perSecond) ? ((gone - ours) / perSecond) * 1000 : gauge.perMs;
    const wait = resetMs !== undefined && Number.isFinite(resetMs) ? Math.max(0, resetMs) : drips;
    gauge.foreign = { units: gone - ours, until: now + Math.min(wait, gauge.perMs) };
  } else if (gauge.perMs > HOUR_MS) {
    // A day's window of theirs may have begun anew while ours still slides: waiting for our own count would cost hours.
    gauge.spent = scaled(gauge.spent, Math.max(0, gone - heldNow));
  }
}

const positive = (value: number | undefined): value is number => value !== undefined && value > 0 && value < Infinity;

const scaled = (spent: Gauge['spent'], total: number): Gauge['spent'] => {
  const before = sum(spent);
  return before <= total ? spent : spent.map(([moment, units]) => [moment, (units * total) / before]);
};
