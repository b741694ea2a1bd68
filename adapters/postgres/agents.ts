import { z } from 'zod';
import type { AgentStore } from '../../ports/agents.ts';
import { Fault } from '../../ports/errors.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

const Settings = z.object({
  provider: z.string(),
  model: z.string().nullable(),
  temperature: z.number(),
  maxTokens: z.number(),
  active: z.boolean(),
});

export const postgresAgents = (db: Database): AgentStore => ({
  applyDefaults: (tenantId, agents, { provider, model, temperature, maxTokens, active }) =>
    db.inTenant(tenantId, async (tx) => {
      // Its tools are the agent's own, no choice of the tenant: they follow what is declared now.
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO agent_configs (tenant_id, agent_id, tools, provider, model, temperature, max_tokens, active)
        SELECT ${tenantId}, agent ->> 'id', ARRAY (SELECT jsonb_array_elements_text(agent -> 'tools')),
          ${provider}, ${model}, ${temperature}::float8, ${maxTokens}::int, ${active}::boolean
        FROM jsonb_array_elements(${sql.jsonb(agents)}) AS agent
        ON CONFLICT (tenant_id, agent_id) DO UPDATE SET tools = excluded.tools`);
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
      const found = await tx.maybeOne(sql.type(Settings)`
        SELECT provider, model, temperature, max_tokens, active FROM agent_configs
        WHERE tenant_id = ${tenantId} AND agent_id = ${agentId}`);
      if (!found) throw new Fault('not_found', `The tenant has no agent ${agentId}.`);
      return found;
    }),

  clear: (tenantId) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`DELETE FROM agent_configs WHERE tenant_id = ${tenantId}`);
    }),
});
