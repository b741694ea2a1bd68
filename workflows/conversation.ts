import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  ContinueAsNew,
  isCancellation,
  patched,
} from '@temporalio/workflow';
import type { AnswerEnd } from '../activities/conversations.ts';
import type { ContentRef } from '../ports/content.ts';
import type { RunId, TenantId, UserId } from '../ports/ids.ts';
import { local, own, planning } from './lib/activities.ts';
import { listenToLoop } from './lib/agent-controls.ts';
import { closeTurn, runLoop } from './lib/agent-loop.ts';
import { adopt, atWork, nextMessage, openLoop } from './lib/agent-state.ts';
import { listenToChat } from './lib/conversation-chat.ts';
import type { Chat, Stand, Turn } from './lib/conversation-chat.ts';
import { asFailure, rootFailure } from './lib/failures.ts';
import { isLong } from './lib/long.ts';

export { sayUpdate } from './lib/conversation-chat.ts';

export interface ConversationInput {
  tenantId: TenantId;
  /** Also the conversation's. */
  runId: RunId;
  agentId: string;
  startedBy: UserId;
  /** It goes on after continue-as-new. */
  carried?: Stand & Pick<Chat, 'queue' | 'turn'>;
}

/** A chat that rests for so long ends; the next message begins it anew where it stood. */
const REST_MS = 30 * 60_000;
/** A run goes on as a new one between two messages to it. */
const HANDLERS_MS = 10_000;
/** How long a person who waits for an answer is kept waiting for a model that can be asked. */
const MODEL_WAIT_MAX_MS = 5 * 60_000;

/**
 * A chat of one person with one agent: each message is answered by the same loop that works tasks, on one transcript that grows.
 * The agent is pinned anew for each message, so that a chat follows the agent's settings; limits count for each message.
 */
export async function conversation(input: ConversationInput): Promise<void> {
  const { tenantId, runId, agentId, startedBy, carried } = input;
  const lineage = { crewRunId: null, parentRunId: null, path: [] };
  const loop = openLoop(
    { tenantId, runId, agentId, lineage, operationId: null, startedBy, sandbox: false },
    { state: carried?.loop, waitMaxMs: MODEL_WAIT_MAX_MS },
  );
  const { spent = 0, queue = [], turn = null } = carried ?? {};
  const chat: Chat = { loop, spent, queue, turn, stop: null, ready: carried !== undefined };
  listenToLoop(loop);
  listenToChat(chat);
  const isDue = () => chat.turn !== null || chat.queue.length > 0;
  try {
    if (!chat.ready) await recall(chat);
    for (;;) {
      if (!(await condition(isDue, REST_MS))) {
        // Some of what people ask for waits until the next message.
        await condition(() => allHandlersFinished() || isDue());
        // What was said to the agent at rest, or asked of it, counts for that message, too.
        if (!isDue() && patched('rest-keeps-stand')) await local.keepStand(headOf(loop), standOf(chat));
        if (!isDue()) return;
      }
      await answerNext(chat);
      if (!isLong() || !(await condition(allHandlersFinished, HANDLERS_MS))) continue;
      const { queue: waiting, turn: unfinished } = chat;
      await continueAsNew<typeof conversation>({
        ...{ tenantId, runId, agentId, startedBy },
        carried: { ...standOf(chat), queue: waiting, turn: unfinished },
      });
    }
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    await CancellationScope.nonCancellable(() => giveUp(chat, error));
    throw asFailure(error);
  }
}

const standOf = ({ loop, spent }: Chat): Stand => ({ loop: loop.state, spent });

const headOf = ({ at: { tenantId, runId } }: Chat['loop']) => ({ tenantId, runId });

