import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import type { TenantId } from '../../ports/ids.ts';
import { McpServer, McpTool } from '../../ports/mcp.ts';
import type { KeptMcpServer, McpServerStore } from '../../ports/mcp.ts';
import type { Database, Tx } from './pool.ts';
import { sql } from './sql.ts';

/** Each is asked when a run of an agent that uses it begins. */
const SERVERS_MAX = 20;

const Tools = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.array(McpTool));
const Row = McpServer.extend({ tools: Tools, vaultPath: z.string().nullable() });
const columns = sql.fragment`id, name, url, included, tools, tools_hash, vault_path, changed_at, created_at`;

async function one(tx: Tx, tenantId: TenantId, id: string): Promise<KeptMcpServer> {
  const kept = await tx.maybeOne(
    sql.type(Row)`SELECT ${columns} FROM mcp_servers WHERE tenant_id = ${tenantId} AND id = ${id}`,
  );
  if (!kept) throw new Fault('not_found', `There is no server ${id}.`);
  return kept;
}

/** `conflict` when the name, or a tool's whole name, is another server's. The other servers; the caller alone changes any until it ends. */
async function claimNames(
  tx: Tx,
  tenantId: TenantId,
  { id, name, tools }: Pick<KeptMcpServer, 'id' | 'name' | 'tools'>,
) {
  // One at a time, or two at once would both find the name free, and room for the last.
  await tx.query(sql.typeAlias('nothing')`
    SELECT pg_advisory_xact_lock(hashtextextended(${`mcp_servers ${tenantId}`}, 0))`);
  const others = await tx.any(sql.type(Row.pick({ name: true, tools: true }))`
    SELECT name, tools FROM mcp_servers WHERE tenant_id = ${tenantId} AND id <> ${id}`);
  if (others.some((other) => other.name === name)) {
    throw new Fault('conflict', `Another server is named ${name} already; take another name.`);
  }
  // As `mcp_<server>_<tool>` the parts of two names may come to the same.
  const names = new Set(tools.map((tool) => `${name}_${tool.name}`));
  const twin = others.find((other) => other.tools.some((tool) => names.has(`${other.name}_${tool.name}`)));
  if (twin) {
    throw new Fault('conflict', `A tool of the server ${twin.name} has the same name already; take another name.`);
  }
  return others;
}

export const postgresMcpServers = (db: Database): McpServerStore => ({
  put: (tenantId, { id, name, url, included, tools, toolsHash, vaultPath }) =>
    db.inTenant(tenantId, async (tx) => {
      const others = await claimNames(tx, tenantId, { id, name, tools });
      if (others.length >= SERVERS_MAX) {
        throw new Fault('conflict', `There are ${SERVERS_MAX} servers already; remove one first.`);
      }
      const list = included === null ? sql.fragment`NULL` : sql.array(included, 'text');
      const kept = await tx.maybeOne(sql.type(Row)`
        INSERT INTO mcp_servers AS kept (id, tenant_id, name, url, included, tools, tools_hash, vault_path)
        VALUES (${id}, ${tenantId}, ${name}, ${url}, ${list}, ${JSON.stringify(tools)}, ${toolsHash}, ${vaultPath})
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, url = excluded.url, included = excluded.included,
          tools = excluded.tools, tools_hash = excluded.tools_hash, vault_path = excluded.vault_path, changed_at = NULL
        WHERE kept.tenant_id = ${tenantId}
        RETURNING ${columns}`);
      if (!kept) throw new Fault('not_found', `There is no server ${id}.`);
      return kept;
    }),

  list: (tenantId) =>
    db.inTenant(tenantId, async (tx): Promise<KeptMcpServer[]> => {
      const rows = await tx.any(sql.type(Row)`
        SELECT ${columns} FROM mcp_servers WHERE tenant_id = ${tenantId} ORDER BY name`);
      return [...rows];
    }),

  get: (tenantId, id) => db.inTenant(tenantId, (tx) => one(tx, tenantId, id)),

  pin: (tenantId, id, before, { tools, toolsHash }) =>
    db.inTenant(tenantId, async (tx) => {
      const { name } = await one(tx, tenantId, id);
      await claimNames(tx, tenantId, { id, name, tools });
      const kept = await tx.maybeOne(sql.type(Row)`
        UPDATE mcp_servers SET tools = ${JSON.stringify(tools)}, tools_hash = ${toolsHash}, changed_at = NULL
        WHERE tenant_id = ${tenantId} AND id = ${id} AND tools_hash IN (${before}, ${toolsHash})
        RETURNING ${columns}`);
      if (kept) return kept;
      await one(tx, tenantId, id);
      throw new Fault('conflict', 'Another list of its tools was agreed to meanwhile; look at them again.');
    }),

  markChanged: (tenantId, id) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        UPDATE mcp_servers SET changed_at = coalesce(changed_at, now()) WHERE tenant_id = ${tenantId} AND id = ${id}`);
    }),

  remove: (tenantId, id) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`DELETE FROM mcp_servers WHERE tenant_id = ${tenantId} AND id = ${id}`);
    }),
});
