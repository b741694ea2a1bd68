import { z } from 'zod';
import type { AgentRunStore } from '../../ports/agent-runs.ts';
import { AgentRun } from '../../ports/agent-runs.ts';
import { Fault } from '../../ports/errors.ts';
import { agentMetrics } from './agent-metrics.ts';
import { beforeSeq, pageOf } from './paging.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';
import { ofRun } from './tool-calls.ts';

const Row = AgentRun.extend({
  error: z
    .string()
    .nullable()
    .transform((text) => (text === null ? null : (JSON.parse(text) as AgentRun['error']))),
});
const Listed = Row.extend({ seq: z.number() });

const columns = sql.fragment`run_id, kind, subject, parent_run_id, operation_id, version, pin_id, pin_hash, toolset_hash, limits,
  sandbox, state, error, reply_id, started_by, started_at, ended_at`;

export const postgresAgentRuns = (db: Database): AgentRunStore => ({
  begin: (tenantId, { runId, kind, subject, parentRunId, operationId, version, sandbox, startedBy, pin, limits }) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO agent_runs (tenant_id, run_id, kind, subject, parent_run_id, operation_id, version, pin_id, pin_hash,
          toolset_hash, limits, sandbox, started_by)
        VALUES (${tenantId}, ${runId}, ${kind}, ${subject}, ${parentRunId}, ${operationId}, ${version}, ${pin?.id ?? null},
          ${pin?.sha256 ?? null}, ${pin?.toolsetHash ?? null}, ${sql.jsonb(limits)}, ${sandbox}, ${startedBy})
        ON CONFLICT (tenant_id, run_id) DO UPDATE SET version = excluded.version, pin_id = excluded.pin_id,
          pin_hash = excluded.pin_hash, toolset_hash = excluded.toolset_hash, limits = excluded.limits
          WHERE agent_runs.pin_id IS NULL AND excluded.pin_id IS NOT NULL`);
    }),

  end: (run, { state, error, replyId }) =>
    db.inTenant(run.tenantId, async (tx) => {
      const said = error === null ? null : JSON.stringify(error);
      await tx.query(sql.typeAlias('nothing')`
        UPDATE agent_runs SET state = ${state}, error = ${said}, reply_id = ${replyId}, ended_at = now()
        WHERE ${ofRun(run)} AND state = 'running'`);
    }),

  get: (run) =>
    db.inTenant(run.tenantId, async (tx) => {
      const found = await tx.maybeOne(sql.type(Row)`SELECT ${columns} FROM agent_runs WHERE ${ofRun(run)}`);
      if (!found) throw new Fault('not_found', `There is no run ${run.runId}.`);
      return found;
    }),

  list: (tenantId, { subject, under, startedBy }, page) =>
    db.inTenant(tenantId, async (tx) => {
      const part = under === undefined ? sql.fragment`parent_run_id IS NULL` : sql.fragment`parent_run_id = ${under}`;
      const named = subject === undefined ? sql.fragment`` : sql.fragment`AND subject = ${subject}`;
      const own = startedBy === undefined ? sql.fragment`` : sql.fragment`AND started_by = ${startedBy}`;
      const rows = await tx.any(sql.type(Listed)`
        SELECT seq, ${columns} FROM agent_runs
        WHERE tenant_id = ${tenantId} AND kind <> 'conversation' AND ${part} AND seq < ${beforeSeq(page)} ${named} ${own}
        ORDER BY seq DESC LIMIT ${page.limit + 1}`);
      return pageOf(rows, page, ({ seq: _seq, ...run }) => run);
    }),

  metrics: (tenantId, from, to, agentId) => agentMetrics(db, tenantId, { from, to, agentId }),
});
