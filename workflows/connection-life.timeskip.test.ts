import { afterAll, beforeAll, expect, test } from '@jest/globals';
import proto from '@temporalio/proto';
import { Fault } from '../ports/errors.ts';
import { aRunningConnection, actor } from '../workers/testing/connections.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { until } from '../workers/testing/until.ts';
import { importGrantUpdate } from './connection.ts';

const HOUR_MS = 3_600_000;
const DAY_S = 86_400;
/** `npm run soak` says how many more. */
const DAYS = Number(process.env['BIZ_SOAK_DAYS'] ?? 40);
/** Renewed between 60 % and 90 % of it: about once an hour. */
const LIFE_MS = 80 * 60_000;
const HISTORY_BYTES_MAX = 1024 * 1024;

const { History } = proto.temporal.api.history.v1;

let ground: Ground;

beforeAll(async () => {
  ground = await openGround({ timeSkipping: true });
  await ground.worker.start();
});
afterAll(() => ground.close());

const clock = () => {
  const { testService } = ground.connection;
  if (!testService) throw new Error('this server cannot skip time');
  return testService;
};
const nowMs = async (): Promise<number> => {
  const { time } = await clock().getCurrentTime({});
  return Number(time?.seconds ?? 0) * 1000;
};
/** This server counts no bytes, so they are counted here. */
const bytesOf = (workflowId: string) => async (runId: string) =>
  History.encode(await ground.client.workflow.getHandle(workflowId, runId).fetchHistory()).finish().length;
const pass = (seconds: number) =>
  ground.connection.withDeadline(Date.now() + 300_000, () =>
    clock().unlockTimeSkippingWithSleep({ duration: proto.google.protobuf.Duration.fromObject({ seconds }) }),
  );

test(
  `a connection lives ${DAYS} days of hourly refreshes, with outages and one new authorization, and no run’s history passes 1 MB`,
  async () => {
    const { client, emulator } = ground;
    const began = await nowMs();
    const dayOf = (ms: number) => Math.floor((ms - began) / (DAY_S * 1000));
    let [asked, renewed, refused, revoked] = [0, 0, 0, false];
    const tokens = (version: number, ms: number) => {
      const expiresAt = new Date(ms + LIFE_MS).toISOString();
      return {
        values: { access_token: `token ${version}`, refresh_token: 'r', expiresAt },
        expiresAt,
        settings: {},
        scopes: null,
      };
    };
    const undo = ground.withPort({
      // This server has no schedules and no lists.
      workflows: {
        pauseSyncSchedule: async () => undefined,
        resumeSyncSchedule: async () => undefined,
        resumeDependants: async () => undefined,
      },
      connectors: { test: async () => ({ accountId: '1', accountName: 'one', settings: {} }) },
      oauth: {
        renew: async () => {
          asked += 1;
          const ms = await nowMs();
          // The last six hours of every fifth day nobody answers.
          const hour = ((ms - began) / HOUR_MS) % 24;
          if (dayOf(ms) % 5 === 4 && hour >= 18) {
            refused += 1;
            throw new Fault('provider_down', 'away', { retryAfterMs: 1_200_000 });
          }
          if (dayOf(ms) >= DAYS / 2 && !revoked) {
            revoked = true;
            throw new Fault('grant_revoked', 'the person took it back', { providerCode: 'invalid_grant' });
          }
          renewed += 1;
          return tokens(renewed, ms);
        },
      },
    });
    try {
      const opened = await aRunningConnection(ground, 'hubspot', { schedules: false });
      const connect = async () => {
        const { accessToken, refreshToken } = emulator.control.oauth('hubspot').grant();
        const staged = await opened.stage({ access_token: accessToken, refresh_token: refreshToken ?? '' });
        const expiresAt = new Date((await nowMs()) + LIFE_MS).toISOString();
        const given = { staged, methodId: 'oauth', settings: {}, expiresAt, actor };
        await opened.handle.executeUpdate(importGrantUpdate, { args: [given] });
      };
      await connect();
      const runs = new Set<string>();
      const states: string[] = [];
      for (let half = 0; half < DAYS * 2; half += 1) {
        await pass(DAY_S / 2);
        const handle = client.workflow.getHandle(opened.workflowId);
        const { runId, status } = await handle.describe();
        expect(status.name).toBe('RUNNING');
        runs.add(runId);
        const { state } = await opened.status();
        states.push(state);
        if (state === 'reauth_required') await connect();
      }
      const sizes = await Promise.all([...runs].map(bytesOf(opened.workflowId)));
      const largest = Math.max(...sizes);
      const figures = { days: DAYS, asked, renewed, refused, runs: runs.size, largestHistoryBytes: largest };
      if (process.env['BIZ_SOAK_DAYS']) process.stderr.write(`${JSON.stringify(figures)}\n`);
      expect(states.filter((state) => state === 'reauth_required')).toHaveLength(1);
      expect(new Set(states)).toEqual(new Set(['healthy', 'degraded', 'reauth_required']));
      expect(renewed).toBeGreaterThan(DAYS * 18);
      expect(refused).toBeGreaterThan(DAYS / 5);
      expect(runs.size).toBeGreaterThan(1);
      expect(largest).toBeLessThan(HISTORY_BYTES_MAX);
      await until(
        'it is healthy in the end',
        opened.status,
        ({ state }) => state === 'healthy' || state === 'degraded',
      );
      await opened.handle.terminate('lived long enough');
    } finally {
      undo();
    }
  },
  60_000 + DAYS * 10_000,
);
