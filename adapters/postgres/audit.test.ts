import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import type { AuditPort } from '../../ports/audit.ts';
import { TenantId } from '../../ports/ids.ts';
import { postgresAudit } from './audit.ts';
import { sql } from './sql.ts';
import type { TestDatabase } from './testing.ts';
import { freshDatabase } from './testing.ts';

let fresh: TestDatabase;
let audit: AuditPort;
beforeAll(async () => {
  fresh = await freshDatabase();
  audit = postgresAudit(fresh.db);
});
afterAll(() => fresh.close());

const tenant = () => TenantId.parse(randomUUID());
const entry = (key: string) => ({
  ...{ key, actor: 'user:1', action: 'post.created', resourceType: 'post', resourceId: key },
  metadata: { zebra: 1.5, apple: 'ü', nothing: null, yes: true },
});
const chainOf = async (lines: number) => {
  const scope = tenant();
  for (let n = 1; n <= lines; n += 1) await audit.append(scope, entry(`line-${n}`));
  return scope;
};

/** What only somebody with the whole server in hand can do: the trigger is off, and the owner's rights are used. */
const tamper = async (text: string, values: unknown[]) => {
  const client = new pg.Client({ connectionString: fresh.adminUrl });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query('SET LOCAL session_replication_role = replica');
    await client.query(text, values);
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
};

test('a line that was changed, taken out or slipped in is found by its number', async () => {
  const cases: [string, number][] = [
    ["UPDATE audit_logs SET actor = 'nobody' WHERE tenant_id = $1 AND seq = 2", 2],
    ['UPDATE audit_logs SET metadata = \'{"apple": "u"}\' WHERE tenant_id = $1 AND seq = 3', 3],
    ["UPDATE audit_logs SET at = at + interval '1 second' WHERE tenant_id = $1 AND seq = 1", 1],
    ['DELETE FROM audit_logs WHERE tenant_id = $1 AND seq = 2', 2],
    ["UPDATE audit_logs SET hash = md5('x') WHERE tenant_id = $1 AND seq = 2", 2],
    ['UPDATE audit_logs SET seq = seq + 1 WHERE tenant_id = $1 AND seq = 4', 4],
  ];
  for (const [text, broken] of cases) {
    const scope = await chainOf(4);
    await expect(audit.verify(scope)).resolves.toBeNull();
    await tamper(text, [scope]);
    await expect(audit.verify(scope)).resolves.toBe(broken);
  }
});

test('nobody changes or takes out a line: not the product, and not a superuser by a slip', async () => {
  const scope = await chainOf(1);
  const none = sql.typeAlias('nothing');
  for (const query of [
    none`UPDATE audit_logs SET actor = actor`,
    none`DELETE FROM audit_logs`,
    none`TRUNCATE audit_logs`,
  ]) {
    await expect(fresh.db.inTenant(scope, (tx) => tx.query(query))).rejects.toMatchObject({ code: '42501' });
    const admin = new pg.Client({ connectionString: fresh.adminUrl });
    await admin.connect();
    await expect(admin.query(query.sql)).rejects.toThrow('append-only');
    await admin.end();
  }
  await expect(audit.verify(scope)).resolves.toBeNull();
});

test('many writers of one scope make one chain without gaps, and a repeated line is there once', async () => {
  const scope = tenant();
  const keys = Array.from({ length: 30 }, (_, n) => `line-${n % 20}`);
  await Promise.all(keys.map((key) => audit.append(scope, entry(key))));
  const { data } = await audit.list(scope, { limit: 100 });
  expect(data.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, n) => 20 - n));
  expect(data[0]).toMatchObject({ tenantId: scope, metadata: entry('').metadata, ip: null });
  await expect(audit.verify(scope)).resolves.toBeNull();
});

test('pages go from the newest to the oldest without a gap, and a foreign cursor is refused', async () => {
  const scope = await chainOf(5);
  const seen: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await audit.list(scope, { limit: 2, ...(cursor ? { cursor } : {}) });
    seen.push(...page.data.map(({ seq }) => seq));
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  expect(seen).toEqual([5, 4, 3, 2, 1]);
  await expect(audit.list(scope, { limit: 2, cursor: 'nonsense' })).rejects.toMatchObject({
    code: 'invalid_request',
    fields: [{ path: 'cursor' }],
  });
});
