import { expect, test } from '@jest/globals';
import { retryAfterMs } from './retry-after.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');

test.each([
  ['2', 2000],
  ['0', 0],
  ['-5', 0],
  ['1.5', 1500],
  ['1000000000', 3_600_000],
  ['Sat, 21 Nov 2026 12:00:30 GMT', 30_000],
  ['Sat, 21 Nov 2026 11:00:00 GMT', 0],
  ['Sat, 21 Nov 2099 12:00:00 GMT', 3_600_000],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
])('Retry-After %j means %j ms', (header, ms) => {
  expect(retryAfterMs(header, NOW)).toBe(ms);
});
