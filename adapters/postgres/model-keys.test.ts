import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { UserId } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import { postgresStores } from './stores.ts';
import type { Stores } from './stores.ts';
import { aTenant } from './testing-data.ts';
import { freshDatabase } from './testing.ts';
import type { TestDatabase } from './testing.ts';

let fresh: TestDatabase;
let stores: Stores;
let tenant: TenantId;
const addedBy = UserId.parse('018f2f5e-0000-7000-8000-000000000009');
const key = (version: number, vaultPath = `p${version}`) => ({ service: 'groq' as const, vaultPath, version, addedBy });

beforeAll(async () => {
  fresh = await freshDatabase();
  stores = postgresStores(fresh.db);
  tenant = await aTenant(stores);
});
afterAll(() => fresh.close());

test('a newer version takes the place, never an older one; the same again was tested again', async () => {
  const { modelKeys } = stores;
  const now = () => modelKeys.find(tenant, 'groq');
  await modelKeys.put(tenant, key(2));
  await modelKeys.put(tenant, key(1));
  await expect(now()).resolves.toMatchObject({ version: 2, vaultPath: 'p2', state: 'active', lastUsedAt: null });
  await modelKeys.mark(tenant, 'groq', 2, 'rejected');
  await modelKeys.touch(tenant, 'groq');
  const used = await now();
  expect(used).toMatchObject({ state: 'rejected', lastUsedAt: expect.any(String) });
  // Within a minute it is not written again.
  await modelKeys.touch(tenant, 'groq');
  expect((await now())?.lastUsedAt).toBe(used?.lastUsedAt);
  await modelKeys.put(tenant, { ...key(2), addedBy: UserId.parse('018f2f5e-0000-7000-8000-000000000008') });
  await expect(now()).resolves.toMatchObject({
    ...{ state: 'active', addedBy, createdAt: used?.createdAt, lastUsedAt: used?.lastUsedAt },
  });
  await modelKeys.put(tenant, key(3));
  await expect(now()).resolves.toMatchObject({ version: 3, lastUsedAt: null });
  // Whoever was refused with the one before says nothing of this one.
  await modelKeys.mark(tenant, 'groq', 2, 'rejected');
  await expect(now()).resolves.toMatchObject({ state: 'active' });
  await modelKeys.remove(tenant, 'groq');
  await modelKeys.remove(tenant, 'groq');
  await expect(modelKeys.list(tenant)).resolves.toEqual([]);
});
