import type { BusinessHours } from '../ports/business-hours.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** An hour a week for a month of hours: far beyond any policy, and an end to the looking. */
const DAYS_MAX = 6000;

interface LocalDay {
  year: number;
  month: number;
  day: number;
}

const clockOf = (timeZone: string) => {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
  });
  const partsAt = (at: number): Record<string, number> =>
    Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  /** How far the zone's clock is ahead of UTC at this moment. */
  const offsetAt = (at: number): number => {
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = partsAt(at);
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000;
  };
  return {
    dayAt: (at: number): LocalDay => {
      const { year = 0, month = 1, day = 1 } = partsAt(at);
      return { year, month, day };
    },
    /** The moment when the zone's clock shows this hour; asked twice, for the offset may change between guess and answer. */
    instant: ({ year, month, day }: LocalDay, hour: number): number => {
      const wall = Date.UTC(year, month - 1, day, hour);
      const guess = wall - offsetAt(wall);
      return wall - offsetAt(guess);
    },
  };
};

const following = ({ year, month, day }: LocalDay): LocalDay => {
  const next = new Date(Date.UTC(year, month - 1, day) + DAY_MS);
  return { year: next.getUTCFullYear(), month: next.getUTCMonth() + 1, day: next.getUTCDate() };
};

/** 1 is Monday. */
const weekday = ({ year, month, day }: LocalDay): number => new Date(Date.UTC(year, month - 1, day)).getUTCDay() || 7;

/** When so many milliseconds of business hours have passed since `from` (milliseconds since 1970). */
export const afterBusinessMs = (hours: BusinessHours, from: number, ms: number): number => {
  const clock = clockOf(hours.timeZone);
  let left = ms;
  let day = clock.dayAt(from);
  for (let looked = 0; looked < DAYS_MAX; looked += 1, day = following(day)) {
    if (!hours.days.includes(weekday(day))) continue;
    const opens = Math.max(clock.instant(day, hours.from), from);
    const closes = hours.to === 24 ? clock.instant(following(day), 0) : clock.instant(day, hours.to);
    if (closes <= opens) continue;
    if (left <= closes - opens) return opens + left;
    left -= closes - opens;
  }
  return from + DAYS_MAX * DAY_MS;
};
