import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aConnection, aTenant } from '../adapters/postgres/testing-data.ts';
import { UserId } from '../ports/ids.ts';
import { connectionWorkflowId, QUEUES } from '../ports/operations.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { startTemporal } from '../workers/testing/server.ts';
import type { TestServer } from '../workers/testing/server.ts';
import { until } from '../workers/testing/until.ts';
import { completeAuthorizationUpdate, connection, refreshUpdate, statusQuery } from './connection.ts';

const REDIRECT = 'http://127.0.0.1:3000/api/v1/oauth/callback';
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
  const { ports, client, emulator } = ground;
  const tenantId = await aTenant(ports);
  const connectionId = await aConnection(ports, tenantId, { connectorId: 'hubspot' });
  const workflowId = connectionWorkflowId(tenantId, connectionId);
  const input = { tenantId, connectionId, connectorId: 'hubspot', sync: [], notify: null };
  await client.workflow.start(connection, { workflowId, taskQueue: QUEUES.operations, args: [input] });
  const now = () => client.workflow.getHandle(workflowId);
  const { runId: firstRun } = await now().describe();

  const actor = UserId.parse(randomUUID());
  const stateHash = randomUUID();
  const { url, verifier } = await ports.oauth.authorizationUrl('hubspot', REDIRECT, stateHash);
  const consent = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ decision: 'approve' }),
  });
  const code = new URL(consent.headers.get('location') ?? '').searchParams.get('code') ?? '';
  const complete = async () => {
    const staged = await ports.staging.stage(workflowId, { code, verifier, redirectUri: REDIRECT });
    return now().executeUpdate(completeAuthorizationUpdate, { args: [{ staged, stateHash, actor }] });
  };
  const { secretVersion } = await complete();

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
  await complete();
  expect(emulator.control.hubspot.tokenCalls()).toEqual({
    authorization_code: { calls: 1, succeeded: 1 },
    refresh_token: { calls: REFRESHES, succeeded: REFRESHES },
  });
});
