import { AgentMetrics } from '../../ports/agent-runs.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

const median = (value: ReturnType<typeof sql.fragment>, part = 0.5) =>
  sql.fragment`round(percentile_cont(${part}) WITHIN GROUP (ORDER BY ${value}))::bigint`;

/** Runs that began in this time with all that was called for them, also later. Each table is read once, by its run. */
export const agentMetrics = (
  db: Database,
  tenantId: TenantId,
  { from, to, agentId }: { from: string; to: string; agentId: string | undefined },
): Promise<AgentMetrics[]> =>
  db.inTenant(tenantId, async (tx) => {
    const one = agentId === undefined ? sql.fragment`` : sql.fragment`AND subject = ${agentId}`;
    const took = sql.fragment`extract(epoch FROM ended_at - started_at) * 1000`;
    const rows = await tx.any(sql.type(AgentMetrics)`
      WITH begun AS (
        SELECT run_id, subject AS agent_id, state, started_at, ended_at FROM agent_runs
        WHERE tenant_id = ${tenantId} AND kind <> 'crew' AND NOT sandbox
          AND started_at >= ${from}::timestamptz AND started_at < ${to}::timestamptz ${one}
      ), runs AS (
        SELECT agent_id, count(*) AS runs, count(*) FILTER (WHERE state = 'completed') AS succeeded,
          count(*) FILTER (WHERE state = 'failed') AS failed, count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
          ${median(took)} AS latency_p50_ms, ${median(took, 0.95)} AS latency_p95_ms
        FROM begun GROUP BY agent_id
      ), models AS (
        SELECT begun.agent_id, count(*) AS model_calls, sum(input_tokens) AS input_tokens, sum(cached_tokens) AS cached_tokens,
          sum(output_tokens) AS output_tokens, sum(cost_micros) AS cost_micros,
          ${median(sql.fragment`first_token_ms`)} AS first_token_p50_ms
        FROM begun JOIN model_calls AS it ON it.tenant_id = ${tenantId} AND it.run_id = begun.run_id GROUP BY begun.agent_id
      ), tools AS (
        SELECT begun.agent_id, count(*) AS tool_calls, count(*) FILTER (WHERE NOT ok) AS tool_errors
        FROM begun JOIN tool_calls AS it ON it.tenant_id = ${tenantId} AND it.run_id = begun.run_id GROUP BY begun.agent_id
      )
      SELECT agent_id, runs, succeeded, failed, cancelled, latency_p50_ms, latency_p95_ms, first_token_p50_ms,
        coalesce(model_calls, 0) AS model_calls,
        coalesce(tool_calls, 0) AS tool_calls, coalesce(tool_errors, 0) AS tool_errors,
        coalesce(input_tokens, 0)::bigint AS input_tokens, coalesce(cached_tokens, 0)::bigint AS cached_tokens,
        coalesce(output_tokens, 0)::bigint AS output_tokens, coalesce(cost_micros, 0)::bigint AS cost_micros
      FROM runs LEFT JOIN models USING (agent_id) LEFT JOIN tools USING (agent_id) ORDER BY agent_id`);
    return [...rows];
  });
