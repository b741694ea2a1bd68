import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ConnectSession } from '../../ports/connect-sessions.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { Stores } from './stores.ts';
import { postgresStores } from './stores.ts';
import { aConnection, aTenant } from './testing-data.ts';
import type { TestDatabase } from './testing.ts';
import { freshDatabase } from './testing.ts';

let fresh: TestDatabase;
let stores: Stores;
beforeAll(async () => {
  fresh = await freshDatabase({ max: 20 });
  stores = postgresStores(fresh.db);
});
afterAll(() => fresh.close());

const MINUTE_MS = 60_000;
const inMinutes = (minutes: number) => new Date(Date.now() + minutes * MINUTE_MS).toISOString();
const aSession = async (tenantId: TenantId, given: Partial<ConnectSession> = {}) => {
  const link = randomUUID();
  const asked = { connectors: ['hubspot'], connectionId: null, expiresAt: inMinutes(30) };
  const session = { id: randomUUID(), tenantId, createdBy: 'user:1', ...asked, ...given };
  return { link, asked: session, session: await stores.connectSessions.create(session, link) };
};

test('a link is claimed once, even by twenty at once, and only the holder of that token finds the session', async () => {
  const tenantId = await aTenant(stores);
  const { link, asked, session } = await aSession(tenantId);
  expect(session).toMatchObject({ ...asked, state: 'waiting', connectedId: null });
  const tokens = Array.from({ length: 20 }, () => randomUUID());
  const claims = await Promise.all(tokens.map((token) => stores.connectSessions.claim(link, token)));
  expect(claims.filter((claim) => claim !== null)).toEqual([{ ...session, state: 'claimed' }]);
  const found = await Promise.all(tokens.map((token) => stores.connectSessions.find(token)));
  expect(found).toEqual(claims);
  await expect(stores.connectSessions.claim(link, randomUUID())).resolves.toBeNull();
});

test('a link opens nothing as a token, nor a token as a link, nor an unknown one anything', async () => {
  const { link } = await aSession(await aTenant(stores));
  const token = randomUUID();
  await expect(stores.connectSessions.find(link)).resolves.toBeNull();
  await stores.connectSessions.claim(link, token);
  await expect(stores.connectSessions.claim(token, randomUUID())).resolves.toBeNull();
  await expect(stores.connectSessions.find(link)).resolves.toBeNull();
  await expect(stores.connectSessions.find(randomUUID())).resolves.toBeNull();
});

test('an expired link is never claimed, and a claimed session that expired is not found', async () => {
  const tenantId = await aTenant(stores);
  const late = await aSession(tenantId, { expiresAt: inMinutes(-1) });
  expect(late.session.state).toBe('expired');
  await expect(stores.connectSessions.claim(late.link, randomUUID())).resolves.toBeNull();
  await expect(stores.connectSessions.get(tenantId, late.session.id)).resolves.toMatchObject({ state: 'expired' });

  const expiresAt = new Date(Date.now() + 400);
  const brief = await aSession(tenantId, { expiresAt: expiresAt.toISOString() });
  const token = randomUUID();
  await expect(stores.connectSessions.claim(brief.link, token)).resolves.toMatchObject({ state: 'claimed' });
  let found = await stores.connectSessions.find(token);
  while (found !== null) found = await stores.connectSessions.find(token);
  expect(Date.now()).toBeGreaterThanOrEqual(expiresAt.getTime() - 50);
  await expect(stores.connectSessions.get(tenantId, brief.session.id)).resolves.toMatchObject({ state: 'expired' });
});

test('the first connection made stays the outcome, also after the session expired and the connection is gone', async () => {
  const tenantId = await aTenant(stores);
  const [first, second] = [await aConnection(stores, tenantId), await aConnection(stores, tenantId)];
  const { link, session } = await aSession(tenantId);
  const token = randomUUID();
  await stores.connectSessions.claim(link, token);
  await stores.connectSessions.settle(tenantId, session.id, first);
  await stores.connectSessions.settle(tenantId, session.id, second);
  const outcome = { state: 'connected', connectedId: first };
  await expect(stores.connectSessions.get(tenantId, session.id)).resolves.toMatchObject(outcome);
  await expect(stores.connectSessions.find(token)).resolves.toMatchObject(outcome);
  const late = await aSession(tenantId, { expiresAt: inMinutes(-1) });
  await stores.connectSessions.settle(tenantId, late.session.id, first);
  await expect(stores.connectSessions.get(tenantId, late.session.id)).resolves.toMatchObject(outcome);
  await stores.connections.remove(tenantId, first);
  await expect(stores.connectSessions.get(tenantId, session.id)).resolves.toMatchObject({
    ...{ state: 'connected', connectedId: null },
  });
});

test('another tenant sees and settles none of it, and no session points into another tenant', async () => {
  const [acme, rival] = [await aTenant(stores), await aTenant(stores)];
  const connectionId = await aConnection(stores, acme);
  const { asked, session } = await aSession(acme, { connectionId });
  await expect(stores.connectSessions.get(rival, session.id)).rejects.toMatchObject({ code: 'not_found' });
  await stores.connectSessions.settle(rival, session.id, await aConnection(stores, rival));
  await expect(stores.connectSessions.get(acme, session.id)).resolves.toEqual(session);
  await expect(aSession(rival, { connectionId })).rejects.toMatchObject({ code: 'not_found' });
  await expect(
    stores.connectSessions.create({ ...asked, tenantId: rival, connectionId: null }, 'x'),
  ).rejects.toMatchObject({ code: 'not_found' });
});

test('a session begun twice is one, and those that lapsed a week ago are forgotten', async () => {
  const tenantId = await aTenant(stores);
  const old = await aSession(tenantId, { expiresAt: inMinutes(-8 * 24 * 60) });
  const { asked, link, session } = await aSession(tenantId);
  await expect(stores.connectSessions.create({ ...asked, createdBy: 'other' }, randomUUID())).resolves.toEqual(session);
  await expect(stores.connectSessions.claim(link, randomUUID())).resolves.toMatchObject({ id: session.id });
  await expect(stores.connectSessions.get(tenantId, old.session.id)).rejects.toMatchObject({ code: 'not_found' });
});
