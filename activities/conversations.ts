import { z } from 'zod';
import type { RunHead } from '../ports/agent-runs.ts';
import type { ContentRef } from '../ports/content.ts';
import type { Utterance } from '../ports/conversations.ts';
import { isFault } from '../ports/errors.ts';
import type { WorkerPorts } from '../ports/index.ts';
import { spendScopes } from '../ports/spending.ts';
import type { AgentActivities } from './agents/index.ts';
import type { AgentTask, RunPlan } from './agents/terms.ts';

/** How an answer ended. */
export interface AnswerEnd {
  messageId: string;
  state: 'done' | 'failed' | 'cancelled';
  /** `{ text }`; null: there is none. */
  reply: ContentRef | null;
  error: { code: string; message: string } | null;
}

/** A message that is to be answered, and where its chat stands. */
export interface AnswerDue {
  messageId: string;
  /** `{ text }`. */
  said: ContentRef;
  /** The answer's first model turn. */
  step: number;
  /** Messages that the transcript holds. */
  upto: number;
  /** What the chat cost before as far as its workflow heard of it, in micro-dollars. */
  spentMicros: number;
}

type Needs = Pick<WorkerPorts, 'conversations' | 'content' | 'spending'>;
type Agents = Pick<AgentActivities, 'planAgent' | 'limitRun' | 'hear'>;

const Text = z.object({ text: z.string() });
const NOTHING = { saidInto: null, step: null, state: null, error: null } satisfies Partial<Utterance>;

/** Whoever deletes a chat may do so while its agent speaks. */
const unlessGone = async (say: () => Promise<void>): Promise<void> => {
  try {
    await say();
  } catch (error) {
    if (!isFault(error, 'not_found')) throw error;
  }
};

export const createConversationActivities = ({ conversations, content, spending }: Needs, agents: Agents) => {
  const textOf = async (tenantId: RunHead['tenantId'], { id }: ContentRef) =>
    Text.parse(await content.get(tenantId, id)).text;

  /** By all that was ever asked in it: also by answers that were cut off and by agents that it handed work to. */
  const spentBy = async ({ tenantId, runId }: RunHead): Promise<number> => {
    const budget = await spending.get(tenantId, spendScopes.run(runId));
    return (budget?.spentMicros ?? 0) + (budget?.reservedMicros ?? 0);
  };

  const beginAnswer = ({ tenantId, runId }: RunHead, messageId: string, step: number): Promise<void> =>
    unlessGone(() =>
      conversations.say(tenantId, runId, { ...NOTHING, messageId, role: 'assistant', content: '', step }),
    );

  return {
    /** Where the agent stands after all that was said before. Nobody else answers this chat any more. */
    recallChat: async ({ tenantId, runId }: RunHead): Promise<{ kept: unknown; turns: number }> => {
      await conversations.failUnanswered(tenantId, runId);
      return conversations.stand(tenantId, runId);
    },

    /** Whether this message was said already, and into which other one. Reads only. */
    saidBefore: async (
      { tenantId, runId }: RunHead,
      messageId: string,
    ): Promise<{ saidInto: string | null } | null> => {
      const said = await conversations.find(tenantId, runId, messageId, 'user');
      return said ? { saidInto: said.saidInto } : null;
    },

    recordSaid: async (
      { tenantId, runId }: RunHead,
      { messageId, said, saidInto }: { messageId: string; said: ContentRef; saidInto: string | null },
    ): Promise<void> => {
      const text = await textOf(tenantId, said);
      await conversations.say(tenantId, runId, { ...NOTHING, messageId, role: 'user', content: text, saidInto });
    },

    /** From now on viewers know which model turns are this answer's. */
    beginAnswer,

    /**
     * All that stands before an answer's first model turn, in one go: viewers know which turns are this answer's, the agent is
     * pinned as it is now, the chat may spend what a message may beyond what it spent, and what was said enters the transcript.
     */
    openAnswer: async (task: AgentTask, { messageId, said, step, upto, spentMicros }: AnswerDue): Promise<RunPlan> => {
      await beginAnswer(task, messageId, step);
      const plan = await agents.planAgent(task, 'chat');
      const before = Math.max(spentMicros, await spentBy(task));
      const limits = { ...plan.limits, micros: before + plan.limits.micros };
      await agents.limitRun(task, limits.micros);
      const end = await agents.hear({ ...task, pinId: plan.pin.id }, Math.max(upto, plan.upto), [said]);
      return { ...plan, limits, upto: end };
    },

    /** Where the agent stands after what people said to it between two messages. */
    keepStand: ({ tenantId, runId }: RunHead, stand: unknown): Promise<void> =>
      conversations.keepStand(tenantId, runId, stand),

    /** The answer's end, and where the agent stands after it: the stand first, for whoever sees the end may go on. */
    endAnswer: async (
      { tenantId, runId }: RunHead,
      { messageId, state, reply, error }: AnswerEnd,
      stand: unknown,
    ): Promise<void> => {
      const text = reply === null ? '' : await textOf(tenantId, reply);
      await conversations.keepStand(tenantId, runId, stand);
      await unlessGone(() =>
        conversations.say(tenantId, runId, {
          ...{ messageId, role: 'assistant', content: text, saidInto: null, step: null, state, error },
        }),
      );
    },
  };
};