/** What was said to it before it knew where it stands is kept. */
async function recall(chat: Chat): Promise<void> {
  const { loop } = chat;
  const { kept, turns } = await local.recallChat(headOf(loop));
  const stand = kept as Stand | null;
  if (stand) {
    const { staged } = loop.state;
    Object.assign(loop.state, stand.loop, { staged: [...stand.loop.staged, ...staged] });
    chat.spent = stand.spent;
  }
  // An answer is known by its turn: one that was journalled for another message must not be taken for this one's.
  loop.state.step = Math.max(loop.state.step, turns);
  chat.ready = true;
}

/** The message that was being answered, or the next one. It stays the one at work when the run must go on as a new one first. */
async function answerNext(chat: Chat): Promise<void> {
  const { loop } = chat;
  const next = chat.queue[0];
  const turn = chat.turn ?? (next && { ...next, heard: false });
  if (!turn) return;
  if (chat.turn === null) chat.queue.shift();
  chat.turn = turn;
  const scope = new CancellationScope();
  chat.stop = () => scope.cancel();
  let ended: Omit<AnswerEnd, 'messageId'>;
  try {
    const reply = await scope.run(() => answer(chat, turn));
    if (reply === null) return;
    ended = { state: 'done', reply, error: null };
  } catch (error) {
    if (CancellationScope.current().consideredCancelled) throw error;
    ended = { state: isCancellation(error) ? 'cancelled' : 'failed', reply: null, error: whyOf(error) };
  } finally {
    chat.stop = null;
  }
  if (ended.state !== 'done' && turn.heard) await closeTurn(loop);
  chat.spent += loop.state.used.micros;
  await own.endAnswer(headOf(loop), { messageId: turn.messageId, ...ended }, standOf(chat));
  chat.turn = null;
}

/** Null: the history is long. What was said into this message is answered with it. */
async function answer(chat: Chat, turn: Turn): Promise<ContentRef | null> {
  const { loop } = chat;
  if (!turn.heard) await begin(chat, turn);
  for (;;) {
    const end = await runLoop(loop);
    if (end.kind === 'long') return null;
    if (loop.state.staged.length === 0) return end.reply;
  }
}

/** Its text enters the transcript once it is known by what it is answered. */
async function begin(chat: Chat, turn: Turn): Promise<void> {
  const { loop } = chat;
  const { tenantId, runId, agentId, startedBy, lineage, sandbox } = loop.at;
  nextMessage(loop);
  const whose = { tenantId, runId, agentId, startedBy, lineage, sandbox, operationId: null };
  const task = { ...whose, brief: null, inputs: [], limits: null };
  if (patched('answer-opened-at-once')) {
    const { messageId, said } = turn;
    const due = { messageId, said, step: loop.state.step, upto: loop.state.upto, spentMicros: chat.spent };
    // Whether it was appended must be known, whoever interrupts.
    adopt(loop, await CancellationScope.nonCancellable(() => planning.openAnswer(task, due)));
    turn.heard = true;
    return;
  }
  await own.beginAnswer({ tenantId, runId }, turn.messageId, loop.state.step);
  const plan = await planning.planAgent(task, 'chat');
  adopt(loop, plan);
  // A run's budget is counted over the whole chat, and a limit for each message.
  loop.state.limits.micros = chat.spent + plan.limits.micros;
  await own.limitRun(loop.at, loop.state.limits.micros);
  loop.state.upto = await CancellationScope.nonCancellable(() => own.hear(atWork(loop), loop.state.upto, [turn.said]));
  turn.heard = true;
}

const whyOf = (error: unknown) => {
  const { code, message } = rootFailure(error);
  return { code, message };
};

/** The person who waits for the answer is told that there will be none. */
async function giveUp({ loop, turn, spent }: Chat, error: unknown): Promise<void> {
  if (!turn) return;
  const stand: Stand = { loop: loop.state, spent: spent + loop.state.used.micros };
  const state = isCancellation(error) ? 'cancelled' : 'failed';
  if (turn.heard) await closeTurn(loop);
  await own.endAnswer(headOf(loop), { messageId: turn.messageId, state, reply: null, error: whyOf(error) }, stand);
}
