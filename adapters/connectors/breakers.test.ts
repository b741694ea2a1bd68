import { expect, test } from '@jest/globals';
import { Fault } from '../../ports/errors.ts';
import { createBreakers } from './breakers.ts';

const HOST = 'api.vendor.test';
const down = () => Promise.reject(new Fault('provider_down', 'not working'));

function ground() {
  let nowMs = 0;
  const breakers = createBreakers(() => nowMs);
  const call = (act: () => Promise<unknown> = async () => 'good', host = HOST) =>
    breakers.through('vendor', host, act).catch((error: unknown) => (error instanceof Fault ? error.code : error));
  const state = () => breakers.health('vendor').map((health) => health.state);
  const pass = (ms: number) => void (nowMs += ms);
  return { breakers, call, state, pass };
}

test('five failures in a row open it, and nothing is sent to that host; others are not touched', async () => {
  const { call, state } = ground();
  for (let nth = 0; nth < 5; nth += 1) await call(down);
  expect(state()).toEqual(['open']);
  let asked = 0;
  expect(await call(async () => (asked += 1))).toBe('provider_down');
  expect(asked).toBe(0);
  expect(await call(undefined, 'other.vendor.test')).toBe('good');
});

test('any answer of the host is a sign of life, a refusal too', async () => {
  const { call, state } = ground();
  for (let nth = 0; nth < 4; nth += 1) await call(down);
  await call(() => Promise.reject(new Fault('provider_rejected', 'no')));
  await call(down);
  expect(state()).toEqual(['closed']);
});

test('half open it lets one call through: its success closes it, its failure opens it for longer', async () => {
  const { call, state, pass } = ground();
  for (let nth = 0; nth < 5; nth += 1) await call(down);
  pass(5_000);
  expect(state()).toEqual(['half_open']);
  let release = () => {};
  const probing = call(
    () => new Promise((_resolve, reject) => (release = () => reject(new Fault('provider_down', 'still')))),
  );
  expect(await call()).toBe('provider_down');
  release();
  await probing;
  pass(9_999);
  expect(state()).toEqual(['open']);
  pass(1);
  expect(await call()).toBe('good');
  expect(state()).toEqual([]);
});

test('a probing call that we ended ourselves tells nothing, and the next one finds out', async () => {
  const { call, state, pass } = ground();
  for (let nth = 0; nth < 5; nth += 1) await call(down);
  pass(5_000);
  await call(() => Promise.reject(new Error('aborted')));
  expect(state()).toEqual(['half_open']);
  expect(await call()).toBe('good');
});
