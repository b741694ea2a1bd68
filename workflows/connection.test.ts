import { randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { aTenant } from '../adapters/postgres/testing-data.ts';
import { Fault } from '../ports/errors.ts';
import { ConnectionId } from '../ports/ids.ts';
import { connectionWorkflowId, QUEUES, syncStreamId } from '../ports/operations.ts';
import {
  actor,
  aRunningConnection,
  authorizeHubspot,
  consentAtHubspot,
  importHubspot,
  REDIRECT,
  siteFields,
  submitSite,
} from '../workers/testing/connections.ts';
import type { OpenedConnection } from '../workers/testing/connections.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { until } from '../workers/testing/until.ts';
import {
  chooseSyncsUpdate,
  completeAuthorizationUpdate,
  connection,
  credentialRejectedSignal,
  disableUpdate,
  disconnectUpdate,
  enableUpdate,
  openUpdate,
  refreshUpdate,
  submitCredentialsUpdate,
  testUpdate,
} from './connection.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
  await ground.worker.start();
});
afterAll(() => ground.close());
beforeEach(() => ground.emulator.control.reset());

const open = (connectorId: Parameters<typeof aRunningConnection>[1]) => aRunningConnection(ground, connectorId);
const submit = (opened: OpenedConnection, password?: string) => submitSite(ground, opened, password);
const authorize = (opened: OpenedConnection, choice?: Record<string, string>) =>
  authorizeHubspot(ground, opened, choice);
const failsAs = (type: string) => expect.objectContaining({ cause: expect.objectContaining({ type }) });
const tokenCalls = () => ground.emulator.control.hubspot.tokenCalls();
const statesOf = async ({ tenantId, connectionId }: OpenedConnection) =>
  (await ground.ports.connections.events(tenantId, connectionId, { limit: 50 })).data.map(({ to }) => to).reverse();
const staged = () => ground.ports.secrets.list('staging/');

test('a wrong credential is refused with its field, is not kept, and the connection goes on waiting', async () => {
  const opened = await open('wordpress');
  const refused = await submit(opened, 'wrong wrong wrong').catch((error: unknown) => error);
  expect(refused).toMatchObject({
    cause: { type: 'credential_rejected', details: [{ fields: [{ path: 'application_password' }] }] },
  });
  await expect(opened.secret()).resolves.toBeNull();
  await expect(opened.status()).resolves.toMatchObject({ state: 'pending' });
  await expect(submit(opened)).resolves.toMatchObject({ state: 'healthy' });
});

test('what was staged is gone once the update has its answer, good or bad', async () => {
  const opened = await open('wordpress');
  await submit(opened, 'wrong wrong wrong').catch(() => undefined);
  await submit(opened);
  await authorize(await open('hubspot'));
  await expect(staged()).resolves.toEqual([]);
});

test('opened by an update that starts it: the row is made once, and once connected its streams are scheduled', async () => {
  const { ports, client } = ground;
  const tenantId = await aTenant(ports);
  const connectionId = ConnectionId.parse(randomUUID());
  const workflowId = connectionWorkflowId(tenantId, connectionId);
  const sync = [{ stream: 'posts', sink: 'store' as const }];
  const openIt = () =>
    client.workflow.executeUpdateWithStart(openUpdate, {
      startWorkflowOperation: new WithStartWorkflowOperation(connection, {
        workflowId,
        taskQueue: QUEUES.operations,
        workflowIdConflictPolicy: 'USE_EXISTING',
        args: [{ tenantId, connectionId, connectorId: 'wordpress', sync, notify: null, everyMs: 3_600_000 }],
      }),
    });
  await Promise.all([openIt(), openIt()]);
  await expect(ports.connections.list(tenantId)).resolves.toMatchObject([{ id: connectionId, state: 'pending' }]);
  await expect(ports.workflows.listSyncSchedules(tenantId)).resolves.toEqual([]);

  const { secret, settings } = siteFields(ground);
  const given = { staged: await ports.staging.stage(workflowId, secret), methodId: 'application_password', settings };
  await client.workflow
    .getHandle(workflowId)
    .executeUpdate(submitCredentialsUpdate, { args: [{ ...given, actor: 'somebody' }] });
  await until(
    'the stream is scheduled',
    () => ports.workflows.listSyncSchedules(tenantId),
    (all) => all.length === 1 && all[0]?.paused === false,
  );
  const { data } = await ports.audit.list(tenantId, { limit: 10 });
  expect(data).toContainEqual(expect.objectContaining({ action: 'connection.healthy', actor: 'somebody' }));
});

