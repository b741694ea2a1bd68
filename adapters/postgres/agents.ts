import { z } from 'zod';
import type { AgentSettings, AgentStore } from '../../ports/agents.ts';
import { AgentSettings as Settings } from '../../ports/agents.ts';
import { Fault } from '../../ports/errors.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

const Configured = Settings.extend({ version: z.int(), updatedAt: z.iso.datetime() });
const Listed = Configured.extend({ agentId: z.string() });
const Version = z.object({ version: z.int() });

const columns = sql.fragment`display_name, system_prompt, instructions, temperature, max_tokens, chosen_tools AS tools, provider,
  model, fallbacks, access, consents, active, version, updated_at`;

const names = (tools: string[] | null) => (tools === null ? null : sql.array(tools, 'text'));

const values = (it: AgentSettings) => sql.fragment`
  ${it.displayName}, ${it.systemPrompt}, ${it.instructions}, ${it.temperature}::float8, ${it.maxTokens}::int,
  ${names(it.tools)}::text[], ${it.provider}, ${it.model}, ${sql.jsonb(it.fallbacks)}, ${sql.jsonb(it.access)},
  ${sql.jsonb(it.consents)}, ${it.active}::boolean`;

const settable = sql.fragment`display_name, system_prompt, instructions, temperature, max_tokens, chosen_tools, provider,
  model, fallbacks, access, consents, active`;

const gone = (agentId: string) => new Fault('not_found', `The tenant has no agent ${agentId}.`);

export const postgresAgents = (db: Database): AgentStore => ({
  applyDefaults: (tenantId, agents, defaults) =>
    db.inTenant(tenantId, async (tx) => {
      // Where the tenant chose no tools of its own, they follow what is declared now.
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO agent_configs AS kept (tenant_id, agent_id, tools, ${settable})
        SELECT ${tenantId}, agent ->> 'id', ARRAY (SELECT jsonb_array_elements_text(agent -> 'tools')), ${values(defaults)}
        FROM jsonb_array_elements(${sql.jsonb(agents)}) AS agent
        ON CONFLICT (tenant_id, agent_id) DO UPDATE SET tools = excluded.tools WHERE kept.chosen_tools IS NULL`);
    }),

  withTools: (tenantId, tools) =>
    db.inTenant(tenantId, async (tx) => {
      const found = await tx.any(sql.typeAlias('id')`
        SELECT agent_id AS id FROM agent_configs
        WHERE tenant_id = ${tenantId} AND active AND tools && ${sql.array(tools, 'text')} ORDER BY agent_id`);
      return found.map(({ id }) => id);
    }),

  settings: (tenantId, agentId) =>
    db.inTenant(tenantId, async (tx) => {
      const found = await tx.maybeOne(sql.type(Configured)`
        SELECT ${columns} FROM agent_configs WHERE tenant_id = ${tenantId} AND agent_id = ${agentId}`);
      if (!found) throw gone(agentId);
      return found;
    }),

  list: (tenantId) =>
    db.inTenant(tenantId, async (tx) => [
      ...(await tx.any(sql.type(Listed)`
        SELECT agent_id, ${columns} FROM agent_configs WHERE tenant_id = ${tenantId} ORDER BY agent_id`)),
    ]),

  change: (tenantId, agentId, version, settings, tools) =>
    db.inTenant(tenantId, async (tx) => {
      const changed = await tx.maybeOne(sql.type(Version)`
        UPDATE agent_configs SET (${settable}) = (SELECT ${values(settings)}), tools = ${sql.array(tools, 'text')},
          version = version + 1, updated_at = now()
        WHERE tenant_id = ${tenantId} AND agent_id = ${agentId} AND version = ${version} RETURNING version`);
      if (changed) return changed;
      const found = await tx.maybeOne(sql.type(Version)`
        SELECT version FROM agent_configs WHERE tenant_id = ${tenantId} AND agent_id = ${agentId}`);
      if (!found) throw gone(agentId);
      const message = `Somebody changed the agent meanwhile: version ${found.version} is in use, not ${version}. Read it again.`;
      throw new Fault('conflict', message);
    }),

  clear: (tenantId) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`DELETE FROM agent_configs WHERE tenant_id = ${tenantId}`);
    }),
});
