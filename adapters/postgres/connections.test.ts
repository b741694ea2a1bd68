import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { UserId } from '../../ports/ids.ts';
import { sql } from './sql.ts';
import type { Stores } from './stores.ts';
import { postgresStores } from './stores.ts';
import { aConnection, aTenant } from './testing-data.ts';
import type { TestDatabase } from './testing.ts';
import { freshDatabase } from './testing.ts';

let fresh: TestDatabase;
let stores: Stores;
beforeAll(async () => {
  fresh = await freshDatabase();
  stores = postgresStores(fresh.db);
});
afterAll(() => fresh.close());

const at = '2026-01-01T00:00:00.000Z';
const reason = { code: 'grant_revoked', providerCode: 'invalid_grant', message: 'm', firstAt: at, lastAt: at };
const page = { limit: 50 };

test('a connection is made once, and its oldest that is not disconnected is the default', async () => {
  const tenantId = await aTenant(stores);
  const first = await aConnection(stores, tenantId);
  const second = await aConnection(stores, tenantId);
  const again = await stores.connections.create(tenantId, { id: first, connectorId: 'hubspot', sync: [] });
  expect(again).toMatchObject({ connectorId: 'wordpress', state: 'pending', isActive: false });
  await expect(stores.connections.byConnector(tenantId, 'wordpress')).resolves.toMatchObject({ id: first });
  await stores.connections.change(tenantId, first, { state: 'disconnected' });
  await expect(stores.connections.byConnector(tenantId, 'wordpress')).resolves.toMatchObject({ id: second });
  await expect(stores.connections.byConnector(tenantId, 'hubspot')).rejects.toMatchObject({ code: 'not_found' });
  const changed = await stores.connections.change(tenantId, second, { state: 'healthy', reason, secretVersion: 3 });
  expect(changed).toMatchObject({ state: 'healthy', isActive: true, reason, secretVersion: 3 });
  const kept = await stores.connections.change(tenantId, second, { reason: null });
  expect(kept).toMatchObject({ state: 'healthy', reason: null, secretVersion: 3 });
  const stranger = await aTenant(stores);
  await expect(stores.connections.get(stranger, second)).rejects.toMatchObject({ code: 'not_found' });
  await expect(
    stores.connections.create(stranger, { id: second, connectorId: 'wordpress', sync: [] }),
  ).rejects.toMatchObject({ code: 'not_found' });
});

test('an authorization in flight is found by its tenant only, also when it lapsed', async () => {
  const tenantId = await aTenant(stores);
  const transaction = {
    ...{
      stateHash: randomUUID(),
      tenantId,
      userId: UserId.parse(randomUUID()),
      connectionId: await aConnection(stores, tenantId),
    },
    ...{ connectorId: 'hubspot', redirectUri: 'http://127.0.0.1/cb', browserHash: 'b', proofRef: 'staging/x' },
    ...{ authMethod: 'oauth', settings: { shop: 'acme.myshopify.com' } },
    expiresAt: new Date(Date.now() - 60_000).toISOString(),
  };
  await stores.oauthTransactions.begin(transaction);
  await expect(stores.oauthTransactions.find(tenantId, transaction.stateHash)).resolves.toEqual(transaction);
  await expect(stores.oauthTransactions.find(tenantId, 'forged')).resolves.toBeNull();
  await expect(stores.oauthTransactions.find(await aTenant(stores), transaction.stateHash)).resolves.toBeNull();
});

test('how it was connected and what was granted is kept; what the vendor does not say is null', async () => {
  const tenantId = await aTenant(stores);
  const id = await aConnection(stores, tenantId);
  await expect(stores.connections.get(tenantId, id)).resolves.toMatchObject({ authMethod: null, scopes: null });
  const granted = { authMethod: 'oauth', scopes: ['crm.read', 'a "quoted" one'] };
  await expect(stores.connections.change(tenantId, id, granted)).resolves.toMatchObject(granted);
  await expect(stores.connections.change(tenantId, id, { state: 'healthy' })).resolves.toMatchObject(granted);
  const silent = await stores.connections.change(tenantId, id, { scopes: null });
  expect(silent).toMatchObject({ authMethod: 'oauth', scopes: null });
});

