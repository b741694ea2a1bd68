import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openDeployment } from './deployment.ts';
import type { Deployment } from './deployment.ts';
import { refreshStorm } from './refresh-storm.ts';
import type { Storm } from './refresh-storm.ts';

/** `npm run soak -- refresh` says how long and how hard; a test is short. */
const STORM = JSON.parse(process.env['BIZ_SOAK_REFRESH'] ?? 'null') as Storm | null;
const SHORT: Storm = { processes: 2, callers: 50, generations: 15, killEveryMs: 1000 };
const SECOND_MS = 1000;

let deployment: Deployment;
beforeAll(async () => {
  deployment = await openDeployment();
}, 60 * SECOND_MS);
afterAll(async () => deployment[Symbol.asyncDispose]());

test(
  'C18: of many callers in many processes one refreshes each generation, while processes are killed',
  async () => {
    const storm = STORM ?? SHORT;
    const figures = await refreshStorm(deployment, storm);
    if (STORM) process.stderr.write(`${JSON.stringify(figures, null, 2)}\n`);
    expect(figures.falseDeaths).toEqual([]);
    expect(figures.mostOfOne).toBe(1);
    // Each alarm is a grant that died of an answer lost in a kill's window, and nothing else met its callers.
    expect(figures.reuseAlarms).toBe(figures.lostInWindow);
    const unexpected = Object.keys(figures.refused).filter((met) => !met.startsWith('reauth_required'));
    expect(figures.lostInWindow === 0 ? figures.refused : unexpected).toEqual(figures.lostInWindow === 0 ? {} : []);
    expect(figures.generations).toBeGreaterThanOrEqual(storm.generations);
    expect(figures.refreshes).toBeGreaterThanOrEqual(figures.generations);
    expect(figures.kills).toBeGreaterThan(0);
  },
  Math.max(STORM?.generations ?? 0, 60) * 10 * SECOND_MS,
);
