import { expect, test } from '@jest/globals';
import { BusinessHours } from '../ports/business-hours.ts';
import { afterBusinessMs } from './business-hours.ts';

const HOUR_MS = 3_600_000;
const office: BusinessHours = { timeZone: 'Europe/Berlin', from: 9, to: 17, days: [1, 2, 3, 4, 5] };
const after = (hours: BusinessHours, from: string, ms: number) =>
  new Date(afterBusinessMs(hours, Date.parse(from), ms)).toISOString();

test.each([
  ['within one day', '2026-11-23T09:00:00Z', 2, '2026-11-23T11:00:00.000Z'],
  ['to the very end of a day', '2026-11-23T08:00:00Z', 8, '2026-11-23T16:00:00.000Z'],
  ['begun before the doors open', '2026-11-23T02:00:00Z', 1, '2026-11-23T09:00:00.000Z'],
  ['from Friday evening over the weekend', '2026-11-27T15:00:00Z', 3, '2026-11-30T10:00:00.000Z'],
  ['begun on a Sunday', '2026-11-29T12:00:00Z', 0.5, '2026-11-30T08:30:00.000Z'],
  ['over the weekend on which the clock goes back', '2026-10-23T14:30:00Z', 1, '2026-10-26T08:30:00.000Z'],
  ['over the weekend on which the clock goes forward', '2027-03-26T15:30:00Z', 1, '2027-03-29T07:30:00.000Z'],
  ['three weeks of hours', '2026-11-23T08:00:00Z', 15 * 8, '2026-12-11T16:00:00.000Z'],
])('C86: time runs in business hours: %s', (_, from, hours, expected) => {
  expect(after(office, from, hours * HOUR_MS)).toBe(expected);
});

test('round the clock, on a day with 23 hours and on one of a zone that is half an hour off', () => {
  const always = { timeZone: 'Europe/Berlin', from: 0, to: 24, days: [1, 2, 3, 4, 5, 6, 7] };
  expect(after(always, '2027-03-27T23:00:00Z', 24 * HOUR_MS)).toBe('2027-03-28T23:00:00.000Z');
  const kolkata = { timeZone: 'Asia/Kolkata', from: 10, to: 18, days: [1] };
  expect(after(kolkata, '2026-11-24T00:00:00Z', HOUR_MS)).toBe('2026-11-30T05:30:00.000Z');
});

test('hours that never come, or of a zone that is none, are refused where a policy is given', () => {
  expect(BusinessHours.safeParse({ ...office, from: 17 }).success).toBe(false);
  expect(BusinessHours.safeParse({ ...office, timeZone: 'Europe/Atlantis' }).success).toBe(false);
  expect(BusinessHours.safeParse(office).success).toBe(true);
});
