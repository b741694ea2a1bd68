import { z } from 'zod';
import type { ModelCallRow, RunHead, TranscriptStore } from '../../ports/agent-runs.ts';
import { RunUsage } from '../../ports/agent-runs.ts';
import { Fault } from '../../ports/errors.ts';
import type { ModelAnswer, ModelMessage } from '../../ports/models.ts';
import { Provider } from '../../ports/models.ts';
import { afterSeq, pageFrom } from './paging.ts';
import type { Database, Tx } from './pool.ts';
import { endReservation } from './spending.ts';
import { sql } from './sql.ts';
import { ofRun, postgresToolCalls } from './tool-calls.ts';

const Line = z.object({ seq: z.number(), message: z.string(), at: z.iso.datetime() });
const Answer = z.object({ answer: z.string() });
const Attempts = z.object({ attempts: z.number() });
const Call = z.object({
  step: z.number(),
  provider: Provider,
  model: z.string(),
  finish: z.enum(['stop', 'tool', 'length', 'refusal', 'filter']),
  promptHash: z.string(),
  attempts: z.number(),
  at: z.iso.datetime(),
}) satisfies z.ZodType<ModelCallRow>;

const parsed = (message: string) => JSON.parse(message) as ModelMessage;

export const postgresTranscripts = (db: Database): TranscriptStore => ({
  load: (run, from, upto) =>
    db.inTenant(run.tenantId, async (tx) => {
      const rows = await tx.any(sql.type(Line)`
        SELECT seq, message, at FROM transcript WHERE ${ofRun(run)} AND seq >= ${from} AND seq < ${upto} ORDER BY seq`);
      // A model that is shown half of the conversation answers something else.
      if (rows.length !== Math.max(0, upto - from))
        throw new Fault('not_found', `The transcript of run ${run.runId} is not whole.`);
      return rows.map(({ message }) => parsed(message));
    }),

  lines: (run, page) =>
    db.inTenant(run.tenantId, async (tx) => {
      // A transcript begins at 0.
      const after = page.cursor === undefined ? -1 : afterSeq(page);
      const rows = await tx.any(sql.type(Line)`
        SELECT seq, message, at FROM transcript WHERE ${ofRun(run)} AND seq > ${after}
        ORDER BY seq LIMIT ${page.limit + 1}`);
      return pageFrom(rows, page, ({ seq, message, at }) => ({ seq, at, message: parsed(message) }));
    }),

  append: (run, seq, messages) => db.inTenant(run.tenantId, (tx) => append(tx, run, seq, messages)),

  attempt: (run, step, agentId) =>
    db.inTenant(run.tenantId, async (tx) => {
      const { attempts } = await tx.one(sql.type(Attempts)`
        INSERT INTO model_attempts AS made (tenant_id, run_id, step, agent_id)
        VALUES (${run.tenantId}, ${run.runId}, ${step}, ${agentId})
        ON CONFLICT (tenant_id, run_id, step) DO UPDATE SET attempts = made.attempts + 1, last_at = now()
        RETURNING attempts`);
      return attempts - 1;
    }),

  journalled: (run, step) =>
    db.inTenant(run.tenantId, async (tx) => {
      const row = await tx.maybeOne(
        sql.type(Answer)`SELECT answer FROM model_calls WHERE ${ofRun(run)} AND step = ${step}`,
      );
      return row ? (JSON.parse(row.answer) as ModelAnswer) : null;
    }),

  journal: (run, step, { agentId, answer, promptHash, opId, said }) =>
    db.inTenant(run.tenantId, async (tx) => {
      const { usage } = answer;
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO model_calls (tenant_id, run_id, step, answer, prompt_hash, agent_id, provider, model, finish, input_tokens,
          cached_tokens, output_tokens, reasoning_tokens, cost_micros, priced, first_token_ms, took_ms)
        VALUES (${run.tenantId}, ${run.runId}, ${step}, ${JSON.stringify(answer)}, ${promptHash}, ${agentId},
          ${answer.model.provider}, ${answer.model.model}, ${answer.finish}, ${usage.inputTokens}, ${usage.cachedTokens},
          ${usage.outputTokens}, ${usage.reasoningTokens}, ${answer.costMicros}, ${answer.priced},
          ${Math.round(answer.firstTokenMs)}, ${Math.round(answer.tookMs)})
        ON CONFLICT (tenant_id, run_id, step) DO NOTHING`);
      await endReservation(tx, run.tenantId, opId, answer.costMicros);
      if (said) await append(tx, run, said.seq, [said.message]);
    }),

  usage: (run) => usageOf(db, run),

  modelCalls: (run) =>
    db.inTenant(run.tenantId, async (tx) => [
      ...(await tx.any(sql.type(Call)`
        SELECT step, provider, model, finish, prompt_hash, coalesce(attempts, 1) AS attempts, at
        FROM model_calls LEFT JOIN model_attempts USING (tenant_id, run_id, step)
        WHERE ${ofRun(run)} ORDER BY step`)),
    ]),

  ...postgresToolCalls(db),
});

const append = async (tx: Tx, run: RunHead, seq: number, messages: ModelMessage[]): Promise<void> => {
  await tx.query(sql.typeAlias('nothing')`
    INSERT INTO transcript (tenant_id, run_id, seq, message)
    SELECT ${run.tenantId}, ${run.runId}, seq, message
    FROM ${sql.unnest(
      messages.map((message, index) => [seq + index, JSON.stringify(message)]),
      ['int4', 'text'],
    )} AS line (seq, message)
    ON CONFLICT (tenant_id, run_id, seq) DO NOTHING`);
};

const usageOf = (db: Database, run: RunHead): Promise<RunUsage> =>
  db.inTenant(run.tenantId, (tx) =>
    tx.one(sql.type(RunUsage)`
      SELECT count(*) AS model_calls, (SELECT count(*) FROM tool_calls WHERE ${ofRun(run)}) AS tool_calls,
        coalesce(sum(input_tokens), 0)::bigint AS input_tokens, coalesce(sum(cached_tokens), 0)::bigint AS cached_tokens,
        coalesce(sum(output_tokens), 0)::bigint AS output_tokens,
        coalesce(sum(reasoning_tokens), 0)::bigint AS reasoning_tokens,
        coalesce(sum(cost_micros), 0)::bigint AS cost_micros, count(*) FILTER (WHERE NOT priced) AS unpriced_calls
      FROM model_calls WHERE ${ofRun(run)}`),
  );
