import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { z } from 'zod';
import { ApprovalId, Email, OperationId, PLATFORM, RunId, TenantId } from '../../ports/ids.ts';
import { TenantSettings } from '../../ports/tenant-settings.ts';
import { postgresMeters } from '../budgets/postgres.ts';
import { seedPlatformRole } from './identity.ts';
import { sql } from './sql.ts';
import type { Stores } from './stores.ts';
import { postgresStores } from './stores.ts';
import { agentSettings, anAnswer } from './testing-agents.ts';
import { aConnection, aTenant } from './testing-data.ts';
import { postgresTokenStream } from './token-stream.ts';
import type { TestDatabase } from './testing.ts';
import { freshDatabase } from './testing.ts';

let fresh: TestDatabase;
let stores: Stores;
let acme: TenantId;
let rival: TenantId;

/** One row in every table that holds a tenant's rows. */
const fill = async (tenantId: TenantId) => {
  const email = Email.parse(`owner-${tenantId}@acme.test`);
  const userId = await stores.identity.addMembership(tenantId, email, 'tenant_admin');
  const connectionId = await aConnection(stores, tenantId);
  const ref = { tenantId, connectionId, stream: 'posts' };
  const run = { tenantId, runId: RunId.parse(randomUUID()) };
  const operationId = OperationId.parse(randomUUID());
  const at = new Date().toISOString();
  const line = { key: 'k', actor: userId, action: 'test', resourceType: 'test', resourceId: 'x' };
  await stores.oauthTransactions.begin({
    ...{ stateHash: randomUUID(), tenantId, userId, connectionId, connectorId: 'c', redirectUri: 'u' },
    ...{ authMethod: 'oauth', settings: {}, browserHash: 'b', proofRef: 'p', expiresAt: at },
  });
  const counts = { read: 1, delivered: 1, unchanged: 0, bytes: 1, calls: 1, throttled: 0 };
  await stores.syncs.begin(ref, run.runId, { mode: 'full', reachMs: null, complete: true, workflowId: 'w' });
  await stores.syncs.commitPage(ref, run.runId, null, {
    ...{ seen: [{ externalId: '1', hash: 'h' }], cursor: null, counts, highWater: at, fields: [], unnamed: 0 },
    quarantined: [{ externalId: '2', reason: 'title: is missing' }],
  });
  await stores.syncs.end(ref, run.runId, 'completed', null);
  await stores.knowledge.put(ref, { externalId: '1', title: 't', link: null, hash: 'h', chunks: ['text'] });
  await stores.agents.applyDefaults(tenantId, [{ id: 'auditor', tools: [] }], agentSettings());
  await stores.agentRuns.begin(tenantId, {
    ...{
      runId: run.runId,
      kind: 'agent',
      subject: 'auditor',
      parentRunId: null,
      operationId: null,
      version: 1,
      pin: null,
    },
    ...{ limits: { steps: 1, toolCalls: 0, tokens: 1, micros: 0 }, sandbox: false, startedBy: userId },
  });
  await stores.modelKeys.put(tenantId, { service: 'openai', vaultPath: 'p', version: 1, addedBy: userId });
  const content = await stores.content.put(tenantId, { secret: tenantId });
  const chat = RunId.parse(randomUUID());
  await stores.conversations.open(tenantId, { id: chat, agentId: 'auditor', userId, title: 't' });
  const said = { messageId: 'm', role: 'user', content: 'hello', saidInto: null, step: null } as const;
  await stores.conversations.say(tenantId, chat, { ...said, state: null, error: null });
  const posted = { content, opId: 'op' };
  await stores.board.write(tenantId, run.runId, { ...posted, key: 'k', author: 'auditor', expected: null });
  await stores.board.send(tenantId, run.runId, { ...posted, from: 'auditor', to: null });
  const tokens = postgresTokenStream(fresh.db);
  await tokens.watch(tenantId, run.runId);
  await tokens.push(tenantId, run.runId, [{ step: 0, kind: 'text', text: 'hello' }]);
  await stores.transcripts.append(run, 0, [{ role: 'user', content: 'hello' }]);
  const asking = { run, step: 0, id: 'a' };
  const from = [{ scope: 'month/2026-11', limitMicros: 9 }];
  await stores.spending.reserve(asking, { agentId: 'auditor', micros: 1, from });
  await stores.spending.setStanding(tenantId, 'tenant', 5);
  await stores.transcripts.journal(asking, { agentId: 'auditor', answer: anAnswer(), promptHash: 'h' });
  const called = { seq: 1, agentId: 'auditor', tool: 't', effect: 'read', argsHash: 'h', ok: true } as const;
  const rest = { receipt: null, approvalId: null, flagged: false, ms: 1, bytes: 1 };
  await stores.transcripts.recordTool(run, { ...called, ...rest }, { role: 'tool', toolCallId: 'c', content: 'found' });
  const approvalId = ApprovalId.parse(randomUUID());
  await stores.approvals.open({
    ...{ id: approvalId, tenantId, operationId, connectionId, workflowId: 'w', subject: 's' },
    ...{ contentId: content.id, contentHash: content.sha256, deadlineAt: at, kind: 'decision', requestedBy: null },
    policy: { roles: ['tenant_admin'], remindAfterMs: 1, deadlineMs: 2, onDeadline: 'reject' },
  });
  const word = { userId, kind: 'approve', contentHash: 'h', givenHash: 'h', receipt: 'r', at } as const;
  await stores.approvals.vote(tenantId, approvalId, word);
  await stores.approvals.delegate(tenantId, approvalId, userId, userId);
  await stores.approvals.putLink(tenantId, approvalId, `link-${tenantId}`, at);
  await stores.notifier.notify(tenantId, { key: 'k', roles: ['tenant_admin'], kind: 'k', subject: 's', link: '/' });
  await stores.operations.begin({
    ...{ id: operationId, scope: tenantId, workflowId: 'w', kind: 'test', startedBy: userId, idempotencyKey: null },
  });
  await stores.operations.record(operationId, { step: 's', state: 'completed', message: 'm' }, line);
  await stores.effects.claim(tenantId, 'e', 'a');
  await stores.connections.beginRefresh(tenantId, connectionId, 1);
  const session = { id: randomUUID(), tenantId, createdBy: userId, connectors: [], connectionId, expiresAt: at };
  await stores.connectSessions.create(session, `link-${tenantId}`);
  await stores.tenantSettings.put(tenantId, TenantSettings.parse({}));
  await stores.memory.remember(tenantId, 'auditor', { fact: 'f', source: { runId: run.runId, seq: 1 }, opId: 'o' });
  const server = {
    id: randomUUID(),
    name: 'notes',
    url: 'https://mcp.example',
    included: null,
    tools: [],
    toolsHash: 'h',
  };
  await stores.mcpServers.put(tenantId, { ...server, vaultPath: null });
  const channelId = randomUUID();
  await stores.channels.add(tenantId, { id: channelId, kind: 'webhook', title: 't' });
  await stores.channels.claim(tenantId, channelId, 'k');
  const endpoint = { id: randomUUID(), connectorId: 'stripe', connectionId, accountId: 'acct' };
  await stores.webhookInbox.create(tenantId, endpoint);
  const event = { id: 'e', type: 't', account: null, record: null, at: null };
  await stores.webhookInbox.put({ scope: tenantId, id: endpoint.id }, { headers: {}, body: new Uint8Array(1) }, [
    event,
  ]);
  await stores.rotations.record(
    { scope: tenantId, rotationId: randomUUID(), secretClass: 'vendor_api_key', subject: 's' },
    { step: 'creating', outcome: 'running', message: null, operationId },
  );
};