test('one whose row cannot be made ends, and leaves nothing', async () => {
  const { ports, client } = ground;
  const tenantId = await aTenant(ports);
  const connectionId = ConnectionId.parse(randomUUID());
  const startWorkflowOperation = new WithStartWorkflowOperation(connection, {
    workflowId: connectionWorkflowId(tenantId, connectionId),
    taskQueue: QUEUES.operations,
    workflowIdConflictPolicy: 'USE_EXISTING',
    args: [{ tenantId, connectionId, connectorId: 'nowhere', sync: [], notify: null }],
  });
  await expect(client.workflow.executeUpdateWithStart(openUpdate, { startWorkflowOperation })).rejects.toEqual(
    failsAs('unknown_connector'),
  );
  await (await startWorkflowOperation.workflowHandle()).result();
  await expect(ports.connections.list(tenantId)).resolves.toEqual([]);
});

test('C23: the same authorization twice exchanges the code once, and both answers are the same', async () => {
  const opened = await open('hubspot');
  const given = await consentAtHubspot(ground, opened);
  const again = await opened.stage({ answer: '{"code":"spent"}', proof: '{}', redirectUri: REDIRECT });
  const first = await opened.handle.executeUpdate(completeAuthorizationUpdate, { args: [given] });
  const second = await opened.handle.executeUpdate(completeAuthorizationUpdate, {
    args: [{ ...given, staged: again }],
  });
  expect(second).toEqual(first);
  expect(tokenCalls().authorization_code).toEqual({ calls: 1, succeeded: 1 });
  await expect(staged()).resolves.toEqual([]);
});

test('C28: fewer scopes than asked: it works as far as it goes, and names what is missing', async () => {
  const { connectors } = ground.ports;
  const [kept, ...missing] = connectors.method('hubspot', 'oauth').scopes;
  const complete = ground.ports.oauth.complete;
  const undo = ground.withPort({
    oauth: { complete: async (...given) => ({ ...(await complete(...given)), scopes: [kept ?? ''] }) },
  });
  try {
    const opened = await open('hubspot');
    await authorize(opened);
    const { state, reason } = await opened.status();
    expect([state, reason?.code]).toEqual(['degraded', 'scopes_missing']);
    for (const scope of missing) expect(reason?.message).toContain(scope);
    await expect(opened.row()).resolves.toMatchObject({ scopes: [kept], state: 'degraded' });
  } finally {
    undo();
  }
});

test('C29: another account is refused with both names, the old one goes on; accepted, the data of the two is not mixed', async () => {
  const opened = await open('hubspot');
  const { view } = await authorize(opened);
  const before = await opened.row();
  const kept = await opened.secret();
  const other = { account: '24681013' };
  const refused = await authorize(opened, other).catch((error: unknown) => error);
  expect(refused).toEqual(failsAs('conflict'));
  expect(String((refused as Error).cause)).toContain(before.settings['accountId']);
  expect(String((refused as Error).cause)).toContain('24681013');
  await expect(opened.secret()).resolves.toEqual(kept);
  await expect(opened.status()).resolves.toMatchObject({ state: 'healthy', accountName: view.accountName });
  await expect(staged()).resolves.toEqual([]);

  const ref = { tenantId: opened.tenantId, connectionId: opened.connectionId };
  const cleared: unknown[] = [];
  const { clear } = ground.ports.syncs;
  const undo = ground.withPort({
    syncs: { clear: async (...given) => (cleared.push(given), clear(...given)) },
  });
  await authorizeHubspot(ground, opened, other, true).finally(undo);
  expect(cleared).toEqual([[ref.tenantId, ref.connectionId]]);
  await expect(opened.row()).resolves.toMatchObject({ settings: { accountId: '24681013' }, state: 'healthy' });
});

