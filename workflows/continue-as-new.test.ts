import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aRunningConnection, authorizeHubspot, REDIRECT } from '../workers/testing/connections.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { startTemporal } from '../workers/testing/server.ts';
import type { TestServer } from '../workers/testing/server.ts';
import { until } from '../workers/testing/until.ts';
import { completeAuthorizationUpdate, refreshUpdate, statusQuery } from './connection.ts';

/** The server suggests a new run after this many events, in place of 4,096. */
const EVENTS_MAX = 60;
const REFRESHES = 12;

let server: TestServer;
let ground: Ground;

beforeAll(async () => {
  server = await startTemporal({ config: { 'limit.historyCount.suggestContinueAsNew': String(EVENTS_MAX) } });
  ground = await openGround({ address: server.address });
  await ground.worker.start();
});
afterAll(async () => {
  await ground.close();
  await server.kill();
});

test('C67: a connection whose history grows continues as new, and nothing that it knew or was asked is lost', async () => {
  const { client, emulator } = ground;
  const opened = await aRunningConnection(ground, 'hubspot', { schedules: false });
  const now = () => client.workflow.getHandle(opened.workflowId);
  const { runId: firstRun } = await now().describe();
  const { given, view } = await authorizeHubspot(ground, opened);
  const { secretVersion } = view;

  for (let version = secretVersion; version < secretVersion + REFRESHES; version += 1) {
    const refresh = () => now().executeUpdate(refreshUpdate, { args: [{ observedVersion: version }] });
    // The moment of the change of runs is the caller's to wait out, as WorkflowPort's callers do.
    await until('a refresh', refresh, (given) => given.version === version + 1);
  }
  const { runId, historyLength } = await now().describe();
  expect(runId).not.toBe(firstRun);
  expect(historyLength).toBeLessThan(EVENTS_MAX * 2);
  await expect(now().query(statusQuery)).resolves.toMatchObject({
    state: 'healthy',
    secretVersion: secretVersion + REFRESHES,
  });
  const staged = await opened.stage({ answer: '{}', proof: '{}', redirectUri: REDIRECT });
  await now().executeUpdate(completeAuthorizationUpdate, { args: [{ ...given, staged }] });
  expect(emulator.control.hubspot.tokenCalls()).toEqual({
    authorization_code: { calls: 1, succeeded: 1 },
    refresh_token: { calls: REFRESHES, succeeded: REFRESHES },
  });
});
