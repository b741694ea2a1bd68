import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { PLATFORM } from '../../ports/ids.ts';
import type { ConnectionId, Scope, TenantId } from '../../ports/ids.ts';
import type { HookEvent, WebhookStore } from '../../ports/webhooks.ts';
import { sql } from './sql.ts';
import { postgresStores } from './stores.ts';
import type { Stores } from './stores.ts';
import { aConnection, aTenant } from './testing-data.ts';
import { freshDatabase } from './testing.ts';
import type { TestDatabase } from './testing.ts';

let fresh: TestDatabase;
let stores: Stores;
let inbox: WebhookStore;
let tenantId: TenantId;

beforeAll(async () => {
  fresh = await freshDatabase();
  stores = postgresStores(fresh.db);
  inbox = stores.webhookInbox;
  tenantId = await aTenant(stores);
});
afterAll(() => fresh.close());

const anEndpoint = async ({
  scope = tenantId,
  accountId = null,
}: { scope?: Scope; accountId?: string | null } = {}): Promise<{
  scope: Scope;
  id: string;
  connectionId: ConnectionId | null;
}> => {
  const connectionId = scope === PLATFORM ? null : await aConnection(stores, scope, { connectorId: 'hubspot' });
  const id = randomUUID();
  await inbox.create(scope, { id, connectorId: 'hubspot', connectionId, accountId });
  return { scope, id, connectionId };
};

const event = (id: string, more: Partial<HookEvent> = {}): HookEvent => ({
  ...{ id, type: 'contact.creation', account: null, record: null, at: null, ...more },
});
const bytes = Buffer.from([0x7b, 0x00, 0xff, 0x0d, 0x0a]);
const kept = { headers: { 'x-sig': 'v' }, body: bytes };

const rows = (scope: Scope, id: string) =>
  fresh.db.inTenant(scope, async (tx) => [
    ...(await tx.any(
      sql.type(z.object({ body: z.instanceof(Buffer).nullable(), headers: z.record(z.string(), z.string()) }))`
        SELECT body, headers FROM webhook_inbox WHERE endpoint_id = ${id} ORDER BY received_at`,
    )),
  ]);

test('C35: one event that comes ten times at once, and again later, stands once; each delivery is taken', async () => {
  const endpoint = await anEndpoint();
  const added = await Promise.all(Array.from({ length: 10 }, () => inbox.put(endpoint, kept, [event('evt_1')])));
  expect(added.reduce((sum, each) => sum + each, 0)).toBe(1);
  const [first] = await inbox.waiting(endpoint.scope, endpoint.id, 10);
  await inbox.settle(endpoint.scope, [{ seq: first?.seq ?? 0, state: 'done', message: null }]);
  expect(await inbox.put(endpoint, kept, [event('evt_1')])).toBe(0);
  expect(await inbox.waiting(endpoint.scope, endpoint.id, 10)).toEqual([]);
  expect(await rows(endpoint.scope, endpoint.id)).toHaveLength(1);
});

test('C35: of a batch that repeats a part of another only the rest is new; the same id at another endpoint is another event', async () => {
  const [one, other] = [await anEndpoint(), await anEndpoint()];
  expect(await inbox.put(one, kept, [event('a'), event('b'), event('b')])).toBe(2);
  expect(await inbox.put(one, kept, [event('b'), event('c')])).toBe(1);
  expect(await inbox.put(other, kept, [event('a')])).toBe(1);
});

test('the bytes are kept as they came until all that they brought is done, and longer when it is not', async () => {
  const endpoint = await anEndpoint();
  await inbox.put(endpoint, kept, [event('a'), event('b')]);
  expect(await rows(endpoint.scope, endpoint.id)).toEqual([{ body: bytes, headers: { 'x-sig': 'v' } }]);
  const [a, b] = await inbox.waiting(endpoint.scope, endpoint.id, 10);
  const settle = (seq: number | undefined, state: 'done' | 'failed') =>
    inbox.settle(endpoint.scope, [{ seq: seq ?? 0, state, message: state === 'done' ? null : 'why' }]);
  await settle(a?.seq, 'done');
  await settle(b?.seq, 'failed');
  expect(await rows(endpoint.scope, endpoint.id)).toMatchObject([{ body: bytes }]);
  await settle(b?.seq, 'done');
  expect(await rows(endpoint.scope, endpoint.id)).toEqual([{ body: null, headers: {} }]);
});

