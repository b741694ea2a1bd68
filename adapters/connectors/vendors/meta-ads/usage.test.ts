import { expect, test } from '@jest/globals';
import { tells } from './usage.ts';

const told = (headers: Record<string, string>) => tells({ headers: new Map(Object.entries(headers)), json: null });
const use = (call_count: number, total_time = 0, minutes = 0) => ({
  ...{ type: 'ads_management', call_count, total_cputime: 0, total_time, estimated_time_to_regain_access: minutes },
});

test('the fullest percentage of any account or of the app is what is left', () => {
  const business = JSON.stringify({ '904': [use(10), use(20, 75)], '905': [use(5)] });
  expect(
    told({ 'x-business-use-case-usage': business, 'x-app-usage': JSON.stringify({ call_count: 3, total_time: 1 }) }),
  ).toEqual([{ limit: 'user_hour', remaining: 50 }]);
});

test('a limit that is met says in minutes when it opens again', () => {
  const business = JSON.stringify({ '904': [use(100, 0, 7)] });
  expect(told({ 'x-business-use-case-usage': business })).toEqual([
    { limit: 'user_hour', remaining: 0, resetMs: 420_000 },
  ]);
});

test('nothing is learned from an answer without the headers, or with ones that cannot be read', () => {
  expect(told({})).toEqual([]);
  for (const odd of ['not json', 'null', '[]', '{"904":"x"}', '{"904":[null]}']) {
    expect(told({ 'x-business-use-case-usage': odd })).toEqual([]);
  }
});
