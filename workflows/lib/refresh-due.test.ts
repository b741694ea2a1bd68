import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { refreshDueMs, retryInMs, spreadOf } from './refresh-due.ts';

const HOUR_MS = 3_600_000;
const MANY = 10_000;

describe('when a token is renewed', () => {
  test.each([HOUR_MS, 24 * HOUR_MS, 1_800_000, 300_000])(
    'ten thousand of one moment, living %d ms, come due evenly between 60 %% and 90 %% of it',
    (life) => {
      const due = Array.from({ length: MANY }, () =>
        refreshDueMs({ issuedAtMs: 0, expiresAtMs: life, spread: spreadOf(randomUUID()) }),
      );
      expect(Math.min(...due)).toBeGreaterThanOrEqual(life * 0.6);
      expect(Math.max(...due)).toBeLessThanOrEqual(life * 0.9);
      const window = Math.max(...due) - Math.min(...due);
      expect(window).toBeGreaterThan(life * 0.14);
      // Twenty equal parts of the window, each within a fifth of its share.
      const parts = new Array<number>(20).fill(0);
      for (const at of due) {
        const part = Math.min(19, Math.floor(((at - Math.min(...due.slice(0, 1), life * 0.6)) / window) * 20));
        parts[part] = (parts[part] ?? 0) + 1;
      }
      expect(Math.max(...parts)).toBeLessThan((MANY / 20) * 1.2);
    },
  );

  test('no second holds more than its share and a half of ten thousand tokens of one hour', () => {
    const bySecond = new Map<number, number>();
    for (let count = 0; count < MANY; count += 1) {
      const at = refreshDueMs({ issuedAtMs: 0, expiresAtMs: HOUR_MS, spread: spreadOf(randomUUID()) });
      bySecond.set(Math.floor(at / 1000), (bySecond.get(Math.floor(at / 1000)) ?? 0) + 1);
    }
    // 10,000 over 1,080 seconds are nine in each; a random place may hold a few more.
    expect(Math.max(...bySecond.values())).toBeLessThan(30);
  });

  test('a connection has a place of its own for ever, and any id gives one', () => {
    const id = randomUUID();
    expect(spreadOf(id)).toBe(spreadOf(id));
    expect(spreadOf('00000000-0000-4000-8000-000000000000')).toBe(0);
    expect(spreadOf('ffffffff-ffff-4fff-bfff-ffffffffffff')).toBeLessThan(1);
  });

  test('never in the last two minutes, nor in the last quarter of a short life', () => {
    for (const spread of [0, 0.5, 0.999]) {
      expect(refreshDueMs({ issuedAtMs: 0, expiresAtMs: 600_000, spread })).toBeLessThanOrEqual(480_000);
      expect(refreshDueMs({ issuedAtMs: 0, expiresAtMs: 60_000, spread })).toBeLessThanOrEqual(45_000);
    }
  });

  test('C20: a token that lapsed before it came, or lives no second, is asked for with pauses', () => {
    expect(refreshDueMs({ issuedAtMs: 5000, expiresAtMs: 4000, spread: 0 })).toBe(65_000);
    expect(refreshDueMs({ issuedAtMs: 5000, expiresAtMs: Number.NaN, spread: 0 })).toBe(65_000);
    expect(refreshDueMs({ issuedAtMs: 5000, expiresAtMs: 5100, spread: 0 })).toBe(7000);
  });
});

describe('when it is tried again', () => {
  test('never before the vendor said, and not all at once then', () => {
    const all = [0, 0.3, 0.6, 0.99].map((random) => retryInMs(1, 60_000, random));
    expect(Math.min(...all)).toBe(60_000);
    expect(new Set(all).size).toBe(all.length);
    expect(Math.max(...all)).toBeLessThan(90_000);
  });

  test('else with pauses that grow to a quarter of an hour, give or take', () => {
    const pauses = Array.from({ length: 30 }, (_, nth) => retryInMs(nth + 1, null, 0.5));
    expect(pauses.slice(0, 4)).toEqual([2000, 4000, 8000, 16_000]);
    expect(Math.max(...pauses)).toBe(900_000);
    expect(retryInMs(30, null, 0)).toBe(675_000);
  });
});
