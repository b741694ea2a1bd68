import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sql } from '../adapters/postgres/sql.ts';
import { aConnection, aTenant } from '../adapters/postgres/testing-data.ts';
import { openApi } from '../api/testing.ts';
import { Fault } from '../ports/errors.ts';
import { Email } from '../ports/ids.ts';
import { inboxSweepId, QUEUES } from '../ports/operations.ts';
import { connectionSecretPath } from '../ports/secrets.ts';
import type { EventMeaning } from '../ports/webhooks.ts';
import { aConnectedSite } from '../workers/testing/connected-site.ts';
import { aRunningConnection, submitSite } from '../workers/testing/connections.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { until } from '../workers/testing/until.ts';
import { webhookInbox } from './webhook-inbox.ts';

const NOTHING: EventMeaning = { streams: [], deletes: false, ends: false, tells: null };
const MEANINGS: Record<string, EventMeaning> = {
  changed: { ...NOTHING, streams: ['posts'] },
  deleted: { ...NOTHING, streams: ['posts'], deletes: true },
  uninstalled: { ...NOTHING, ends: true },
};

let ground: Ground;

let asDeclared: () => void;

beforeAll(async () => {
  ground = await openGround();
  // The emulated site stands in for a vendor that sends webhooks: a change of it is told by hand.
  asDeclared = ground.withPort({
    webhooks: {
      info: () => ({ secret: 'endpoint', verifyToken: false, accountSetting: null, events: [], setUp: '' }),
      meaning: (_, type) => MEANINGS[type] ?? null,
    },
  });
  await ground.worker.start();
});
afterAll(() => ground.close());

type Site = Pick<Awaited<ReturnType<typeof aConnectedSite>>, 'tenantId' | 'connectionId'>;

const anInbox = async ({ tenantId: scope, connectionId }: Site) => {
  const { webhookInbox: inbox } = ground.ports;
  const id = randomUUID();
  await inbox.create(scope, { id, connectorId: 'wordpress', connectionId, accountId: null });
  return {
    id,
    arrives: (eventId: string, type = 'changed', record: string | null = null) =>
      inbox.put({ scope, id }, { headers: {}, body: new Uint8Array() }, [
        { id: eventId, type, record, account: null, at: null },
      ]),
    wake: () => ground.ports.workflows.wakeInbox(scope, id),
    drained: () =>
      until(
        'nothing waits',
        () => inbox.get(scope, id),
        ({ events }) => events.waiting === 0,
      ),
  };
};

const aSite = async (name: string, posts: number) => {
  const made = await aConnectedSite(ground, name, { posts }, [{ stream: 'posts', sink: 'knowledge' }]);
  const { tenantId, connectionId } = made;
  const completed = (count: number) =>
    until(
      `${count} runs completed`,
      () => ground.ports.syncs.list(tenantId, connectionId),
      (runs) => runs.filter(({ state }) => state === 'completed').length >= count,
    );
  const documents = async () => (await ground.ports.knowledge.count(tenantId)).documents;
  return { ...made, ...(await anInbox(made)), completed, documents };
};

test('C38: events say where to look and nothing else: in any order and number, what stands at the source is what is delivered', async () => {
  const { arrives, wake, completed, drained, documents, site } = await aSite('ordered', 20);
  await arrives('1');
  await wake();
  await completed(1);
  expect(await documents()).toBe(20);

  const [first] = site.items('posts');
  site.edit(first?.id ?? 0, { title: 'The newest of three' });
  // An update that was sent later arrives first, twice, and one is about a time before the sync.
  for (const eventId of ['9', '7', '9', '0']) await arrives(eventId);
  await wake();
  await drained();
  const runs = await completed(2);
  expect(runs[0]?.counts).toMatchObject({ delivered: 1 });
});

test('C39: what came while nobody could be woken is worked off by the sweep, once it has waited for a while', async () => {
  const { id, tenantId, arrives, completed, drained, documents } = await aSite('asleep', 3);
  await arrives('1');
  const sweep = () =>
    ground.client.workflow.execute(webhookInbox, {
      workflowId: inboxSweepId(),
      taskQueue: QUEUES.operations,
      args: [{ sweep: true }],
    });
  await expect(sweep()).resolves.toEqual({ handled: 0 });
  await ground.database.db.inTenant(tenantId, (tx) =>
    tx.query(sql.typeAlias('nothing')`
      UPDATE webhook_endpoints SET waiting_since = now() - interval '1 minute' WHERE id = ${id}`),
  );
  await expect(sweep()).resolves.toEqual({ handled: 1 });
  await drained();
  await completed(1);
  expect(await documents()).toBe(3);
  await expect(sweep()).resolves.toEqual({ handled: 0 });
});

