import { z } from 'zod';
import type { RunHead, TranscriptStore } from '../../ports/agent-runs.ts';
import { ToolCallRow } from '../../ports/agent-runs.ts';
import { beforeSeq, pageOf } from './paging.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

const NAME_MAX = 200;
const Nothing = z.object({});
const Listed = z.object({ ...ToolCallRow.shape, seq: z.number(), place: z.number() });

export const ofRun = ({ tenantId, runId }: RunHead) => sql.fragment`tenant_id = ${tenantId} AND run_id = ${runId}`;

/** A model or a vendor wrote it, and PostgreSQL keeps neither a NUL nor half a surrogate pair. */
const kept = (text: string) => text.toWellFormed().replaceAll('\0', '\uFFFD');

/** The log of tool calls: what was called and what came of it, never what was said. */
export const postgresToolCalls = (db: Database): Pick<TranscriptStore, 'recordTool' | 'toolCalls'> => ({
  async recordTool({ tenantId, runId }, { tool, receipt, argsHash, agentId, approvalId, ms, ...rest }, result) {
    const call = {
      ...{ ...rest, tool: kept(tool.slice(0, NAME_MAX)), receipt: receipt === null ? null : kept(receipt) },
      ...{ args_hash: argsHash, agent_id: agentId, approval_id: approvalId, ms: Math.round(ms) },
    };
    await db.call(Nothing, 'keep_result', [tenantId, runId, JSON.stringify(call), JSON.stringify(result)]);
  },

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
