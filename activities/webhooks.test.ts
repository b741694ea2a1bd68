import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { postgresStores } from '../adapters/postgres/stores.ts';
import type { Stores } from '../adapters/postgres/stores.ts';
import { aConnection, aTenant } from '../adapters/postgres/testing-data.ts';
import { freshDatabase } from '../adapters/postgres/testing.ts';
import type { TestDatabase } from '../adapters/postgres/testing.ts';
import { PLATFORM } from '../ports/ids.ts';
import type { Scope, TenantId } from '../ports/ids.ts';
import type { StreamRef } from '../ports/syncs.ts';
import type { EventMeaning, HookEvent } from '../ports/webhooks.ts';
import { createWebhookActivities } from './webhooks.ts';

const NOTHING: EventMeaning = { streams: [], deletes: false, ends: false, tells: null };
const MEANINGS: Record<string, EventMeaning> = {
  'contact.changed': { ...NOTHING, streams: ['contacts', 'companies'] },
  'contact.deleted': { ...NOTHING, streams: ['contacts', 'notes'], deletes: true },
  'app.uninstalled': { ...NOTHING, ends: true },
  'customers/redact': { ...NOTHING, tells: 'A customer asks to be forgotten; do so within 30 days.' },
};

let database: TestDatabase;
let stores: Stores;
let mine: TenantId;
let theirs: TenantId;
let woken: { ref: StreamRef; sink: string }[] = [];
let activities: ReturnType<typeof createWebhookActivities>;

beforeAll(async () => {
  database = await freshDatabase();
  stores = postgresStores(database.db);
  [mine, theirs] = [await aTenant(stores), await aTenant(stores)];
  activities = createWebhookActivities({
    ...stores,
    webhooks: {
      info: () => ({ accountSetting: 'accountId' }),
      meaning: (_: string, type: string) => MEANINGS[type] ?? null,
    },
    workflows: {
      wakeSync: async (ref: StreamRef, { sink }: { sink: string }) => void woken.push({ ref, sink }),
    },
  } as never);
});
beforeEach(() => void (woken = []));
afterAll(() => database.close());

const sync = (['contacts', 'notes'] as const).map((stream) => ({ stream, sink: 'store' as const }));

/** A connection at work to an account, with an endpoint of its own. */
const aTaker = async (tenantId: TenantId, accountId: string | null) => {
  const connectionId = await aConnection(stores, tenantId, { connectorId: 'hubspot', sync });
  const settings = accountId === null ? {} : { accountId };
  await stores.connections.change(tenantId, connectionId, { state: 'healthy', settings });
  const id = randomUUID();
  await stores.webhookInbox.create(tenantId, { id, connectorId: 'hubspot', connectionId, accountId });
  return { scope: tenantId as Scope, id, tenantId, connectionId };
};
const theApp = async () => {
  const id = randomUUID();
  await stores.webhookInbox.create(PLATFORM, { id, connectorId: 'hubspot', connectionId: null, accountId: null });
  return { scope: PLATFORM as Scope, id };
};
let numbered = 0;
const arrives = (endpoint: { scope: Scope; id: string }, ...events: Partial<HookEvent>[]) =>
  stores.webhookInbox.put(
    endpoint,
    { headers: {}, body: new Uint8Array() },
    events.map((event) => ({
      ...{ id: `e${(numbered += 1)}`, type: 'contact.changed', account: null, record: null, at: null, ...event },
    })),
  );
const planFor = async (endpoint: { scope: Scope; id: string }) => activities.planInbox(endpoint.scope, endpoint.id);

test('many events about one stream make it be read once, and only streams that the tenant chose', async () => {
  const taker = await aTaker(mine, null);
  await arrives(taker, {}, {}, { record: '7' });
  const { wakes, outcomes } = await planFor(taker);
  const { tenantId, connectionId } = taker;
  expect(wakes).toEqual([{ tenantId, connectionId, stream: 'contacts' }]);
  expect(outcomes.map(({ state }) => state)).toEqual(['done', 'done', 'done']);
  await activities.wakeSyncs(wakes);
  expect(woken).toEqual([{ ref: wakes[0], sink: 'store' }]);
});