test('a grant that was made elsewhere is tested before it is kept, and a lapsed one renewed', async () => {
  const opened = await open('hubspot');
  await expect(importHubspot(ground, opened, { access_token: 'wrong', refresh_token: '' })).rejects.toEqual(
    failsAs('credential_rejected'),
  );
  await expect(opened.secret()).resolves.toBeNull();
  await expect(importHubspot(ground, opened)).resolves.toMatchObject({ state: 'healthy', secretVersion: 1 });
  expect(tokenCalls().refresh_token.calls).toBe(0);
  const other = await open('hubspot');
  await expect(importHubspot(ground, other, { access_token: 'lapsed' })).resolves.toMatchObject({ state: 'healthy' });
  expect(tokenCalls().refresh_token.calls).toBe(1);
});

test('switched off it refuses callers and its schedules rest; switched on it is tested first', async () => {
  const opened = await open('hubspot');
  await authorize(opened);
  const { secretVersion } = await opened.status();
  await expect(opened.handle.executeUpdate(disableUpdate, { args: [{ actor }] })).resolves.toMatchObject({
    state: 'disabled',
  });
  await expect(opened.paused()).resolves.toEqual([true]);
  await expect(
    opened.handle.executeUpdate(refreshUpdate, { args: [{ observedVersion: secretVersion }] }),
  ).rejects.toEqual(failsAs('not_connected'));
  await expect(opened.handle.executeUpdate(testUpdate)).rejects.toEqual(failsAs('not_connected'));
  await expect(opened.handle.executeUpdate(enableUpdate, { args: [{ actor }] })).resolves.toMatchObject({
    state: 'healthy',
  });
  await expect(opened.paused()).resolves.toEqual([false]);
  await expect(statesOf(opened)).resolves.toEqual(['pending', 'healthy', 'disabled', 'healthy']);
});

test('a suspicion that one real call does not confirm passes: suspect, then healthy', async () => {
  const opened = await open('wordpress');
  await submit(opened);
  await opened.handle.signal(credentialRejectedSignal);
  await until(
    'it is healthy again',
    () => statesOf(opened),
    (states) => states.join() === 'pending,healthy,suspect,healthy',
  );
});

test('C14: an outage of the vendor never marks a grant dead; when it is back the connection is healthy', async () => {
  const opened = await open('wordpress');
  await submit(opened);
  ground.emulator.control.fault({ match: { path: '/wordpress/demo' }, kind: 'status', status: 503, times: 50 });
  await opened.handle.signal(credentialRejectedSignal);
  await expect(opened.becomes('degraded')).resolves.toMatchObject({ reason: { code: 'provider_down' } });
  await expect(opened.paused()).resolves.toEqual([false]);
  ground.emulator.control.faults.clear();
  await expect(opened.becomes('healthy')).resolves.toMatchObject({ reason: null });
});

test('a credential that the vendor refuses on a second look needs a new authorization, with the reason', async () => {
  const opened = await open('wordpress');
  await submit(opened);
  ground.emulator.control.wordpress.password('demo', false);
  await opened.handle.signal(credentialRejectedSignal);
  const { reason } = await opened.becomes('reauth_required');
  expect(reason).toMatchObject({
    code: 'credential_rejected',
    message: expect.stringContaining('application password'),
  });
  await expect(opened.paused()).resolves.toEqual([true]);
  ground.emulator.control.wordpress.password('demo', true);
  await submit(opened);
  await expect(opened.paused()).resolves.toEqual([false]);
});

