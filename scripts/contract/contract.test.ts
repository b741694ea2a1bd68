import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { manifests } from '../../adapters/connectors/index.ts';
import { CASES } from './cases/index.ts';
import { openGround } from './ground.ts';
import type { Ground } from './ground.ts';
import { judge } from './run.ts';
import { score, table } from './table.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
});
afterAll(async () => ground[Symbol.asyncDispose]());

test('every connector that has streams is under contract', () => {
  const due = Object.values(manifests).filter(({ streams }) => Object.keys(streams).length > 0);
  expect(new Set(CASES.map(({ connector }) => connector))).toEqual(new Set(due.map(({ id }) => id)));
});

test.each(CASES.map((given) => [given.connector, given] as const))(
  '%s keeps all that it promises',
  async (_id, given) => {
    const verdicts = await judge(ground, given);
    expect(table(verdicts).slice(1)).toEqual([]);
    expect(score(verdicts)).toBe(100);
  },
);