test('a record that is said to be gone leaves the sink when the source says so too, and not otherwise', async () => {
  const { arrives, wake, completed, drained, documents, site } = await aSite('gone', 5);
  await arrives('1');
  await wake();
  await completed(1);
  const [gone, there] = site.items('posts');
  site.remove(gone?.id ?? 0, true);
  await arrives('2', 'deleted', String(gone?.id));
  await arrives('3', 'deleted', String(there?.id));
  await arrives('4', 'deleted', 'no such id');
  await wake();
  await drained();
  expect(await documents()).toBe(4);
});

test('one record that cannot be asked about is settled as failed, with why, and holds nothing else up', async () => {
  const { id, tenantId, arrives, wake, completed, drained, site } = await aSite('failing', 2);
  const undo = ground.withPort({
    connectors: { readOne: () => Promise.reject(new Fault('credential_forbidden', 'not for you')) },
  });
  try {
    await arrives('0');
    await wake();
    await completed(1);
    await arrives('1', 'deleted', String(site.items('posts')[0]?.id));
    await arrives('2');
    await wake();
    await drained();
    const { data } = await ground.ports.webhookInbox.events(tenantId, id, { limit: 10 });
    expect(data).toMatchObject([
      { eventId: '2', state: 'done' },
      { eventId: '1', state: 'failed', message: 'not for you' },
      { eventId: '0', state: 'done' },
    ]);
    await completed(2);
  } finally {
    undo();
  }
});

test('a vendor’s word that the grant was taken back makes the connection test it at once', async () => {
  const opened = await aRunningConnection(ground, 'wordpress', { schedules: false });
  await submitSite(ground, opened);
  await opened.becomes('healthy');
  const { arrives, wake } = await anInbox(opened);
  ground.emulator.control.wordpress.password('demo', false);
  await arrives('1', 'uninstalled');
  await wake();
  await opened.becomes('reauth_required');
});

test('the schedule of the sweep is made once, however many processes start, and looks at once', async () => {
  await ground.ports.workflows.ensureInboxSweep();
  await ground.ports.workflows.ensureInboxSweep();
  const schedule = ground.client.schedule.getHandle(inboxSweepId());
  const { spec, policies } = await schedule.describe();
  expect([spec.intervals, policies.overlap]).toMatchObject([[{ every: 300_000 }], 'SKIP']);
  await until(
    'it ran',
    () => schedule.describe(),
    ({ info }) => info.recentActions.length > 0,
  );
});

test('from the vendor’s signed request to the sink: what Stripe tells of a customer is read at Stripe and delivered, once', async () => {
  asDeclared();
  const { ports, client, emulator } = ground;
  const tenantId = await aTenant(ports);
  const sync = [{ stream: 'payers', sink: 'store' as const }];
  const connectionId = await aConnection(ports, tenantId, { connectorId: 'stripe', sync });
  const path = connectionSecretPath(tenantId, connectionId);
  const secret = { api_key: 'rk_test_51emulatedKornb' };
  const secretVersion = await ports.secrets.put(path, 0, secret, { class: 'vendor_api_key', createdBy: 'test' });
  await ports.connections.change(tenantId, connectionId, { state: 'healthy', authMethod: 'api_key', secretVersion });
  const email = Email.parse('admin@acme.test');
  const userId = await ports.identity.addMembership(tenantId, email, 'tenant_admin');

  await using api = await openApi({ ports, temporal: client });
  const made = await api.post('/api/v1/webhook-endpoints', {
    as: { userId, email, role: 'tenant_admin', tenantId },
    body: { connection: 'stripe' },
  });
  const { url, secret: signs } = made.json as { url: string; secret: string };
  const { delivery, collections } = emulator.control.records('stripe');
  const customers = collections['customers'];
  const tell = async (eventId: string, id: string): Promise<number | undefined> => {
    const sent = delivery?.({ collection: 'customers', id, kind: 'update', secret: signs, url, eventId });
    const { pathname } = new URL(url);
    return (
      await fetch(`${api.url}${pathname}`, { method: 'POST', headers: sent?.headers ?? {}, body: sent?.body ?? '' })
    ).status;
  };
  const runs = (count: number) =>
    until(
      `${count} runs completed`,
      () => ports.syncs.list(tenantId, connectionId),
      (all) => all.filter(({ state }) => state === 'completed').length >= count,
    );

  const [first = ''] = customers?.ids() ?? [];
  expect(await tell('evt_1', first)).toBe(200);
  await runs(1);
  customers?.touch(first);
  expect([await tell('evt_2', first), await tell('evt_2', first)]).toEqual([200, 200]);
  const [newest] = await runs(2);
  expect(newest?.counts).toMatchObject({ delivered: 1, quarantined: 0 });
  expect(await tell('evt_2', first)).toBe(200);
  const [endpoint] = await until(
    'nothing waits',
    () => ports.webhookInbox.list(tenantId),
    ([one]) => one?.events.waiting === 0,
  );
  expect(endpoint?.events).toMatchObject({ done: 2, unknown: 0, failed: 0 });
  expect(await ports.syncs.list(tenantId, connectionId)).toHaveLength(2);
});
