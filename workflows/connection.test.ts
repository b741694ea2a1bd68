import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { aConnection, aTenant } from '../adapters/postgres/testing-data.ts';
import { connectionWorkflowId, QUEUES } from '../ports/operations.ts';
import { UserId } from '../ports/ids.ts';
import type { SecretValues } from '../ports/secrets.ts';
import { connectionSecretPath } from '../ports/secrets.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { reaches, until } from '../workers/testing/until.ts';
import type { ConnectionView } from '../activities/connections.ts';
import {
  completeAuthorizationUpdate,
  connection,
  credentialRejectedSignal,
  disconnectUpdate,
  refreshUpdate,
  statusQuery,
  submitCredentialsUpdate,
} from './connection.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
  await ground.worker.start();
});
afterAll(() => ground.close());
beforeEach(() => ground.emulator.control.reset());

const actor = UserId.parse(randomUUID());
const REDIRECT = 'http://127.0.0.1:3000/api/v1/oauth/callback';
const PASSWORD = 'abcd EFGH ijkl MNOP qrst UVWX';

const open = async (connectorId: 'wordpress' | 'hubspot') => {
  const { ports, client } = ground;
  const tenantId = await aTenant(ports);
  const sync = [{ stream: connectorId === 'wordpress' ? 'posts' : 'contacts', sink: 'store' as const }];
  const connectionId = await aConnection(ports, tenantId, { connectorId, sync });
  const workflowId = connectionWorkflowId(tenantId, connectionId);
  const run = await client.workflow.start(connection, {
    workflowId,
    taskQueue: QUEUES.operations,
    args: [{ tenantId, connectionId, connectorId, sync, notify: null }],
  });
  const stage = (values: SecretValues) => ports.staging.stage(workflowId, values);
  const schedule = { tenantId, connectionId, stream: sync[0]?.stream ?? '' };
  await ports.workflows.ensureSyncSchedule(schedule, { sink: 'store', connectorId, everyMs: 3_600_000 });
  const paused = async () => (await ports.workflows.listSyncSchedules(tenantId)).map((each) => each.paused);
  const reachesState = (state: ConnectionView['state']) =>
    reaches<ConnectionView>(run, statusQuery.name, (view) => view.state === state);
  return {
    tenantId,
    connectionId,
    workflowId,
    run,
    stage,
    paused,
    reachesState,
    secret: () => ports.secrets.read(connectionSecretPath(tenantId, connectionId)),
  };
};

const submit = async ({ run, stage }: Awaited<ReturnType<typeof open>>, password = PASSWORD) => {
  const fields = {
    site_url: `${ground.emulator.url}/wordpress/demo`,
    username: 'owner',
    application_password: password,
  };
  const { secret, settings } = ground.ports.connectors.checkFields('wordpress', fields);
  return run.executeUpdate(submitCredentialsUpdate, { args: [{ staged: await stage(secret), settings, actor }] });
};

/** Goes to the vendor as a browser would, and gives what the callback brought, staged. */
const consent = async ({ stage }: Awaited<ReturnType<typeof open>>) => {
  const state = randomUUID();
  const { url, verifier } = await ground.ports.oauth.authorizationUrl('hubspot', REDIRECT, state);
  const answer = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ decision: 'approve' }),
  });
  const code = new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? '';
  return { staged: await stage({ code, verifier, redirectUri: REDIRECT }), stateHash: state };
};
const authorize = async (opened: Awaited<ReturnType<typeof open>>) => {
  const given = await consent(opened);
  await opened.run.executeUpdate(completeAuthorizationUpdate, { args: [{ ...given, actor }] });
  return given;
};

const failsAs = (type: string) => expect.objectContaining({ cause: expect.objectContaining({ type }) });
const tokenCalls = () => ground.emulator.control.hubspot.tokenCalls();

test('a wrong credential is refused with its field, is not kept, and the connection goes on waiting', async () => {
  const opened = await open('wordpress');
  const refused = await submit(opened, 'wrong wrong wrong').catch((error: unknown) => error);
  expect(refused).toMatchObject({
    cause: { type: 'credential_rejected', details: [{ fields: [{ path: 'application_password' }] }] },
  });
  await expect(opened.secret()).resolves.toBeNull();
  await expect(opened.run.query(statusQuery)).resolves.toMatchObject({ state: 'pending' });
  await expect(submit(opened)).resolves.toMatchObject({ state: 'healthy' });
});

test('what was staged is gone once the update has its answer, good or bad', async () => {
  const opened = await open('wordpress');
  await submit(opened, 'wrong wrong wrong').catch(() => undefined);
  await submit(opened);
  await expect(ground.ports.secrets.list('staging/')).resolves.toEqual([]);
});

test('C23: the same authorization twice exchanges the code once, and both answers are the same', async () => {
  const opened = await open('hubspot');
  const given = await consent(opened);
  const again = await opened.stage({ code: 'spent', verifier: 'spent', redirectUri: REDIRECT });
  const first = await opened.run.executeUpdate(completeAuthorizationUpdate, { args: [{ ...given, actor }] });
  const second = await opened.run.executeUpdate(completeAuthorizationUpdate, {
    args: [{ staged: again, stateHash: given.stateHash, actor }],
  });
  expect(second).toEqual(first);
  expect(tokenCalls().authorization_code).toEqual({ calls: 1, succeeded: 1 });
});

test('a token is refreshed before it lapses, by the connection’s own timer', async () => {
  ground.emulator.control.hubspot.tokenLifetime(5);
  const opened = await open('hubspot');
  await authorize(opened);
  const before = await opened.run.query(statusQuery);
  const after = await reaches<ConnectionView>(
    opened.run,
    statusQuery.name,
    ({ secretVersion }) => secretVersion > before.secretVersion,
  );
  expect(Date.parse(after.tokenExpiresAt ?? '')).toBeGreaterThan(Date.parse(before.tokenExpiresAt ?? ''));
  await opened.run.cancel();
});