test('what comes to the platform’s application goes to the connections of its account, of each tenant, and to no other', async () => {
  const [app, first, second] = [await theApp(), await aTaker(mine, '1001'), await aTaker(theirs, '1001')];
  await aTaker(theirs, '2002');
  await arrives(app, { account: '1001' });
  const { wakes } = await planFor(app);
  expect(new Set(wakes.map(({ connectionId }) => connectionId))).toEqual(
    new Set([first.connectionId, second.connectionId]),
  );
});

test('a connection that now belongs to another account takes no events of the old one', async () => {
  const [app, taker] = [await theApp(), await aTaker(mine, '3003')];
  await stores.connections.change(mine, taker.connectionId, { settings: { accountId: '4004' } });
  await arrives(app, { account: '3003' }, { account: null });
  const { wakes, outcomes } = await planFor(app);
  expect(wakes).toEqual([]);
  expect(outcomes).toMatchObject([{ message: expect.stringContaining('no connection') }, { state: 'done' }]);
});

test('nothing is asked of a connection that rests or is gone', async () => {
  const taker = await aTaker(mine, null);
  await arrives(taker, {});
  const { wakes } = await planFor(taker);
  for (const state of ['disabled', 'disconnected'] as const) {
    await stores.connections.change(mine, taker.connectionId, { state });
    expect((await planFor(taker)).wakes).toEqual([]);
    await activities.wakeSyncs(wakes);
  }
  await stores.connections.remove(mine, taker.connectionId);
  await activities.wakeSyncs(wakes);
  expect(woken).toEqual([]);
});

test('C45: an event of a type that nobody knows is settled as unknown, and the others go their way', async () => {
  const taker = await aTaker(mine, null);
  await arrives(taker, { type: 'brand.new' }, {});
  const { outcomes, wakes } = await planFor(taker);
  expect(outcomes.map(({ state }) => state)).toEqual(['unknown', 'done']);
  expect(wakes).toHaveLength(1);
  await activities.settleEvents(mine, outcomes);
  expect((await stores.webhookInbox.get(mine, taker.id)).events).toMatchObject({ unknown: 1, done: 1, waiting: 0 });
});

test('an event that says a record is gone names it, and what else it touches is read; one that names none makes all be read', async () => {
  const taker = await aTaker(mine, null);
  const { tenantId, connectionId } = taker;
  await arrives(taker, { type: 'contact.deleted', record: '7' });
  const ref = { tenantId, connectionId, stream: 'contacts' };
  const notes = { ...ref, stream: 'notes' };
  expect(await planFor(taker)).toMatchObject({ wakes: [notes], gone: [{ ref, externalId: '7' }] });
  await arrives(taker, { type: 'contact.deleted' });
  expect((await planFor(taker)).wakes).toEqual([notes, ref]);
});

test('a grant that was taken back is a matter for its connection; what a person must act on is told to its tenant', async () => {
  const taker = await aTaker(mine, null);
  await arrives(taker, { type: 'app.uninstalled' }, { type: 'customers/redact' });
  const { tenantId, connectionId } = taker;
  const { ends, notes } = await planFor(taker);
  expect(ends).toEqual([{ tenantId, connectionId }]);
  expect(notes).toMatchObject([
    { scope: mine, note: { roles: ['tenant_admin'], subject: expect.stringContaining('forgotten') } },
  ]);
});

test('when nobody is connected any more, those who run the platform are told', async () => {
  const app = await theApp();
  await arrives(app, { type: 'customers/redact', account: 'nobody’s' });
  const { notes } = await planFor(app);
  expect(notes).toMatchObject([{ scope: PLATFORM, note: { roles: ['platform_admin', 'super_admin'] } }]);
});