test('every change of state is one event with its reason, and a state that stays as it is is none', async () => {
  const tenantId = await aTenant(stores);
  const id = await aConnection(stores, tenantId);
  await stores.connections.create(tenantId, { id, connectorId: 'wordpress', sync: [] });
  await stores.connections.change(tenantId, id, { state: 'healthy' });
  await stores.connections.change(tenantId, id, { state: 'healthy', settings: { site: 'x' } });
  await stores.connections.change(tenantId, id, { secretVersion: 2 });
  await stores.connections.change(tenantId, id, { state: 'reauth_required', reason });
  const later = { ...reason, lastAt: '2026-01-02T00:00:00.000Z' };
  await stores.connections.change(tenantId, id, { state: 'reauth_required', reason: later });
  const { data } = await stores.connections.events(tenantId, id, page);
  expect(data).toMatchObject([
    { from: 'healthy', to: 'reauth_required', reason },
    { from: 'pending', to: 'healthy', reason: null },
    { from: null, to: 'pending', reason: null },
  ]);
  await expect(stores.connections.get(tenantId, id)).resolves.toMatchObject({ reason: later });
});

test('of many who change the state at once, each event begins where the one before it ended', async () => {
  const tenantId = await aTenant(stores);
  const id = await aConnection(stores, tenantId);
  const states = ['healthy', 'suspect', 'degraded', 'healthy', 'suspect', 'degraded', 'healthy', 'suspect'] as const;
  await Promise.all(states.map((state) => stores.connections.change(tenantId, id, { state })));
  const { data } = await stores.connections.events(tenantId, id, page);
  data.forEach((event, n) => expect(event.from).toBe(data[n + 1]?.to ?? null));
  await expect(stores.connections.get(tenantId, id)).resolves.toMatchObject({ state: data[0]?.to });
});

test('an event whose state was not kept is not kept either', async () => {
  const tenantId = await aTenant(stores);
  const id = await aConnection(stores, tenantId);
  const refused = stores.connections.change(tenantId, id, { state: 'healthy', settings: { site: 'a\0b' } });
  await expect(refused).rejects.toMatchObject({ code: 'invalid_request' });
  const { data } = await stores.connections.events(tenantId, id, page);
  expect(data.map(({ to }) => to)).toEqual(['pending']);
});

test('the story of a connection is paged from its newest event, and is nobody else’s', async () => {
  const tenantId = await aTenant(stores);
  const id = await aConnection(stores, tenantId);
  await aConnection(stores, tenantId);
  for (const state of ['healthy', 'suspect', 'healthy', 'disabled'] as const)
    await stores.connections.change(tenantId, id, { state });
  const first = await stores.connections.events(tenantId, id, { limit: 3 });
  const rest = await stores.connections.events(tenantId, id, { limit: 3, cursor: first.nextCursor ?? '' });
  const story = [...first.data, ...rest.data].map(({ to }) => to);
  expect(story).toEqual(['disabled', 'healthy', 'suspect', 'healthy', 'pending']);
  expect(rest.nextCursor).toBeNull();
  const stranger = await aTenant(stores);
  await expect(stores.connections.events(stranger, id, page)).rejects.toMatchObject({ code: 'not_found' });
});

test('C17, C19: an intent to renew that was not settled is told to the next attempt of the same generation, and to no other', async () => {
  const tenantId = await aTenant(stores);
  const id = await aConnection(stores, tenantId);
  const { beginRefresh } = stores.connections;
  await expect(beginRefresh(tenantId, id, 1)).resolves.toEqual({ unsettled: false });
  await expect(beginRefresh(tenantId, id, 1)).resolves.toEqual({ unsettled: true });
  await expect(beginRefresh(tenantId, id, 1)).resolves.toEqual({ unsettled: true });
  await expect(beginRefresh(tenantId, id, 2)).resolves.toEqual({ unsettled: false });
  const other = await aConnection(stores, tenantId);
  await expect(beginRefresh(tenantId, other, 2)).resolves.toEqual({ unsettled: false });
});

