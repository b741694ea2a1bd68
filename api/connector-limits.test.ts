import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createBudgets } from '../adapters/budgets/index.ts';
import { postgresMeters } from '../adapters/budgets/postgres.ts';
import { seedPlatformRole } from '../adapters/postgres/identity.ts';
import { postgresStores } from '../adapters/postgres/stores.ts';
import type { Stores } from '../adapters/postgres/stores.ts';
import { aConnection, aMember, aTenant } from '../adapters/postgres/testing-data.ts';
import { freshDatabase } from '../adapters/postgres/testing.ts';
import type { TestDatabase } from '../adapters/postgres/testing.ts';
import type { BudgetAsk } from '../ports/budgets.ts';
import type { RateLimit } from '../ports/connector-info.ts';
import type { ProviderHealth } from '../ports/connectors.ts';
import { Fault } from '../ports/errors.ts';
import { Email } from '../ports/ids.ts';
import type { ConnectionId, TenantId } from '../ports/ids.ts';
import type { Principal } from '../ports/identity.ts';
import type { ApiDeps } from './deps.ts';
import { openApi } from './testing.ts';
import type { TestApi } from './testing.ts';

const DECLARED: RateLimit[] = [
  { name: 'calls', scope: 'connection', units: 100, perSeconds: 10 },
  { name: 'key', scope: 'app', units: 300, perSeconds: 10 },
];

let database: TestDatabase;
let stores: Stores;
let budgets: ReturnType<typeof createBudgets>;
let api: TestApi;
let root: Principal;
let member: Principal;
let tenantId: TenantId;
let id: ConnectionId;
let hosts: ProviderHealth[] = [];

beforeAll(async () => {
  database = await freshDatabase();
  stores = postgresStores(database.db);
  const tell = async () => undefined;
  budgets = createBudgets({ store: postgresMeters(database.db), limits: stores.rateLimits, tell });
  const connectors = {
    info: (connectorId: string) => {
      if (connectorId !== 'wordpress') throw new Fault('unknown_connector', 'There is none.');
      return { id: connectorId, limits: DECLARED };
    },
    health: () => hosts,
  };
  const ports = { ...stores, budgets, connectors } as unknown as ApiDeps['ports'];
  api = await openApi({ ports, temporal: {} as ApiDeps['temporal'] });
  const rootEmail = Email.parse('root@platform.test');
  const userId = await seedPlatformRole(database.db, rootEmail, 'platform_admin');
  root = { userId, email: rootEmail, role: 'platform_admin', tenantId: null };
  tenantId = await aTenant(stores);
  id = await aConnection(stores, tenantId);
  member = await aMember(stores, tenantId, 'tenant_user', 'user@acme.test');
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await budgets.close();
  await database.close();
});

const limits = (body?: unknown) =>
  body === undefined
    ? api.get('/api/v1/connectors/wordpress/limits', { as: root })
    : api.ask('PUT', '/api/v1/connectors/wordpress/limits', { as: root, body });

test('a platform admin’s limits go before the documented ones of the same name; the change is in the audit log', async () => {
  expect((await limits()).json).toEqual({
    data: DECLARED.map((one) => ({ ...one, by: 'manifest' })),
    nextCursor: null,
  });
  const ours = { name: 'calls', scope: 'connection', units: 20, perSeconds: 60 };
  const put = await limits({ limits: [ours] });
  expect([put.status, put.json]).toEqual([
    200,
    {
      data: [
        { ...DECLARED[1], by: 'manifest' },
        { ...ours, by: 'admin' },
      ],
      nextCursor: null,
    },
  ]);
  expect((await limits()).json).toEqual(put.json);
  const { json } = await api.get('/api/v1/audit', { as: root });
  expect(json['data']).toContainEqual(
    expect.objectContaining({ action: 'rate_limits.changed', metadata: { calls: '20 in 60 s, connection' } }),
  );
  expect((await limits({ limits: [] })).json).toEqual((await limits()).json);
  expect((await limits()).text).not.toContain('admin');
});

test('limits that make no sense are refused, each by its field', async () => {
  const one = { name: 'calls', scope: 'connection', units: 20, perSeconds: 60 };
  for (const bad of [
    { units: 0 },
    { units: -1 },
    { perSeconds: 1e9 },
    { name: 'a b' },
    { scope: 'world' },
    { by: 'admin' },
  ]) {
    const { status, text } = await limits({ limits: [{ ...one, ...bad }] });
    expect([status, text]).toEqual([400, expect.stringContaining('limits.0')]);
  }
  expect((await limits({ limits: [one, one] })).status).toBe(400);
  expect((await api.get('/api/v1/connectors/none/limits', { as: root })).status).toBe(404);
});

test('what is in use is shown to the platform of all, and to a tenant of its own connection alone', async () => {
  const ask: BudgetAsk = {
    tenantId,
    connectionId: id,
    connectorId: 'wordpress',
    lane: 'interactive',
    cost: 5,
    inFlightMax: 8,
  };
  const lease = await budgets.take(ask, DECLARED, 1000);
  const { json } = await api.get('/api/v1/connectors/wordpress/usage', { as: root });
  expect(json['data']).toEqual([
    expect.objectContaining({ limit: 'key', connectionId: null, units: 300, used: 5 }),
    expect.objectContaining({ limit: 'inFlight', connectionId: id, tenantId, units: 8, perSeconds: null, used: 1 }),
    expect.objectContaining({ limit: 'calls', connectionId: id, units: 100, used: 5 }),
  ]);
  const own = await api.get(`/api/v1/connections/${id}/health`, { as: member });
  expect((own.json['limits'] as { limit: string }[]).map(({ limit }) => limit)).toEqual(['calls', 'inFlight']);
  lease.settle({});
});

test('health says what works, when it was last synced, and what went wrong last', async () => {
  const health = async (path = `/api/v1/connections/${id}/health`) => (await api.get(path, { as: member })).json;
  expect(await health()).toMatchObject({ health: 'not_connected', state: 'pending', lastSync: null, lastError: null });
  await stores.connections.change(tenantId, id, { state: 'healthy', reason: null });
  expect(await health('/api/v1/connectors/wordpress/health')).toMatchObject({ connectionId: id, health: 'healthy' });
  const since = new Date().toISOString();
  hosts = [{ host: 'site.test', state: 'open', failures: 5, since, reason: 'site.test answered 502' }];
  expect(await health()).toMatchObject({
    health: 'down',
    hosts,
    lastError: { what: 'system', message: 'site.test answered 502', at: since },
  });
  hosts = [];
  expect(await health()).toMatchObject({ health: 'healthy' });
});
