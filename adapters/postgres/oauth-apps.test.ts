import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Stores } from './stores.ts';
import { postgresStores } from './stores.ts';
import type { TestDatabase } from './testing.ts';
import { freshDatabase } from './testing.ts';

let fresh: TestDatabase;
let stores: Stores;
beforeAll(async () => {
  fresh = await freshDatabase({ max: 20 });
  stores = postgresStores(fresh.db);
});
afterAll(() => fresh.close());

const anApp = (connectorId = `vendor-${randomUUID()}`) => ({
  ...{ connectorId, clientId: 'client', redirectUris: ['https://biz.test/cb', 'https://biz.test/cb/2'] },
  ...{ scopes: ['crm.read', 'crm.write'], enabled: true, secretVersion: 1 },
});
const from = (ms: number) => new Date(Date.now() + ms).toISOString();
const broken = { code: 'client_broken' as const, providerCode: 'invalid_client', message: 'm', until: from(60_000) };
const limited = { code: 'provider_rate_limited' as const, providerCode: null, message: 'slow', until: from(60_000) };

test('an app is one row of its connector, replaced as a whole, and silent when gone', async () => {
  const app = anApp();
  const kept = await stores.oauthApps.put(app);
  expect(kept).toMatchObject({ ...app, trouble: null });
  await expect(stores.oauthApps.get(app.connectorId)).resolves.toEqual(kept);
  const next = { ...app, clientId: 'other', scopes: null, redirectUris: [], enabled: false, secretVersion: 2 };
  await expect(stores.oauthApps.put(next)).resolves.toMatchObject(next);
  const all = await stores.oauthApps.list();
  expect(all.filter(({ connectorId }) => connectorId === app.connectorId)).toMatchObject([next]);
  await stores.oauthApps.remove(app.connectorId);
  await stores.oauthApps.remove(app.connectorId);
  await expect(stores.oauthApps.get(app.connectorId)).resolves.toBeNull();
});

test('C21: trouble is new once, even for twenty workers that meet it at once, and keeps its beginning', async () => {
  const { connectorId } = await stores.oauthApps.put(anApp());
  const all = await Promise.all(Array.from({ length: 20 }, () => stores.oauthApps.setTrouble(connectorId, broken)));
  expect(all.filter(({ isNew }) => isNew)).toHaveLength(1);
  const first = await stores.oauthApps.trouble(connectorId);
  expect(first).toMatchObject(broken);
  const again = { ...broken, message: 'still', until: from(120_000) };
  await expect(stores.oauthApps.setTrouble(connectorId, again)).resolves.toEqual({ isNew: false });
  await expect(stores.oauthApps.trouble(connectorId)).resolves.toEqual({ ...again, since: first?.since });
  await expect(stores.oauthApps.get(connectorId)).resolves.toMatchObject({ trouble: again });
  await expect(stores.oauthApps.clearTrouble(connectorId)).resolves.toEqual({ wasBroken: true });
  await expect(stores.oauthApps.clearTrouble(connectorId)).resolves.toEqual({ wasBroken: false });
  await expect(stores.oauthApps.trouble(connectorId)).resolves.toBeNull();
  await expect(stores.oauthApps.setTrouble(connectorId, broken)).resolves.toEqual({ isNew: true });
});

test('a pause does not hide that the client is refused, nor make that refusal new again', async () => {
  const { connectorId } = anApp();
  await expect(stores.oauthApps.setTrouble(connectorId, broken)).resolves.toEqual({ isNew: true });
  await expect(stores.oauthApps.setTrouble(connectorId, limited)).resolves.toEqual({ isNew: true });
  await expect(stores.oauthApps.trouble(connectorId)).resolves.toMatchObject(broken);
  await expect(stores.oauthApps.setTrouble(connectorId, broken)).resolves.toEqual({ isNew: false });
});

test('a pause that is over is no trouble; a refused client stays one until it works, after a pause that lasts', async () => {
  const { connectorId } = anApp();
  await stores.oauthApps.setTrouble(connectorId, { ...limited, until: from(-1000) });
  await expect(stores.oauthApps.trouble(connectorId)).resolves.toBeNull();
  await expect(stores.oauthApps.clearTrouble(connectorId)).resolves.toEqual({ wasBroken: false });
  const overdue = { ...broken, until: from(-1000) };
  await stores.oauthApps.setTrouble(connectorId, overdue);
  await expect(stores.oauthApps.trouble(connectorId)).resolves.toMatchObject(overdue);
  await stores.oauthApps.setTrouble(connectorId, limited);
  await expect(stores.oauthApps.trouble(connectorId)).resolves.toMatchObject(limited);
});

test('C14: a call that ended well does not cut short the pause that the vendor asked for meanwhile', async () => {
  const { connectorId } = anApp();
  await stores.oauthApps.setTrouble(connectorId, broken);
  await stores.oauthApps.setTrouble(connectorId, limited);
  await expect(stores.oauthApps.clearTrouble(connectorId)).resolves.toEqual({ wasBroken: true });
  await expect(stores.oauthApps.trouble(connectorId)).resolves.toMatchObject(limited);
  await expect(stores.oauthApps.setTrouble(connectorId, { ...limited, until: from(-1) })).resolves.toEqual({
    isNew: false,
  });
  await expect(stores.oauthApps.setTrouble(connectorId, limited)).resolves.toEqual({ isNew: true });
});

test('apps that the environment declares have trouble as well; a new or removed app has none', async () => {
  const declared = anApp();
  await stores.oauthApps.setTrouble(declared.connectorId, broken);
  await expect(stores.oauthApps.trouble(declared.connectorId)).resolves.toMatchObject(broken);
  await expect(stores.oauthApps.get(declared.connectorId)).resolves.toBeNull();
  await expect(stores.oauthApps.put(declared)).resolves.toMatchObject({ trouble: null });
  await expect(stores.oauthApps.trouble(declared.connectorId)).resolves.toBeNull();
  await stores.oauthApps.setTrouble(declared.connectorId, broken);
  await stores.oauthApps.remove(declared.connectorId);
  await expect(stores.oauthApps.trouble(declared.connectorId)).resolves.toBeNull();
  await expect(stores.oauthApps.trouble('nobody')).resolves.toBeNull();
});
