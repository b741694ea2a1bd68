import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { DEFAULT_SETTINGS } from '../../ports/agents.ts';
import { ConnectionId, RunId, TenantId } from '../../ports/ids.ts';
import { MIGRATIONS_DIR, migrate } from './migrate.ts';
import type { Stores } from './stores.ts';
import { postgresStores } from './stores.ts';
import type { TestDatabase } from './testing.ts';
import { freshDatabase } from './testing.ts';

let fresh: TestDatabase;
let stores: Stores;
beforeAll(async () => {
  fresh = await freshDatabase();
  stores = postgresStores(fresh.db);
});
afterAll(() => fresh.close());

const asAdmin = async (statements: string[]) => {
  const client = new pg.Client({ connectionString: fresh.adminUrl });
  await client.connect();
  try {
    for (const text of statements) await client.query(text);
  } finally {
    await client.end();
  }
};

/** The database as the first `count` migrations left it. */
const upTo = async (databaseUrl: string, count: number) => {
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  await runner({
    ...{ databaseUrl, dir: MIGRATIONS_DIR, direction: 'up', migrationsTable: 'schema_migrations', count },
    ...{ logger: quiet },
  });
};

test('what a database of the first version holds is carried over, by an owner whom the policies bind as well', async () => {
  const owner = `owner_${randomUUID().replaceAll('-', '')}`;
  const ownerUrl = new URL(fresh.adminUrl);
  // PGlite has one login only.
  const isPostgres = fresh.engine === 'postgres';
  if (isPostgres) [ownerUrl.username, ownerUrl.password] = [owner, owner];
  await asAdmin(['DROP SCHEMA public CASCADE', 'CREATE SCHEMA public', 'CREATE EXTENSION vector']);
  if (isPostgres) {
    await asAdmin([
      `CREATE ROLE ${owner} LOGIN CREATEROLE PASSWORD '${owner}'`,
      `GRANT bizosaas_app TO ${owner} WITH ADMIN OPTION`,
      `ALTER SCHEMA public OWNER TO ${owner}`,
    ]);
  }
  try {
    await upTo(ownerUrl.href, 4);
    const tenantId = TenantId.parse(randomUUID());
    const [told, silent] = [ConnectionId.parse(randomUUID()), ConnectionId.parse(randomUUID())];
    const reason = { code: 'provider_down', providerCode: null, message: 'm' };
    const at = '2026-01-01T00:00:00.000Z';
    await asAdmin([
      `INSERT INTO tenants (id, name, slug, owner_email, plan) VALUES ('${tenantId}', 'Acme', 'acme', 'a@acme.test', 'starter')`,
      `INSERT INTO connector_configs (id, tenant_id, connector_id, vault_path, state, reason) VALUES
         ('${told}', '${tenantId}', 'hubspot', 'p', 'degraded', '${JSON.stringify({ ...reason, at })}'),
         ('${silent}', '${tenantId}', 'wordpress', 'q', 'pending', NULL)`,
      `INSERT INTO agent_configs (tenant_id, agent_id, provider, temperature, max_tokens, active) VALUES
         ('${tenantId}', 'DigitalPresenceAudit', 'openai', 0, 1, true)`,
      `INSERT INTO model_calls (tenant_id, run_id, step, answer, prompt_hash, model, input_tokens, output_tokens)
         VALUES ('${tenantId}', '${told}', 0, '{}', 'h', 'm', 3, 4)`,
      `INSERT INTO tool_calls (tenant_id, run_id, seq, tool, args_hash, ok, ms, bytes)
         VALUES ('${tenantId}', '${told}', 1, 'read_content', 'h', true, 1, 1)`,
      `INSERT INTO oauth_transactions (state_hash, tenant_id, user_id, connection_id, connector_id, redirect_uri,
         browser_hash, verifier_ref, expires_at)
         VALUES ('h', '${tenantId}', '${randomUUID()}', '${told}', 'hubspot', 'u', 'b', 'v', now())`,
    ]);
    const applied = await migrate(ownerUrl.href);
    expect(applied).toHaveLength((await readdir(MIGRATIONS_DIR)).length - 4);
    const carried = { ...reason, firstAt: at, lastAt: at };
    await expect(stores.connections.get(tenantId, told)).resolves.toMatchObject({
      ...{ reason: carried, authMethod: null, scopes: null },
    });
    const { data } = await stores.connections.events(tenantId, told, { limit: 10 });
    expect(data).toMatchObject([{ from: null, to: 'degraded', reason: carried }]);
    await expect(stores.connections.get(tenantId, silent)).resolves.toMatchObject({ reason: null });
    await expect(stores.agents.withTools(tenantId, ['read_content'])).resolves.toEqual(['DigitalPresenceAudit']);
    await expect(stores.agents.settings(tenantId, 'DigitalPresenceAudit')).resolves.toMatchObject({
      ...{ ...DEFAULT_SETTINGS, provider: 'openai', temperature: 0, maxTokens: 1, version: 1 },
    });
    const asked = { tenantId, runId: RunId.parse(told) };
    await expect(stores.transcripts.usage(asked)).resolves.toMatchObject({
      modelCalls: 1,
      toolCalls: 1,
      unpricedCalls: 1,
    });
    await expect(stores.oauthTransactions.find(tenantId, 'h')).resolves.toBeNull();
    await expect(migrate(ownerUrl.href)).resolves.toEqual([]);
  } finally {
    if (isPostgres)
      await asAdmin([`REASSIGN OWNED BY ${owner} TO CURRENT_USER`, `DROP OWNED BY ${owner}`, `DROP ROLE ${owner}`]);
  }
});
