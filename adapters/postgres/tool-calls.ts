import { z } from 'zod';
import type { RunHead, TranscriptStore } from '../../ports/agent-runs.ts';
import { ToolCallRow } from '../../ports/agent-runs.ts';
import { beforeSeq, pageOf } from './paging.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

const NAME_MAX = 200;
const Listed = z.object({ ...ToolCallRow.shape, seq: z.number(), place: z.number() });

export const ofRun = ({ tenantId, runId }: RunHead) => sql.fragment`tenant_id = ${tenantId} AND run_id = ${runId}`;

/** A model or a vendor wrote it, and PostgreSQL keeps neither a NUL nor half a surrogate pair. */
const kept = (text: string) => text.toWellFormed().replaceAll('\0', '\uFFFD');

/** The log of tool calls: what was called and what came of it, never what was said. */
export const postgresToolCalls = (db: Database): Pick<TranscriptStore, 'recordTool' | 'toolCalls'> => ({
  recordTool: (run, { seq, agentId, tool, effect, argsHash, ok, receipt, approvalId, flagged, ms, bytes }) =>
    db.inTenant(run.tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO tool_calls (tenant_id, run_id, seq, agent_id, tool, effect, args_hash, ok, receipt, approval_id, flagged,
          ms, bytes)
        VALUES (${run.tenantId}, ${run.runId}, ${seq}, ${agentId}, ${kept(tool.slice(0, NAME_MAX))}, ${effect}, ${argsHash},
          ${ok}, ${receipt === null ? null : kept(receipt)}, ${approvalId}, ${flagged}, ${Math.round(ms)}, ${bytes})
        ON CONFLICT (tenant_id, run_id, seq) DO NOTHING`);
    }),

  toolCalls: (tenantId, { runId, agentId }, page) =>
    db.inTenant(tenantId, async (tx) => {
      const ofOne = runId === undefined ? sql.fragment`` : sql.fragment`AND run_id = ${runId}`;
      const byOne = agentId === undefined ? sql.fragment`` : sql.fragment`AND agent_id = ${agentId}`;
      const rows = await tx.any(sql.type(Listed)`
        SELECT id AS place, run_id, seq, agent_id, tool, effect, args_hash, ok, receipt, approval_id, flagged, ms, bytes, at
        FROM tool_calls WHERE tenant_id = ${tenantId} AND id < ${beforeSeq(page)} ${ofOne} ${byOne}
        ORDER BY id DESC LIMIT ${page.limit + 1}`);
      const placed = rows.map(({ place, ...call }) => ({ seq: place, call }));
      return pageOf(placed, page, ({ call }) => call);
    }),
});
