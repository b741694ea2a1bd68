import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import { McpServer, McpTool } from '../../ports/mcp.ts';
import type { KeptMcpServer, McpServerStore } from '../../ports/mcp.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

/** Each is asked when a run of an agent that uses it begins. */
const SERVERS_MAX = 20;

const Tools = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.array(McpTool));
const Row = McpServer.extend({ tools: Tools, vaultPath: z.string().nullable() });
const columns = sql.fragment`id, name, url, included, tools, tools_hash, vault_path, changed_at, created_at`;

export const postgresMcpServers = (db: Database): McpServerStore => ({
  put: (tenantId, { id, name, url, included, tools, toolsHash, vaultPath }) =>
    db.inTenant(tenantId, async (tx) => {
      // One at a time, or two at once would both find the name free, and room for the last.
      await tx.query(sql.typeAlias('nothing')`
        SELECT pg_advisory_xact_lock(hashtextextended(${`mcp_servers ${tenantId}`}, 0))`);
      const others = await tx.any(sql.type(z.object({ name: z.string() }))`
        SELECT name FROM mcp_servers WHERE tenant_id = ${tenantId} AND id <> ${id}`);
      if (others.some((other) => other.name === name)) {
        throw new Fault('conflict', `Another server is named ${name} already; take another name.`);
      }
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

  get: (tenantId, id) =>
    db.inTenant(tenantId, async (tx) => {
      const kept = await tx.maybeOne(
        sql.type(Row)`SELECT ${columns} FROM mcp_servers WHERE tenant_id = ${tenantId} AND id = ${id}`,
      );
      if (!kept) throw new Fault('not_found', `There is no server ${id}.`);
      return kept;
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
