import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { seedPlatformRole } from '../adapters/postgres/identity.ts';
import { postgresStores } from '../adapters/postgres/stores.ts';
import { freshDatabase } from '../adapters/postgres/testing.ts';
import type { TestDatabase } from '../adapters/postgres/testing.ts';
import { Fault } from '../ports/errors.ts';
import { Email } from '../ports/ids.ts';
import type { Principal } from '../ports/identity.ts';
import type { ApiDeps } from './deps.ts';
import { openApi } from './testing.ts';
import type { Asked, TestApi } from './testing.ts';

let database: TestDatabase;
let api: TestApi;
const people: Principal[] = [];
const started: string[] = [];
/** What a start does, before it counts. */
let meanwhile: () => Promise<void> = async () => undefined;

const temporal = {
  workflow: {
    withDeadline: (_: number, call: () => unknown) => call(),
    start: async (_: unknown, { workflowId }: { workflowId: string }) => {
      await meanwhile();
      started.push(workflowId);
    },
  },
} as unknown as ApiDeps['temporal'];

beforeAll(async () => {
  database = await freshDatabase();
  const connectors = { list: () => [] };
  const ports = { ...postgresStores(database.db), connectors } as unknown as ApiDeps['ports'];
  api = await openApi({ ports, temporal });
  for (const name of ['root', 'second']) {
    const email = Email.parse(`${name}@platform.test`);
    const userId = await seedPlatformRole(database.db, email, 'platform_admin');
    people.push({ userId, email, role: 'platform_admin', tenantId: null });
  }
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await database.close();
});

const open = (key: string | undefined, slug: string, asked: Asked = {}) =>
  api.post('/api/v1/tenants', {
    as: people[0],
    body: { name: 'Acme', slug, ownerEmail: 'owner@acme.test' },
    ...asked,
    headers: { ...(key === undefined ? {} : { 'Idempotency-Key': key }), ...asked.headers },
  });
const startsOf = (slug: string) => started.filter((id) => id.endsWith(`:${slug}`)).length;

test('C91: the same key and body are answered as the first time, and done once', async () => {
  const key = randomUUID();
  const first = await open(key, 'once');
  expect([first.status, first.headers.get('idempotent-replayed')]).toEqual([202, null]);
  const second = await open(key, 'once');
  expect(second.headers.get('idempotent-replayed')).toBe('true');
  expect([second.status, second.text, second.headers.get('location')]).toEqual([
    202,
    first.text,
    first.headers.get('location'),
  ]);
  expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'));
  expect(startsOf('once')).toBe(1);
});

test('C91: the same key with another body is a 422', async () => {
  const key = randomUUID();
  await open(key, 'first-body');
  const { status, json } = await open(key, 'other-body');
  expect([status, json.code]).toEqual([422, 'idempotency_mismatch']);
  expect(startsOf('other-body')).toBe(0);
});

test('C91: while the first is at work the second is told so', async () => {
  const key = randomUUID();
  const { promise, resolve } = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  meanwhile = () => {
    reached.resolve();
    return promise;
  };
  const first = open(key, 'in-turn');
  await reached.promise;
  const second = await open(key, 'in-turn');
  expect([second.status, second.json.code, second.headers.get('retry-after')]).toEqual([409, 'conflict', '1']);
  resolve();
  expect((await first).status).toBe(202);
  meanwhile = async () => undefined;
  expect((await open(key, 'in-turn')).headers.get('idempotent-replayed')).toBe('true');
  expect(startsOf('in-turn')).toBe(1);
});

test('C91: of many at once one is done, and each of the others hears of it or is told to wait', async () => {
  const key = randomUUID();
  const answers = await Promise.all(Array.from({ length: 10 }, () => open(key, 'at-once')));
  expect(answers.every(({ status }) => status === 202 || status === 409)).toBe(true);
  expect(answers.filter(({ status }) => status === 202).length).toBeGreaterThanOrEqual(1);
  expect(startsOf('at-once')).toBe(1);
});

test('an answer of 5xx is not remembered: the same key may try again', async () => {
  const key = randomUUID();
  meanwhile = () => Promise.reject(new Fault('unavailable', 'away'));
  expect((await open(key, 'again')).status).toBe(503);
  meanwhile = async () => undefined;
  const second = await open(key, 'again');
  expect([second.status, second.headers.get('idempotent-replayed')]).toEqual([202, null]);
  expect(startsOf('again')).toBe(1);
});

test('a refusal of the body is not remembered, a refusal by what there is stays', async () => {
  const key = randomUUID();
  const bad = { name: 'Acme', slug: '?', ownerEmail: 'o@acme.test' };
  expect((await open(key, 'mended', { body: bad })).status).toBe(400);
  expect((await open(key, 'mended')).status).toBe(202);
  const other = randomUUID();
  const wanting = {
    name: 'Acme',
    slug: 'wanting',
    ownerEmail: 'o@acme.test',
    connectors: [{ connector: 'nothing-such' }],
  };
  const first = await open(other, '', { body: wanting });
  expect([first.status, first.json.code]).toEqual([422, 'unknown_connector']);
  expect(first.json.errors).toMatchObject([{ path: 'connectors.0.connector' }]);
  expect((await open(other, '', { body: wanting })).headers.get('idempotent-replayed')).toBe('true');
});

test('a key belongs to its caller and its route', async () => {
  const key = randomUUID();
  const first = await open(key, 'mine');
  const second = await open(key, 'mine-too', { as: people[1] });
  expect([first.status, second.status]).toEqual([202, 202]);
  expect(first.json.id).not.toBe(second.json.id);
});

test('a key that cannot be one is refused', async () => {
  for (const key of ['a b', 'x'.repeat(256), 'schlüssel']) {
    const { status, json } = await open(key, 'odd-key');
    expect([status, json.errors]).toMatchObject([400, [{ path: 'Idempotency-Key' }]]);
  }
});

test('what is kept of a request holds nothing of its body, and of a login neither question nor answer', async () => {
  const key = randomUUID();
  await open(key, 'canary-slug', { body: { name: 'canary-name', slug: 'canary-slug', ownerEmail: 'c@acme.test' } });
  const answers = [];
  for (let times = 0; times < 2; times += 1) {
    answers.push(
      await api.post('/api/v1/auth/dev-login', {
        body: { email: 'root@platform.test' },
        headers: { 'Idempotency-Key': `login-${key}` },
      }),
    );
  }
  expect(answers.map(({ status, headers }) => [status, headers.get('idempotent-replayed')])).toEqual([
    [200, null],
    [200, null],
  ]);
  const client = new pg.Client({ connectionString: database.adminUrl });
  await client.connect();
  const { rows } = await client.query('SELECT scope, key, body_hash, headers, body FROM idempotency_keys');
  await client.end();
  const kept = JSON.stringify(rows);
  expect(kept).toContain(key);
  expect(kept).not.toMatch(/canary|login-|eyJ/);
});

test('a keyless request is done each time', async () => {
  const [first, second] = [await open(undefined, 'keyless'), await open(undefined, 'keyless')];
  expect(first.json.id).not.toBe(second.json.id);
  expect(startsOf('keyless')).toBe(2);
});