test('what waits is found by the sweep until somebody saw that nothing does; nothing that is written meanwhile is missed', async () => {
  const endpoint = await anEndpoint();
  const { scope, id } = endpoint;
  const asleep = async () =>
    (await inbox.sleeping(new Date(Date.now() + 60_000).toISOString())).some((e) => e.id === id);
  expect(await asleep()).toBe(false);
  await inbox.put(endpoint, kept, [event('0')]);
  expect(await asleep()).toBe(true);
  expect((await inbox.sleeping(new Date(Date.now() - 60_000).toISOString())).some((e) => e.id === id)).toBe(false);

  const drain = async (): Promise<number> => {
    const found = await inbox.waiting(scope, id, 50);
    await inbox.settle(
      scope,
      found.map(({ seq }) => ({ seq, state: 'done', message: null })),
    );
    return found.length;
  };
  for (let round = 1; round <= 15; round += 1) {
    const puts = [1, 2, 3].map((n) => inbox.put(endpoint, kept, [event(`${round}/${n}`)]));
    await Promise.all([...puts, drain(), drain()]);
    const waits = (await inbox.get(scope, id)).events.waiting > 0;
    // The other way round, asleep and nothing waits, costs one look.
    if (waits) expect([round, await asleep()]).toEqual([round, true]);
  }
  while ((await drain()) > 0);
  expect(await asleep()).toBe(false);
});

test('C45: events are counted by what became of them, and listed the newest first', async () => {
  const endpoint = await anEndpoint();
  const { scope, id } = endpoint;
  const at = '2026-01-02T03:04:05.000Z';
  await inbox.put(endpoint, kept, [event('a'), event('b', { type: 'new.kind', account: '7', record: '9', at })]);
  const [, b] = await inbox.waiting(scope, id, 10);
  await inbox.settle(scope, [{ seq: b?.seq ?? 0, state: 'unknown', message: 'why' }]);
  const [shown] = (await inbox.list(scope)).filter((one) => one.id === id);
  expect(shown).toMatchObject({ events: { waiting: 1, done: 0, unknown: 1, failed: 0 }, enabled: true });
  const { data, nextCursor } = await inbox.events(scope, id, { limit: 1 });
  expect(data).toMatchObject([
    { eventId: 'b', type: 'new.kind', accountId: '7', recordId: '9', happenedAt: at, state: 'unknown', message: 'why' },
  ]);
  const rest = await inbox.events(scope, id, { limit: 5, cursor: nextCursor ?? '' });
  expect(rest.data).toMatchObject([{ eventId: 'a', state: 'waiting' }]);
});

test('an endpoint is nobody’s once it, or its connection, is switched off or gone', async () => {
  const { scope, id, connectionId } = await anEndpoint();
  expect(await inbox.find(id)).toEqual({ id, scope, connectorId: 'hubspot', connectionId });
  await inbox.enable(scope, id, false);
  expect(await inbox.find(id)).toBeNull();
  await inbox.enable(scope, id, true);
  for (const state of ['disabled', 'disconnecting', 'disconnected'] as const) {
    await stores.connections.change(tenantId, connectionId as ConnectionId, { state });
    expect([state, await inbox.find(id)]).toEqual([state, null]);
  }
  await stores.connections.change(tenantId, connectionId as ConnectionId, { state: 'reauth_required' });
  expect(await inbox.find(id)).not.toBeNull();
  await stores.connections.remove(tenantId, connectionId as ConnectionId);
  expect([await inbox.find(id), await inbox.find(randomUUID())]).toEqual([null, null]);
});

test('what comes to the platform’s application finds the connections of its account, of whichever tenant', async () => {
  const app = await anEndpoint({ scope: PLATFORM });
  const rival = await aTenant(stores);
  const mine = await anEndpoint({ accountId: 'portal-1' });
  const theirs = await anEndpoint({ scope: rival, accountId: 'portal-1' });
  await anEndpoint({ scope: rival, accountId: 'portal-2' });
  expect(await inbox.find(app.id)).toEqual({ id: app.id, scope: PLATFORM, connectorId: 'hubspot', connectionId: null });
  const takers = await inbox.takers('hubspot', 'portal-1');
  expect(new Set(takers)).toEqual(
    new Set([
      { tenantId, connectionId: mine.connectionId },
      { tenantId: rival, connectionId: theirs.connectionId },
    ]),
  );
  expect(await inbox.takers('slack', 'portal-1')).toEqual([]);
});

test('endpoints are a handful, made once for each request, and of one tenant alone', async () => {
  const connectionId = await aConnection(stores, tenantId, { connectorId: 'stripe' });
  const wanted = { connectorId: 'stripe', connectionId, accountId: null };
  const id = randomUUID();
  await inbox.create(tenantId, { id, ...wanted });
  await inbox.create(tenantId, { id, ...wanted });
  const more = await Promise.allSettled(
    Array.from({ length: 8 }, () => inbox.create(tenantId, { id: randomUUID(), ...wanted })),
  );
  expect(more.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
  const rival = await aTenant(stores);
  await expect(inbox.get(rival, id)).rejects.toMatchObject({ code: 'not_found' });
  await inbox.remove(rival, id);
  expect(await inbox.get(tenantId, id)).toMatchObject({ id });
  await inbox.remove(tenantId, id);
  await inbox.remove(tenantId, id);
  await expect(inbox.get(tenantId, id)).rejects.toMatchObject({ code: 'not_found' });
});