test('what is synced, where to and how often is chosen while it lives, and what is chosen otherwise begins anew', async () => {
  const { ports, client } = ground;
  const opened = await open('wordpress');
  await submit(opened);
  const { tenantId, connectionId, handle } = opened;
  const choose = (streams: string[], everyMs = 3_600_000) => {
    const sync = streams.map((stream) => ({ stream, sink: 'store' as const }));
    return handle.executeUpdate(chooseSyncsUpdate, { args: [{ actor, sync, everyMs }] });
  };
  const scheduled = async () => {
    const ids = ['posts', 'pages'].map((stream) => syncStreamId(tenantId, connectionId, stream));
    const asked = await Promise.allSettled(ids.map((id) => client.schedule.getHandle(id).describe()));
    return asked.map((it) =>
      it.status === 'fulfilled' ? [it.value.spec.intervals?.[0]?.every, it.value.state.paused] : null,
    );
  };
  await choose(['posts', 'pages'], 600_000);
  expect(await scheduled()).toEqual([
    [600_000, false],
    [600_000, false],
  ]);
  await expect(ports.connections.get(tenantId, connectionId)).resolves.toMatchObject({
    sync: [{ stream: 'posts' }, { stream: 'pages' }],
  });
  await handle.executeUpdate(disableUpdate, { args: [{ actor }] });
  await choose(['pages']);
  expect(await scheduled()).toEqual([null, [3_600_000, true]]);
  await handle.executeUpdate(enableUpdate, { args: [{ actor }] });
  expect(await scheduled()).toEqual([null, [3_600_000, false]]);
  await choose([]);
  expect(await scheduled()).toEqual([null, null]);
});

test('a test on request: the truth is told and kept, dead or alive', async () => {
  const opened = await open('wordpress');
  await submit(opened);
  await expect(opened.handle.executeUpdate(testUpdate)).resolves.toMatchObject({ state: 'healthy' });
  ground.emulator.control.wordpress.password('demo', false);
  await expect(opened.handle.executeUpdate(testUpdate)).rejects.toEqual(failsAs('credential_rejected'));
  await expect(opened.status()).resolves.toMatchObject({ state: 'reauth_required' });
  ground.emulator.control.wordpress.password('demo', true);
  await expect(opened.handle.executeUpdate(testUpdate)).resolves.toMatchObject({ state: 'healthy', reason: null });
  await expect(opened.paused()).resolves.toEqual([false]);
  await expect(statesOf(opened)).resolves.toEqual(['pending', 'healthy', 'suspect', 'reauth_required', 'healthy']);
});

test('disconnect leaves no secret and no schedule, says what it could not do, and takes no more changes', async () => {
  const opened = await open('mailchimp');
  const fields = { api_key: 'c0ffee00c0ffee00c0ffee00c0ffee00-us6' };
  const { secret, settings } = ground.ports.connectors.checkFields('mailchimp', 'api_key', fields);
  const given = { staged: await opened.stage(secret), methodId: 'api_key', settings, actor };
  await opened.handle.executeUpdate(submitCredentialsUpdate, { args: [given] });
  await expect(opened.handle.executeUpdate(disconnectUpdate, { args: [{ actor }] })).resolves.toMatchObject({
    state: 'disconnected',
    reason: { message: expect.stringContaining('remove it there') },
  });
  await expect(opened.secret()).resolves.toBeNull();
  await expect(opened.paused()).resolves.toEqual([]);
  await opened.handle.result();
  await expect(opened.row()).resolves.toMatchObject({ state: 'disconnected', isActive: false });
});