beforeAll(async () => {
  fresh = await freshDatabase({ max: 1 });
  stores = postgresStores(fresh.db);
  acme = await aTenant(stores);
  rival = await aTenant(stores);
  await fill(acme);
  await fill(rival);
  await seedPlatformRole(fresh.db, Email.parse('admin@bizosaas.local'), 'super_admin');
  await stores.idempotency.begin('s', 'k', 'h');
  await stores.oauthApps.put({
    ...{ connectorId: 'hubspot', clientId: 'c', redirectUris: [], scopes: null, enabled: true, secretVersion: 1 },
  });
  await stores.oauthApps.setTrouble('hubspot', {
    ...{ code: 'client_broken', providerCode: null, message: 'm', until: new Date().toISOString() },
  });
  await stores.rotations.setPolicy({
    ...{ secretClass: 'jwt_signing_key', everyDays: 1, overlapHours: 1, asks: 'platform', enabled: true },
  });
  const limit = { name: 'calls', scope: 'app', units: 1, perSeconds: 1 } as const;
  await stores.rateLimits.replace('hubspot', [limit]);
  await postgresMeters(fresh.db).swap({ id: 'app:hubspot', connectorId: 'hubspot' }, 0, '{}', 60_000);
  await stores.audit.append(PLATFORM, { key: 'k', actor: 'x', action: 'a', resourceType: 't', resourceId: 'r' });
});
afterAll(() => fresh.close());