test('twenty callers with the same stale token cost one call to the vendor', async () => {
  const opened = await open('hubspot');
  await authorize(opened);
  const { secretVersion } = await opened.run.query(statusQuery);
  const { tenantId, connectionId } = opened;
  const versions = await Promise.all(
    Array.from({ length: 20 }, () => ground.ports.workflows.refreshToken(tenantId, connectionId, secretVersion)),
  );
  expect(new Set(versions.map(({ version }) => version))).toEqual(new Set([secretVersion + 1]));
  expect(tokenCalls().refresh_token).toEqual({ calls: 1, succeeded: 1 });
});

test('a caller who observed an older token is told of the newer one, without a call', async () => {
  const opened = await open('hubspot');
  await authorize(opened);
  const { secretVersion } = await opened.run.query(statusQuery);
  await expect(
    opened.run.executeUpdate(refreshUpdate, { args: [{ observedVersion: secretVersion - 1 }] }),
  ).resolves.toEqual({ version: secretVersion });
  expect(tokenCalls().refresh_token.calls).toBe(0);
});

test('a refresh whose answer is lost is tried once more with the same token, and the connection lives', async () => {
  const opened = await open('hubspot');
  await authorize(opened);
  const { secretVersion } = await opened.run.query(statusQuery);
  ground.emulator.control.fault({
    match: { method: 'POST', path: '/hubspot/oauth/2026-03/token' },
    kind: 'drop-after',
  });
  await expect(
    opened.run.executeUpdate(refreshUpdate, { args: [{ observedVersion: secretVersion }] }),
  ).resolves.toEqual({ version: secretVersion + 1 });
  await expect(opened.run.query(statusQuery)).resolves.toMatchObject({ state: 'healthy' });
});

test('a revoked grant pauses the schedules as a set, tells the owner once, and a new authorization resumes under the same id', async () => {
  const opened = await open('hubspot');
  await authorize(opened);
  const { secretVersion } = await opened.run.query(statusQuery);
  ground.emulator.control.hubspot.revoke();
  await expect(opened.run.executeUpdate(refreshUpdate, { args: [{ observedVersion: secretVersion }] })).rejects.toEqual(
    failsAs('grant_revoked'),
  );
  await opened.reachesState('reauth_required');
  await expect(opened.paused()).resolves.toEqual([true]);
  await authorize(opened);
  await expect(opened.run.query(statusQuery)).resolves.toMatchObject({ state: 'healthy', reason: null });
  await expect(opened.paused()).resolves.toEqual([false]);
});

test('an outage of the vendor never marks a grant dead', async () => {
  const opened = await open('wordpress');
  await submit(opened);
  ground.emulator.control.fault({ match: { path: '/wordpress/demo' }, kind: 'status', status: 503, times: 50 });
  await opened.run.signal(credentialRejectedSignal);
  await ground.emulator.control
    .waitFor({ path: '/wordpress/demo/wp-json/wp/v2/users/me', status: 503 })
    .catch(() => undefined);
  await expect(opened.run.query(statusQuery)).resolves.toMatchObject({ state: 'healthy' });
});

test('a credential that the vendor refuses on a second look needs a new authorization, with the reason', async () => {
  const opened = await open('wordpress');
  await submit(opened);
  ground.emulator.control.wordpress.password('demo', false);
  await opened.run.signal(credentialRejectedSignal);
  const { reason } = await opened.reachesState('reauth_required');
  expect(reason).toMatchObject({
    code: 'credential_rejected',
    message: expect.stringContaining('application password'),
  });
  await expect(opened.paused()).resolves.toEqual([true]);
  ground.emulator.control.wordpress.password('demo', true);
  await submit(opened);
  await expect(opened.paused()).resolves.toEqual([false]);
});

test('disconnect leaves no secret and no schedule, and takes no more changes', async () => {
  const opened = await open('wordpress');
  await submit(opened);
  await expect(opened.run.executeUpdate(disconnectUpdate, { args: [{ actor }] })).resolves.toMatchObject({
    state: 'disconnected',
  });
  await expect(opened.secret()).resolves.toBeNull();
  await expect(opened.paused()).resolves.toEqual([]);
  await opened.run.result();
  await expect(ground.ports.connections.get(opened.tenantId, opened.connectionId)).resolves.toMatchObject({
    state: 'disconnected',
    isActive: false,
  });
});

test('a cancelled connection cleans up behind itself', async () => {
  const opened = await open('wordpress');
  await submit(opened);
  await opened.run.cancel();
  await expect(opened.run.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  await expect(opened.secret()).resolves.toBeNull();
  await expect(opened.paused()).resolves.toEqual([]);
});

test('C81: a connection outlives a thousand updates, and a burst beyond what a workflow takes at once is told to come again', async () => {
  const opened = await open('hubspot');
  await authorize(opened);
  const { secretVersion } = await opened.run.query(statusQuery);
  const ask = () =>
    ground.client.workflow
      .getHandle(opened.workflowId)
      .executeUpdate(refreshUpdate, { args: [{ observedVersion: secretVersion - 1 }] });
  const { runId: firstRun } = await opened.run.describe();
  for (let round = 0; round < 130; round += 1)
    await Promise.all(Array.from({ length: 8 }, () => until('an answer', ask, () => true)));
  const { runId, historyLength } = await ground.client.workflow.getHandle(opened.workflowId).describe();
  expect(runId).not.toBe(firstRun);
  expect(historyLength).toBeLessThan(4096);
  await expect(ask()).resolves.toEqual({ version: secretVersion });
}, 120_000);
