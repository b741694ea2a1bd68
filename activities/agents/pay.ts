import { Context } from '@temporalio/activity';
import { Fault } from '../../ports/errors.ts';
import type { WorkerPorts } from '../../ports/index.ts';
import type { ModelAnswer, ModelRequest } from '../../ports/models.ts';
import type { Asking } from '../../ports/spending.ts';
import { clean } from '../guardrails/outgoing.ts';
import { createBudgets } from './budgets.ts';
import { createPieces } from './pieces.ts';
import type { AtWork, Short, StepAsked } from './terms.ts';

/** Calls of one turn that are listened to: what a model writes beyond that is noise. */
const CALLS_MAX = 64;
/** Of a model's context; above it the next turn may not fit. */
const CROWDED = 0.7;

/** Provider codes of calls whose answer was lost, and perhaps paid. */
const LOST = new Set<string | null>(['timeout', 'cut']);

type Needs = Pick<WorkerPorts, 'llm' | 'spending' | 'tenants' | 'transcripts' | 'tokenStream' | 'hash'>;

export interface TurnDue {
  at: AtWork;
  asked: StepAsked;
  /** The step's answer that was journalled before; null: none yet. */
  before: ModelAnswer | null;
  /** What is asked when there is none. */
  request: () => ModelRequest;
  /** The answer is the run's next message, at `asked.upto`, and people may watch it being written. */
  shown: boolean;
}

export type Answered = { answer: ModelAnswer; crowded: boolean } | { short: Short };

/**
 * One paid call for one step of a run, at most once for each answer that is kept: reserved from all budgets before it, and
 * journalled and settled in one transaction after it. A retry finds the journal and pays nothing.
 */
export const createPayment = ({ llm, spending, tenants, transcripts, tokenStream, hash }: Needs) => {
  const budgetsOf = createBudgets({ spending, tenants });
  const crowds = ({ model }: ModelRequest, inputTokens: number): boolean => {
    const { contextTokens } = llm.info(model);
    return contextTokens !== null && inputTokens > contextTokens * CROWDED;
  };
  const mustFit = ({ model, maxTokens }: ModelRequest, inputTokens: number): void => {
    const { contextTokens } = llm.info(model);
    if (contextTokens !== null && inputTokens + maxTokens > contextTokens)
      throw new Fault(
        'llm_context_overflow',
        `The conversation does not fit into the ${contextTokens} tokens of ${model.model}.`,
      );
  };

  /** What was reserved goes back, unless the answer may have been paid and only got lost. */
  const failed = async (asking: Asking, worstMicros: number, lived: boolean, error: unknown) => {
    const refused = error instanceof Fault && !LOST.has(error.providerCode);
    if (refused && !lived) await spending.release(asking);
    else await spending.settle(asking, worstMicros);
  };

  return async ({ at, asked: { step, micros, upto }, before, request: make, shown }: TurnDue): Promise<Answered> => {
    const { agentId } = at;
    if (before) {
      if (shown) await transcripts.append(at, upto, [messageOf(before)]);
      return { answer: before, crowded: false };
    }
    const request = make();
    const { inputTokens, worstMicros } = llm.estimate(request);
    mustFit(request, inputTokens);
    const { cancellationSignal: signal, info } = Context.current();
    const asking = { run: at, step, id: `${info.activityId}.${info.attempt}` };
    const from = await budgetsOf(at, micros);
    const reserved = await spending.reserve(asking, { agentId, micros: worstMicros, from });
    if (!reserved.ok) {
      const { scope, limitMicros } = reserved.exceeded;
      return { short: { scope, limitMicros: limitMicros ?? 0, needMicros: worstMicros } };
    }
    const pieces = shown ? createPieces({ tokenStream }, at, step, reserved.earlier > 0) : null;
    let lived = false;
    const onLife = () => void (lived = true);
    const onText = (text: string) => pieces?.text(text);
    let answer: ModelAnswer;
    try {
      answer = await llm.complete(request, { signal, onText, onLife });
    } catch (error) {
      await failed(asking, worstMicros, lived || signal.aborted, error);
      throw error;
    }
    answer = { ...answer, content: clean(answer.content), toolCalls: answer.toolCalls.slice(0, CALLS_MAX) };
    const said = shown ? { seq: upto, message: messageOf(answer) } : undefined;
    const promptHash = hash(JSON.stringify(request.messages));
    // Of two attempts that overlapped one answer is kept, and whoever comes second goes by that one, too.
    const stands = await transcripts.journal(asking, { agentId, answer, promptHash, said });
    await pieces?.end();
    return { answer: stands, crowded: crowds(request, inputTokens) };
  };
};
export type Payment = ReturnType<typeof createPayment>;

/** The answer as the transcript holds it. */
const messageOf = ({ content, toolCalls, kept }: ModelAnswer) => ({
  ...{ role: 'assistant' as const, content, toolCalls },
  ...(kept !== undefined && { kept }),
});

/** Tokens of one answer as limits count them. */
export const tokensOf = ({ usage }: ModelAnswer): number => usage.inputTokens + usage.outputTokens;