test('of ten that begin at once, one is the first and the others learn that it may be under way', async () => {
  const tenantId = await aTenant(stores);
  const id = await aConnection(stores, tenantId);
  const began = await Promise.all(Array.from({ length: 10 }, () => stores.connections.beginRefresh(tenantId, id, 1)));
  expect(began.filter(({ unsettled }) => !unsettled)).toHaveLength(1);
});

test('an intent that was settled is not told, whatever its end, and its change is applied with it once', async () => {
  const tenantId = await aTenant(stores);
  const id = await aConnection(stores, tenantId);
  const { beginRefresh, settleRefresh, change, get, events } = stores.connections;
  for (const outcome of ['refused', 'not_sent'] as const) {
    await expect(beginRefresh(tenantId, id, 1)).resolves.toEqual({ unsettled: false });
    await settleRefresh(tenantId, id, 1, outcome);
  }
  await beginRefresh(tenantId, id, 1);
  const renewed = { state: 'healthy' as const, secretVersion: 2, tokenExpiresAt: '2026-12-01T00:00:00.000Z' };
  await settleRefresh(tenantId, id, 1, 'refreshed', renewed);
  await expect(get(tenantId, id)).resolves.toMatchObject(renewed);
  // A retry of the activity comes late, after somebody disabled the connection.
  await change(tenantId, id, { state: 'disabled' });
  await settleRefresh(tenantId, id, 1, 'refreshed', renewed);
  await expect(get(tenantId, id)).resolves.toMatchObject({ state: 'disabled' });
  const { data } = await events(tenantId, id, page);
  expect(data.map(({ to }) => to)).toEqual(['disabled', 'healthy', 'pending']);
});

test('the end of an older generation settles nothing of the newer one', async () => {
  const tenantId = await aTenant(stores);
  const id = await aConnection(stores, tenantId);
  await stores.connections.beginRefresh(tenantId, id, 1);
  await stores.connections.beginRefresh(tenantId, id, 2);
  await stores.connections.settleRefresh(tenantId, id, 1, 'refused', { state: 'reauth_required' });
  await expect(stores.connections.beginRefresh(tenantId, id, 2)).resolves.toEqual({ unsettled: true });
  await expect(stores.connections.get(tenantId, id)).resolves.toMatchObject({ state: 'pending' });
});

test('when the change cannot be kept, the intent stays open', async () => {
  const tenantId = await aTenant(stores);
  const id = await aConnection(stores, tenantId);
  await stores.connections.beginRefresh(tenantId, id, 1);
  const settled = stores.connections.settleRefresh(tenantId, id, 1, 'refreshed', { settings: { a: 'a\0b' } });
  await expect(settled).rejects.toMatchObject({ code: 'invalid_request' });
  await expect(stores.connections.beginRefresh(tenantId, id, 1)).resolves.toEqual({ unsettled: true });
});

test('C33: another tenant neither begins nor settles a renewal; what is removed meanwhile does not come back', async () => {
  const [tenantId, stranger] = [await aTenant(stores), await aTenant(stores)];
  const id = await aConnection(stores, tenantId);
  await stores.connections.beginRefresh(tenantId, id, 1);
  await expect(stores.connections.beginRefresh(stranger, id, 1)).rejects.toMatchObject({ code: 'not_found' });
  await stores.connections.settleRefresh(stranger, id, 1, 'refused', { state: 'reauth_required' });
  await expect(stores.connections.beginRefresh(tenantId, id, 1)).resolves.toEqual({ unsettled: true });
  await stores.connections.remove(tenantId, id);
  await stores.connections.settleRefresh(tenantId, id, 1, 'refreshed', { state: 'healthy' });
  await expect(stores.connections.beginRefresh(tenantId, id, 1)).rejects.toMatchObject({ code: 'not_found' });
  await expect(stores.connections.get(tenantId, id)).rejects.toMatchObject({ code: 'not_found' });
  for (const table of ['connection_events', 'token_refreshes']) {
    const left = await fresh.db.inTenant(tenantId, (tx) =>
      tx.one(sql.typeAlias('count')`SELECT count(*) FROM ${sql.identifier([table])} WHERE connection_id = ${id}`),
    );
    expect(left).toEqual({ count: 0 });
  }
});
