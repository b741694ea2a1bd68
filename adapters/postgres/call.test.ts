import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Email, OperationId, PLATFORM, TenantId, UserId } from '../../ports/ids.ts';
import { seedPlatformRole } from './identity.ts';
import { sql } from './sql.ts';
import { postgresStores } from './stores.ts';
import type { TestDatabase } from './testing.ts';
import { freshDatabase, onPglite } from './testing.ts';

const CALLERS = 200;
const databases: TestDatabase[] = [];
beforeAll(async () => {
  databases.push(await freshDatabase({ max: 10 }), await onPglite(10));
}, 60_000);
afterAll(async () => {
  for (const database of databases) await database.close();
});

test.each([0, 1])('of many calls and transactions at once each gets its own answer (database %i)', async (index) => {
  const { db } = databases[index] as TestDatabase;
  const { operations, idempotency, identity } = postgresStores(db);
  const userId = await seedPlatformRole(db, Email.parse(`root-${randomUUID()}@platform.test`), 'platform_admin');
  const principal = { userId, email: 'root@platform.test', role: 'platform_admin', tenantId: null } as const;
  const stranger = { ...principal, userId: UserId.parse(randomUUID()) };
  const one = async (nth: number) => {
    const id = OperationId.parse(randomUUID());
    const key = `key-${nth % (CALLERS / 2)}`;
    const [begun, row, mine, theirs, seen] = await Promise.all([
      idempotency.begin('scope', key, 'hash'),
      operations.begin({
        ...{ id, scope: PLATFORM, workflowId: `w-${nth}`, kind: 'test', startedBy: userId, idempotencyKey: null },
      }),
      identity.stands(principal),
      identity.stands(stranger),
      db.inTenant(TenantId.parse(randomUUID()), (tx) => tx.any(sql.typeAlias('id')`SELECT id FROM operations`)),
    ]);
    expect([row.id, row.workflowId, mine, theirs, seen.length]).toEqual([id, `w-${nth}`, true, false, 0]);
    return begun.kind;
  };
  const kinds = await Promise.all(Array.from({ length: CALLERS }, (_, nth) => one(nth)));
  expect(kinds.filter((kind) => kind === 'new')).toHaveLength(CALLERS / 2);
  expect(kinds.filter((kind) => kind === 'in_progress')).toHaveLength(CALLERS / 2);
});

test.each([0, 1])('an argument stays what it is, whatever stands in it (database %i)', async (index) => {
  const { operations } = postgresStores((databases[index] as TestDatabase).db);
  const workflowId = `'); DROP TABLE operations; -- \\' "ключ" 🎈`;
  const id = OperationId.parse(randomUUID());
  const startedBy = UserId.parse(randomUUID());
  const row = { id, scope: PLATFORM, kind: 'test', startedBy, idempotencyKey: null } as const;
  expect((await operations.begin({ ...row, workflowId })).workflowId).toBe(workflowId);
  await expect(operations.begin({ ...row, workflowId: 'a\0b' })).rejects.toMatchObject({ code: 'invalid_request' });
});
