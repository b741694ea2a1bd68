import { z } from 'zod';
import type { RunHead, TranscriptStore } from '../../ports/agents.ts';
import { Fault } from '../../ports/errors.ts';
import type { ModelAnswer, ModelMessage } from '../../ports/models.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

const Message = z.object({ message: z.string() });
const Answer = z.object({ answer: z.string() });
const Usage = z.object({
  modelCalls: z.number(),
  toolCalls: z.number(),
  inputTokens: z.number(),
  outputTokens: z.number(),
});

const ofRun = ({ tenantId, runId }: RunHead) => sql.fragment`tenant_id = ${tenantId} AND run_id = ${runId}`;

export const postgresTranscripts = (db: Database): TranscriptStore => ({
  load: (run, upto) =>
    db.inTenant(run.tenantId, async (tx) => {
      const rows = await tx.any(
        sql.type(Message)`SELECT message FROM transcript WHERE ${ofRun(run)} AND seq < ${upto} ORDER BY seq`,
      );
      // A model that is shown half of the conversation answers something else.
      if (rows.length !== upto) throw new Fault('not_found', `The transcript of run ${run.runId} is not whole.`);
      return rows.map(({ message }) => JSON.parse(message) as ModelMessage);
    }),

  append: (run, seq, messages) =>
    db.inTenant(run.tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO transcript (tenant_id, run_id, seq, message)
        SELECT ${run.tenantId}, ${run.runId}, seq, message
        FROM ${sql.unnest(
          messages.map((message, index) => [seq + index, JSON.stringify(message)]),
          ['int4', 'text'],
        )} AS line (seq, message)
        ON CONFLICT (tenant_id, run_id, seq) DO NOTHING`);
    }),

  journalled: (run, step) =>
    db.inTenant(run.tenantId, async (tx) => {
      const row = await tx.maybeOne(
        sql.type(Answer)`SELECT answer FROM model_calls WHERE ${ofRun(run)} AND step = ${step}`,
      );
      return row ? (JSON.parse(row.answer) as ModelAnswer) : null;
    }),

  journal: (run, step, answer, promptHash) =>
    db.inTenant(run.tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO model_calls (tenant_id, run_id, step, answer, prompt_hash, model, input_tokens, output_tokens)
        VALUES (${run.tenantId}, ${run.runId}, ${step}, ${JSON.stringify(answer)}, ${promptHash}, ${answer.model},
          ${answer.usage.inputTokens}, ${answer.usage.outputTokens})
        ON CONFLICT (tenant_id, run_id, step) DO NOTHING`);
    }),

  recordTool: (run, seq, { tool, argsHash, ok, ms, bytes }) =>
    db.inTenant(run.tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO tool_calls (tenant_id, run_id, seq, tool, args_hash, ok, ms, bytes)
        VALUES (${run.tenantId}, ${run.runId}, ${seq}, ${tool}, ${argsHash}, ${ok}, ${Math.round(ms)}, ${bytes})
        ON CONFLICT (tenant_id, run_id, seq) DO NOTHING`);
    }),

  usage: (run) =>
    db.inTenant(run.tenantId, (tx) =>
      tx.one(sql.type(Usage)`
        SELECT count(*) AS model_calls, coalesce(sum(input_tokens), 0)::bigint AS input_tokens,
          coalesce(sum(output_tokens), 0)::bigint AS output_tokens,
          (SELECT count(*) FROM tool_calls WHERE ${ofRun(run)}) AS tool_calls
        FROM model_calls WHERE ${ofRun(run)}`),
    ),
});
