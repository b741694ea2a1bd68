import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Scope } from '../../ports/ids.ts';
import { Email, PLATFORM } from '../../ports/ids.ts';
import { seedPlatformRole } from './identity.ts';
import type { Stores } from './stores.ts';
import { postgresStores } from './stores.ts';
import { aTenant } from './testing-data.ts';
import type { TestDatabase } from './testing.ts';
import { freshDatabase } from './testing.ts';

let fresh: TestDatabase;
let stores: Stores;
beforeAll(async () => {
  fresh = await freshDatabase({ max: 20 });
  stores = postgresStores(fresh.db);
});
afterAll(() => fresh.close());

const email = (name: string) => Email.parse(`${name}-${randomUUID()}@acme.test`);
const aChannel = (scope: Scope) => stores.channels.add(scope, { id: randomUUID(), kind: 'slack', title: 'Operations' });
const note = { key: 'k', roles: ['tenant_admin'], kind: 'approval', subject: 's', link: '/' };

test('a notice reaches the inbox of everyone with the role, once', async () => {
  const tenantId = await aTenant(stores);
  const admin = await stores.identity.addMembership(tenantId, email('admin'), 'tenant_admin');
  const user = await stores.identity.addMembership(tenantId, email('user'), 'tenant_user');
  await stores.notifier.notify(tenantId, note);
  await stores.notifier.notify(tenantId, note);
  await expect(stores.notifier.inbox(tenantId, admin)).resolves.toMatchObject([{ kind: 'approval', readAt: null }]);
  await expect(stores.notifier.inbox(tenantId, user)).resolves.toEqual([]);
});

test('what concerns the platform reaches the inboxes of those who run it, and of no tenant', async () => {
  const tenantId = await aTenant(stores);
  const owner = await stores.identity.addMembership(tenantId, email('owner'), 'tenant_admin');
  const admin = await seedPlatformRole(fresh.db, email('platform'), 'platform_admin');
  const above = await seedPlatformRole(fresh.db, email('super'), 'super_admin');
  await stores.notifier.notify(PLATFORM, { ...note, roles: ['platform_admin', 'tenant_admin'], kind: 'alarm' });
  await expect(stores.notifier.inbox(PLATFORM, admin)).resolves.toMatchObject([{ kind: 'alarm' }]);
  await expect(stores.notifier.inbox(PLATFORM, above)).resolves.toEqual([]);
  await expect(stores.notifier.inbox(PLATFORM, owner)).resolves.toEqual([]);
  await expect(stores.notifier.inbox(tenantId, owner)).resolves.toEqual([]);
});

test('channels belong to one scope: tenants and the platform see their own', async () => {
  const [acme, rival] = [await aTenant(stores), await aTenant(stores)];
  const mine = await aChannel(acme);
  const ours = await aChannel(PLATFORM);
  expect(mine).toMatchObject({ kind: 'slack', title: 'Operations', enabled: true, lastOutcome: null });
  await expect(stores.channels.list(acme)).resolves.toEqual([mine]);
  await expect(stores.channels.list(rival)).resolves.toEqual([]);
  await expect(stores.channels.list(PLATFORM)).resolves.toEqual([ours]);
  await stores.channels.remove(rival, mine.id);
  await stores.channels.remove(PLATFORM, mine.id);
  await expect(stores.channels.add(acme, { ...mine, title: 'other' })).resolves.toEqual(mine);
  await stores.channels.remove(acme, mine.id);
  await stores.channels.remove(acme, mine.id);
  await expect(stores.channels.list(acme)).resolves.toEqual([]);
});

test('a scope has twenty channels at most, however many are added at once', async () => {
  const tenantId = await aTenant(stores);
  const added = await Promise.allSettled(Array.from({ length: 24 }, () => aChannel(tenantId)));
  expect(added.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
  for (const outcome of added) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'conflict' });
  }
  await expect(stores.channels.list(tenantId)).resolves.toHaveLength(20);
});

test('a note that was delivered is not claimed again; one that was not, or whose sender died, is', async () => {
  const tenantId = await aTenant(stores);
  const [one, two] = [await aChannel(tenantId), await aChannel(tenantId)];
  const { claim, settle, list } = stores.channels;
  await expect(claim(tenantId, one.id, 'k')).resolves.toBe(true);
  await expect(claim(tenantId, one.id, 'k')).resolves.toBe(true);
  await settle(tenantId, one.id, 'k', { ok: false, message: 'It is down.' });
  await expect(claim(tenantId, one.id, 'k')).resolves.toBe(true);
  await expect(list(tenantId)).resolves.toMatchObject([{ lastOutcome: { ok: false, message: 'It is down.' } }, {}]);
  await settle(tenantId, one.id, 'k', { ok: true, message: 'Delivered.' });
  await expect(claim(tenantId, one.id, 'k')).resolves.toBe(false);
  await settle(tenantId, one.id, 'k', { ok: false, message: 'A late answer.' });
  await expect(claim(tenantId, one.id, 'k')).resolves.toBe(false);
  await expect(claim(tenantId, one.id, 'other')).resolves.toBe(true);
  await expect(claim(tenantId, two.id, 'k')).resolves.toBe(true);
  await expect(claim(await aTenant(stores), one.id, 'k')).rejects.toMatchObject({ code: 'not_found' });
  await stores.channels.remove(tenantId, one.id);
  await expect(claim(tenantId, one.id, 'k')).rejects.toMatchObject({ code: 'not_found' });
  await settle(tenantId, one.id, 'k', { ok: true, message: 'Delivered.' });
});

test('mail goes to those of the scope who have the role, and to nobody of another', async () => {
  const [acme, rival] = [await aTenant(stores), await aTenant(stores)];
  const [admin, user, above] = [email('admin'), email('user'), email('above')];
  await stores.identity.addMembership(acme, admin, 'tenant_admin');
  await stores.identity.addMembership(acme, user, 'tenant_user');
  await stores.identity.addMembership(rival, email('rival'), 'tenant_admin');
  await seedPlatformRole(fresh.db, above, 'super_admin');
  await expect(stores.channels.addresses(acme, { roles: ['tenant_admin', 'super_admin'] })).resolves.toEqual([admin]);
  const both = await stores.channels.addresses(acme, { roles: ['tenant_admin', 'tenant_user'] });
  expect(both).toEqual([admin, user].sort());
  const platform = await stores.channels.addresses(PLATFORM, { roles: ['super_admin', 'tenant_admin'] });
  expect(platform).toContain(above);
  expect(platform).not.toContain(admin);
  await expect(stores.channels.addresses(acme, { roles: [] })).resolves.toEqual([]);
});
