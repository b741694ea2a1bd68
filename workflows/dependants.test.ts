import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { catalogue } from '../agents/index.ts';
import { connectorWriteId, QUEUES, syncStreamId } from '../ports/operations.ts';
import { searchAttributes } from './lib/attributes.ts';
import { aTenantWith, startAgent } from '../workers/testing/agents.ts';
import { actor, aRunningConnection, authorizeHubspot, submitSite } from '../workers/testing/connections.ts';
import type { OpenedConnection } from '../workers/testing/connections.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { until } from '../workers/testing/until.ts';
import { disconnectUpdate, testUpdate } from './connection.ts';
import { connectorWrite } from './connector-write.ts';
import { syncStream } from './sync-stream.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
  await ground.worker.start();
});
afterAll(() => ground.close());
beforeEach(() => ground.emulator.control.reset());

const startSync = (
  { tenantId, connectionId }: Pick<OpenedConnection, 'tenantId' | 'connectionId'>,
  connectorId: string,
  stream: string,
) =>
  ground.client.workflow.start(syncStream, {
    workflowId: syncStreamId(tenantId, connectionId, stream),
    taskQueue: QUEUES.operations,
    args: [{ tenantId, connectionId, connectorId, stream, sink: 'store', mode: 'full', operationId: null }],
    typedSearchAttributes: searchAttributes({ tenantId, operation: 'syncStream', connectorId, connectionId }),
  });

const startWrite = async ({ tenantId, connectionId }: OpenedConnection) => {
  const effectKey = randomUUID().replaceAll('-', '');
  const content = await ground.ports.content.put(tenantId, { title: 'A post', content: '<p>Fresh bread</p>' });
  const action = { kind: 'create', contentId: content.id } as const;
  return ground.client.workflow.start(connectorWrite, {
    workflowId: connectorWriteId(tenantId, effectKey),
    taskQueue: QUEUES.operations,
    args: [{ tenantId, connectionId, stream: 'posts', effectKey, action }],
    typedSearchAttributes: searchAttributes({ tenantId, operation: 'connectorWrite', connectionId }),
  });
};

const startAuditor = async ({ tenantId }: OpenedConnection) => {
  await aTenantWith(ground.ports, catalogue, tenantId);
  const task = { agentId: 'DigitalPresenceAudit', brief: null };
  const { run } = await startAgent(ground, tenantId, 'none', task);
  return run;
};

const waiting = ({ tenantId, connectionId }: OpenedConnection, count: number) =>
  until(
    `${count} wait for the connection`,
    () => ground.ports.workflows.listDependants(tenantId, connectionId),
    (all) => all.length === count && all.every((each) => each.waiting),
  );

const aDeadSite = async () => {
  const opened = await aRunningConnection(ground, 'wordpress');
  await submitSite(ground, opened);
  ground.emulator.control.wordpress.password('demo', false);
  await opened.handle.executeUpdate(testUpdate).catch(() => undefined);
  await opened.becomes('reauth_required');
  return opened;
};

test('what depends on a dead connection waits for it, is found by it, and goes on as a set when it is connected again', async () => {
  const opened = await aDeadSite();
  const runs = await Promise.all([startSync(opened, 'wordpress', 'posts'), startWrite(opened), startAuditor(opened)]);
  const found = await waiting(opened, 3);
  expect(new Set(found.map(({ workflowId }) => workflowId))).toEqual(new Set(runs.map(({ workflowId }) => workflowId)));
  expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(['syncStream', 'connectorWrite', 'runAgent']));

  ground.emulator.control.wordpress.password('demo', true);
  await submitSite(ground, opened);
  await Promise.all(runs.map((run) => run.result()));
  await until(
    'nothing waits any more',
    () => ground.ports.workflows.listDependants(opened.tenantId, opened.connectionId),
    (all) => all.length === 0,
  );
});

test('what waits for a connection that is disconnected instead fails, and says why', async () => {
  const opened = await aDeadSite();
  const run = await startWrite(opened);
  await waiting(opened, 1);
  await opened.handle.executeUpdate(disconnectUpdate, { args: [{ actor }] });
  await expect(run.result()).rejects.toMatchObject({ cause: { type: 'reauth_required' } });
});

test('a cancelled wait ends at once', async () => {
  const opened = await aDeadSite();
  const run = await startWrite(opened);
  await waiting(opened, 1);
  await run.cancel();
  await expect(run.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
});

const CONTACTS = { method: 'GET', path: '/hubspot/crm/objects/2026-09/contacts' };
const refreshes = () => ground.emulator.control.hubspot.tokenCalls().refresh_token;
const aSyncingHubspot = async () => {
  ground.emulator.control.hubspot.contacts(250);
  const opened = await aRunningConnection(ground, 'hubspot');
  await authorizeHubspot(ground, opened);
  return opened;
};

test('C54: a token that lapses in the middle of a sync is renewed once, and the sync goes on', async () => {
  const opened = await aSyncingHubspot();
  ground.emulator.control.fault({ match: CONTACTS, kind: 'hold', skip: 1 });
  const run = await startSync(opened, 'hubspot', 'contacts');
  await ground.emulator.control.waitFor(CONTACTS, 2);
  ground.emulator.control.oauth('hubspot').expireTokens();
  ground.emulator.control.faults.release();
  await expect(run.result()).resolves.toMatchObject({ read: 250, delivered: 250 });
  expect(refreshes()).toEqual({ calls: 1, succeeded: 1 });
});

test('C54: a 401 that a fresh token does not mend: one refresh, one more try, then the sync stops; the connection is looked at once', async () => {
  const opened = await aSyncingHubspot();
  const refused = { category: 'INVALID_AUTHENTICATION', message: 'no' };
  ground.emulator.control.fault({ match: CONTACTS, kind: 'status', status: 401, body: refused, skip: 1, times: 50 });
  const run = await startSync(opened, 'hubspot', 'contacts');
  await expect(run.result()).rejects.toMatchObject({ cause: { type: 'credential_rejected' } });
  expect(refreshes()).toEqual({ calls: 1, succeeded: 1 });
  expect(ground.emulator.control.requests({ ...CONTACTS, status: 401 })).toHaveLength(2);
  const { tenantId, connectionId } = opened;
  const states = async () =>
    (await ground.ports.connections.events(tenantId, connectionId, { limit: 20 })).data.map(({ to }) => to).reverse();
  await until('it was suspected and cleared', states, (all) => all.join() === 'pending,healthy,suspect,healthy');
});

test('C54: a grant that is revoked in the middle of a sync: the sync waits, and ends with every record once', async () => {
  const opened = await aSyncingHubspot();
  ground.emulator.control.fault({ match: CONTACTS, kind: 'hold', skip: 1 });
  const run = await startSync(opened, 'hubspot', 'contacts');
  await ground.emulator.control.waitFor(CONTACTS, 2);
  ground.emulator.control.oauth('hubspot').revoke();
  ground.emulator.control.faults.release();
  await waiting(opened, 1);
  expect(refreshes()).toEqual({ calls: 1, succeeded: 0 });
  await authorizeHubspot(ground, opened);
  await expect(run.result()).resolves.toMatchObject({ read: 250, delivered: 250 });
});