test('disconnect takes the grant back at the vendor', async () => {
  const opened = await open('hubspot');
  await authorize(opened);
  const token = (await opened.secret())?.values['access_token'] ?? '';
  await opened.handle.executeUpdate(disconnectUpdate, { args: [{ actor }] });
  const { state, reason } = await opened.row();
  expect([state, reason?.message]).toEqual(['disconnected', 'disconnected on request']);
  const asked = await fetch(`${ground.emulator.url}/hubspot/account-info/2026-09/details`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(asked.status).toBe(401);
});

test('one who disconnects while the connection is being looked at is not overlooked: it ends once that look has its answer', async () => {
  const opened = await open('wordpress');
  await submit(opened);
  const { control } = ground.emulator;
  const looks = { path: '/wordpress/demo' };
  const before = control.requests(looks).length;
  control.fault({ match: looks, kind: 'hold' });
  await opened.handle.signal(credentialRejectedSignal);
  await control.waitFor(looks, before + 1);
  const done = opened.handle.executeUpdate(disconnectUpdate, { args: [{ actor }] });
  await opened.becomes('disconnecting');
  control.faults.release();
  await expect(done).resolves.toMatchObject({ state: 'disconnected' });
  await opened.handle.result();
  await expect(opened.secret()).resolves.toBeNull();
});

test('disconnect takes an application password back at the site', async () => {
  const opened = await open('wordpress');
  await submit(opened);
  await opened.handle.executeUpdate(disconnectUpdate, { args: [{ actor }] });
  const { state, reason } = await opened.row();
  expect([state, reason?.message]).toEqual(['disconnected', 'disconnected on request']);
  await expect(submit(await open('wordpress'))).rejects.toEqual(failsAs('credential_rejected'));
});

test('C32: a vendor that cannot take the grant back holds nothing up: dead at once, taken back when it answers', async () => {
  const opened = await open('hubspot');
  await authorize(opened);
  const revoking = { method: 'POST', path: '/hubspot/oauth/2026-03/token/revoke' };
  ground.emulator.control.fault({ match: revoking, kind: 'status', status: 500, times: 3 });
  const done = opened.handle.executeUpdate(disconnectUpdate, { args: [{ actor }] });
  await ground.emulator.control.waitFor({ ...revoking, status: 500 });
  await expect(opened.row()).resolves.toMatchObject({ state: 'disconnecting' });
  await expect(opened.paused()).resolves.toEqual([]);
  const { tenantId, connectionId } = opened;
  await expect(ground.ports.connectors.read(tenantId, connectionId, 'contacts', { limit: 1 })).rejects.toMatchObject({
    code: 'reauth_required',
  });
  await expect(done).resolves.toMatchObject({ state: 'disconnected' });
  await ground.emulator.control.waitFor({ ...revoking, status: 200 }).catch(() => undefined);
  await expect(opened.secret()).resolves.toBeNull();
  await expect(opened.row()).resolves.toMatchObject({ reason: { message: 'disconnected on request' } });
});

test('C32: what the vendor refuses for good is said', async () => {
  const opened = await open('hubspot');
  await authorize(opened);
  const undo = ground.withPort({
    oauth: { revoke: () => Promise.reject(new Fault('client_broken', 'HubSpot does not know us')) },
  });
  await opened.handle.executeUpdate(disconnectUpdate, { args: [{ actor }] }).finally(undo);
  const { reason } = await opened.row();
  expect(reason?.message).toContain('HubSpot does not know us');
  await expect(opened.secret()).resolves.toBeNull();
});

test('a cancelled connection cleans up behind itself', async () => {
  const opened = await open('wordpress');
  await submit(opened);
  await opened.handle.cancel();
  await expect(opened.handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  await expect(opened.secret()).resolves.toBeNull();
  await expect(opened.paused()).resolves.toEqual([]);
});

test('C81: a connection outlives a thousand updates, and a burst beyond what a workflow takes at once is told to come again', async () => {
  const opened = await open('hubspot');
  await authorize(opened);
  const { secretVersion } = await opened.status();
  const ask = () => opened.handle.executeUpdate(refreshUpdate, { args: [{ observedVersion: secretVersion - 1 }] });
  const { runId: firstRun } = await opened.handle.describe();
  for (let round = 0; round < 130; round += 1)
    await Promise.all(Array.from({ length: 8 }, () => until('an answer', ask, () => true)));
  const { runId, historyLength } = await opened.handle.describe();
  expect(runId).not.toBe(firstRun);
  expect(historyLength).toBeLessThan(4096);
  await expect(ask()).resolves.toEqual({ version: secretVersion });
}, 120_000);