const asAdmin = async <Row extends pg.QueryResultRow>(text: string): Promise<Row[]> => {
  const client = new pg.Client({ connectionString: fresh.adminUrl });
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
};

const tables = async () =>
  (
    await asAdmin<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
       AND relname <> 'schema_migrations' ORDER BY relname`,
    )
  ).map(({ name }) => name);

const rowsSeen = async (scope: TenantId | typeof PLATFORM) => {
  const seen: Record<string, string[]> = {};
  for (const table of await tables()) {
    const rows = await fresh.db.inTenant(scope, (tx) =>
      tx.any(sql.type(z.object({ owner: z.string().nullable() }))`
        SELECT coalesce(to_jsonb(t) ->> 'tenant_id', to_jsonb(t) ->> 'id') AS owner FROM ${sql.identifier([table])} AS t`),
    );
    if (rows.length > 0) seen[table] = rows.map(({ owner }) => owner ?? '');
  }
  return seen;
};

const TENANT_TABLES = [
  ...[
    'agent_configs',
    'agent_memory',
    'agent_runs',
    'api_key_refs',
    'approval_delegates',
    'approval_links',
    'approval_votes',
    'approvals',
    'audit_logs',
    'board_entries',
    'budget_reservations',
    'budget_standing',
    'budgets',
    'connect_sessions',
    'connection_events',
    'connector_configs',
  ],
  ...[
    'content',
    'conversation_messages',
    'conversations',
    'crew_messages',
    'documents',
    'effects',
    'knowledge_base',
    'mcp_servers',
    'memberships',
    'model_attempts',
    'model_calls',
    'notification_channels',
  ],
  ...['notification_deliveries', 'notifications', 'oauth_transactions', 'operation_events', 'operations'],
  ...['quarantine', 'rotations', 'sync_cursors', 'sync_records', 'sync_runs', 'tenant_settings', 'tenants'],
  ...[
    'token_pieces',
    'token_refreshes',
    'token_watches',
    'tool_calls',
    'transcript',
    'webhook_endpoints',
    'webhook_events',
    'webhook_inbox',
  ],
];
const PLATFORM_TABLES = [
  ...['connector_rate_limits', 'idempotency_keys', 'oauth_app_troubles', 'oauth_apps', 'platform_roles', 'rate_meters'],
  ...['rotation_policies', 'users'],
];

test('C61: each tenant sees its own rows of every table, and no row of another', async () => {
  for (const tenantId of [acme, rival]) {
    const seen = await rowsSeen(tenantId);
    expect(Object.keys(seen).sort()).toEqual(TENANT_TABLES);
    for (const owners of Object.values(seen)) expect(new Set(owners)).toEqual(new Set([tenantId]));
  }
});

test('C61: the platform sees across tenants only where it must, and of the audit log its own lines', async () => {
  const seen = await rowsSeen(PLATFORM);
  const across = [
    ...['connect_sessions', 'memberships', 'operation_events', 'operations', 'tenants', 'webhook_endpoints'],
    ...['token_pieces', 'token_watches'],
  ];
  expect(Object.keys(seen).sort()).toEqual(['audit_logs', ...across, ...PLATFORM_TABLES].sort());
  expect(seen['audit_logs']).toEqual([PLATFORM]);
});

test('C61: a table that is forgotten here is found: every table is forced under row-level security', async () => {
  expect([...TENANT_TABLES, ...PLATFORM_TABLES].sort()).toEqual(await tables());
  const open = await asAdmin<{ relname: string }>(
    `SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
     AND NOT (relrowsecurity AND relforcerowsecurity) AND relname <> 'schema_migrations'`,
  );
  expect(open).toEqual([]);
});

test('of a tenant that is given up there stays what tells what happened, and nothing that was its own', async () => {
  const given = await aTenant(stores);
  await fill(given);
  await stores.tenants.release(given);
  expect(Object.keys(await rowsSeen(given)).sort()).toEqual([
    ...['approval_delegates', 'approval_votes', 'approvals', 'audit_logs', 'budget_reservations', 'budgets', 'effects'],
    ...['memberships', 'operation_events', 'operations', 'rotations', 'tenants'],
  ]);
});

test('C61: tenants in parallel through one connection never meet, failing transactions among them', async () => {
  const ids = Array.from({ length: 40 }, () => TenantId.parse(randomUUID()));
  const run = (id: TenantId, fails: boolean) =>
    fresh.db.inTenant(id, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`INSERT INTO effects (tenant_id, key, action) VALUES (${id}, 'k', 'a')`);
      if (fails) await tx.query(sql.typeAlias('nothing')`SELECT 1 / 0`);
      const rows = await tx.any(sql.type(z.object({ tenantId: z.string() }))`SELECT tenant_id FROM effects`);
      return rows.map((row) => row.tenantId);
    });
  const outcomes = await Promise.allSettled(ids.map((id, n) => run(id, n % 3 === 0)));
  outcomes.forEach((outcome, n) => {
    if (n % 3 === 0) expect(outcome.status).toBe('rejected');
    else expect(outcome).toEqual({ status: 'fulfilled', value: [ids[n]] });
  });
});

test('C61: without a tenant there are no rows, before any was set and after one was', async () => {
  const all = await tables();
  const client = new pg.Client({ connectionString: fresh.url });
  await client.connect();
  try {
    for (const tenant of [null, acme, null]) {
      await client.query('BEGIN');
      await client.query('SET LOCAL ROLE bizosaas_app');
      if (tenant) await client.query("SELECT set_config('app.tenant', $1, true)", [tenant]);
      for (const table of all) {
        const { rowCount } = await client.query(`SELECT * FROM ${table}`);
        expect(`${table} ${(rowCount ?? 0) > 0}`).toBe(`${table} ${tenant !== null && TENANT_TABLES.includes(table)}`);
      }
      await client.query('COMMIT');
    }
  } finally {
    await client.end();
  }
});

test('C61: a row cannot be written for, or handed to, another tenant: 42501', async () => {
  const write = (scope: TenantId | typeof PLATFORM, owner: string) =>
    fresh.db.inTenant(scope, (tx) =>
      tx.query(sql.typeAlias('nothing')`INSERT INTO effects (tenant_id, key, action) VALUES (${owner}, 'new', 'a')`),
    );
  for (const attempt of [write(acme, rival), write(acme, PLATFORM), write(PLATFORM, acme)]) {
    await expect(attempt).rejects.toMatchObject({ code: '42501' });
  }
  const tables = ['effects', 'connector_configs', 'operations', 'memberships', 'sync_runs', 'token_refreshes'];
  for (const table of [...tables, 'rotations']) {
    const moved = fresh.db.inTenant(acme, (tx) =>
      tx.query(sql.typeAlias('nothing')`UPDATE ${sql.identifier([table])} SET tenant_id = ${rival}`),
    );
    await expect(moved).rejects.toMatchObject({ code: '42501' });
  }
  const taken = fresh.db.inTenant(acme, (tx) =>
    tx.query(sql.typeAlias('nothing')`UPDATE effects SET action = 'mine' WHERE tenant_id = ${rival}`),
  );
  await expect(taken).resolves.toMatchObject({ rowCount: 0 });
});

test('C61: the role owns nothing, bypasses nothing and cannot log in; views, if any, run as their caller', async () => {
  const roles = await asAdmin(
    `SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcanlogin,
       EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid) AS owns
     FROM pg_roles WHERE rolname = 'bizosaas_app'`,
  );
  const nothing = { rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcanlogin: false, owns: false };
  expect(roles).toEqual([{ rolname: 'bizosaas_app', ...nothing }]);
  const views = await asAdmin(
    `SELECT relname FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace
     AND NOT coalesce(reloptions @> ARRAY['security_invoker=true'], false)`,
  );
  expect(views).toEqual([]);
  if (fresh.engine === 'pglite') return;
  const [login] = await asAdmin(
    `SELECT rolsuper, rolbypassrls, EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid) AS owns
     FROM pg_roles WHERE rolname = '${new URL(fresh.url).username}'`,
  );
  expect(login).toEqual({ rolsuper: false, rolbypassrls: false, owns: false });
});
