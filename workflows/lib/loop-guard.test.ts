import { describe, expect, test } from '@jest/globals';
import { isNew, newGuard, watchCall, watchTurn } from './loop-guard.ts';

const key = (n: number) => `${n}`.padStart(64, '0').split('').reverse().join('');
const times = <Value>(count: number, give: (n: number) => Value) => Array.from({ length: count }, (_, n) => give(n));

describe('C88: a run that goes in circles', () => {
  test('may make the same call three times; the fourth is answered with a nudge, the fifth ends it', () => {
    const guard = newGuard();
    expect(times(5, () => watchCall(guard, key(1)))).toEqual(['go', 'go', 'go', 'nudge', 'stop']);
  });

  test('is seen through other calls in between, and not through calls that lie far back', () => {
    const guard = newGuard();
    expect(times(9, (n) => watchCall(guard, key(n % 3)))).toEqual(times(9, () => 'go'));
    expect(watchCall(guard, key(0))).toBe('nudge');
    const old = newGuard();
    expect(times(3, () => watchCall(old, key(1)))).toEqual(['go', 'go', 'go']);
    expect(times(40, (n) => watchCall(old, key(n + 2)))).toEqual(times(40, () => 'go'));
    expect(isNew(old, key(1))).toBe(true);
    expect(watchCall(old, key(1))).toBe('go');
  });

  test('is seen by its want of progress, whatever it calls: eight fruitless turns are borne, then a nudge, then the end', () => {
    const guard = newGuard();
    expect(times(9, () => watchTurn(guard, false))).toEqual([...times(8, () => 'go'), 'nudge']);
    expect(watchTurn(guard, true)).toBe('go');
    expect(times(9, () => watchTurn(guard, false)).at(-1)).toBe('stop');
  });

  test('is nudged once only, and what is carried on through continue-as-new stays small', () => {
    const guard = newGuard();
    times(1000, (n) => watchCall(guard, key(n)));
    expect(JSON.stringify(guard).length).toBeLessThan(1000);
    const carried = JSON.parse(JSON.stringify(guard)) as typeof guard;
    expect(times(4, () => watchCall(carried, key(1000)))).toEqual(['go', 'go', 'go', 'nudge']);
    expect(times(4, () => watchCall(carried, key(1001))).at(-1)).toBe('stop');
  });
});
