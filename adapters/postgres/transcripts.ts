import { z } from 'zod';
import type { ModelCallRow, RunHead, TranscriptStore } from '../../ports/agent-runs.ts';
import { RunUsage } from '../../ports/agent-runs.ts';
import { Fault } from '../../ports/errors.ts';
import type { ModelAnswer, ModelMessage } from '../../ports/models.ts';
import { Provider } from '../../ports/models.ts';
import { afterSeq, pageFrom } from './paging.ts';
import type { Database, Tx } from './pool.ts';
import { opOf } from './spending.ts';
import { sql } from './sql.ts';
import { ofRun, postgresToolCalls } from './tool-calls.ts';

const Line = z.object({ seq: z.number(), message: z.string(), at: z.iso.datetime() });
const Turn = z.object({ answer: z.string().nullable(), messages: z.string() });
const Kept = z.object({ stands: z.string().nullable() });
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
  turn: (run, turn) => openTurn(db, run, turn),
  load: async (run, from, upto) => (await openTurn(db, run, { step: null, from, upto })).messages,

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

  async journal(asking, { agentId, answer, promptHash, said }) {
    const { run, step } = asking;
    const { usage, model, finish, costMicros, priced, firstTokenMs, tookMs } = answer;
    const call = {
      ...{ step, prompt_hash: promptHash, agent_id: agentId, provider: model.provider, model: model.model, finish },
      ...{ input_tokens: usage.inputTokens, cached_tokens: usage.cachedTokens, output_tokens: usage.outputTokens },
      ...{ reasoning_tokens: usage.reasoningTokens, cost_micros: costMicros, priced },
      ...{ first_token_ms: Math.round(firstTokenMs), took_ms: Math.round(tookMs) },
    };
    const kept = [opOf(asking), JSON.stringify(answer), JSON.stringify(call)];
    const message = said ? [String(said.seq), JSON.stringify(said.message)] : [null, null];
    const [row] = await db.call(Kept, 'keep_answer', [run.tenantId, run.runId, ...kept, ...message]);
    return row?.stands ? (JSON.parse(row.stands) as ModelAnswer) : answer;
  },

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

/** `step` null: only messages are asked for. */
const openTurn = async (
  db: Database,
  { tenantId, runId }: RunHead,
  { step, from, upto }: { step: number | null; from: number; upto: number },
) => {
  const given = [tenantId, runId, step === null ? null : String(step), String(from), String(upto)];
  const [row] = await db.call(Turn, 'open_turn', given);
  const messages = JSON.parse(row?.messages ?? '[]') as ModelMessage[];
  // A model that is shown half of the conversation answers something else.
  if (messages.length !== Math.max(0, upto - from))
    throw new Fault('not_found', `The transcript of run ${runId} is not whole.`);
  return { answer: row?.answer ? (JSON.parse(row.answer) as ModelAnswer) : null, messages };
};

const append = async (tx: Tx, run: RunHead, seq: number, messages: ModelMessage[]): Promise<void> => {
  await tx.query(sql.typeAlias('nothing')`
    INSERT INTO transcript (tenant_id, run_id, seq, message)
    SELECT ${run.tenantId}, ${run.runId}, seq, message
    FROM ${sql.unnest(
      messages.map((message, index) => [seq + index, JSON.stringify(message)]),
      ['int4', 'text'],
    )} AS line (seq, message)
    WHERE NOT is_deleted_chat(${run.tenantId}, ${run.runId})
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
