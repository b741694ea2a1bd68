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
  applyDefaults: (tenantId, agentIds, { provider, model, temperature, maxTokens, active }) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO agent_configs (tenant_id, agent_id, provider, model, temperature, max_tokens, active)
        SELECT ${tenantId}, agent_id, ${provider}, ${model}, ${temperature}::float8, ${maxTokens}::int, ${active}::boolean
        FROM unnest(${sql.array(agentIds, 'text')}) AS agent_id
        ON CONFLICT (tenant_id, agent_id) DO NOTHING`);
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
