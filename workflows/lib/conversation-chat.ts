import { ApplicationFailure, condition, defineQuery, defineUpdate, setHandler } from '@temporalio/workflow';
import type { ContentRef } from '../../ports/content.ts';
import { MESSAGES } from '../../ports/operations.ts';
import { local } from './activities.ts';
import { hearNext, mayHear } from './agent-controls.ts';
import { progressOf } from './agent-messages.ts';
import type { RunProgress } from './agent-messages.ts';
import type { Loop, LoopState } from './agent-state.ts';
import { asFailure } from './failures.ts';
import { createSerial } from './serial.ts';

/** What is done with a message that comes while another one is being answered. */
export type SecondMessage = 'enqueue' | 'steer' | 'interrupt' | 'reject';

/** `said`: content `{ text }`. The id is the caller's own: the same one again is the same message. */
export interface Say {
  messageId: string;
  said: ContentRef;
  policy: SecondMessage;
}

/** `answeredBy`: the message whose answer is also this one's. */
export interface SayResult {
  messageId: string;
  answeredBy: string;
}

/** The message that is being answered. `heard`: its text stands in the transcript. */
export interface Turn {
  messageId: string;
  said: ContentRef;
  heard: boolean;
}

/** Where the agent stands after all that was said before. `spent`: micro-dollars of the whole chat. */
export interface Stand {
  loop: LoopState;
  spent: number;
}

/** A chat at work. */
export interface Chat {
  readonly loop: Loop;
  spent: number;
  /** Messages that wait for their turn. */
  queue: Omit<Turn, 'heard'>[];
  turn: Turn | null;
  /** Ends the answer that is being written; null: none is. */
  stop: (() => void) | null;
  /** Once it is known where the agent stands. */
  ready: boolean;
}

export interface ChatProgress {
  answering: string | null;
  queued: string[];
  run: RunProgress;
}

export const sayUpdate = defineUpdate<SayResult, [Say]>(MESSAGES.say);
export const progressQuery = defineQuery<ChatProgress>(MESSAGES.progress);

/** Messages that wait for their turn. */
const QUEUE_MAX = 20;

const refuse = (message: string) => ApplicationFailure.nonRetryable(message, 'conflict');

const isBusy = ({ turn, queue }: Chat): boolean => turn !== null || queue.length > 0;

/** One that was taken already is no second message. */
const isTaken = ({ turn, queue }: Chat, messageId: string): boolean =>
  turn?.messageId === messageId || queue.some((waiting) => waiting.messageId === messageId);

const mayBeSaid = (chat: Chat, { messageId, policy }: Say): void => {
  if (isTaken(chat, messageId)) return;
  if (policy === 'reject' && isBusy(chat)) throw refuse('the agent is still answering; wait for the answer');
  if (chat.queue.length >= QUEUE_MAX) throw refuse(`${QUEUE_MAX} messages wait already; wait for an answer`);
  if (policy === 'steer' && chat.stop) mayHear(chat.loop);
};

/** What people may say to a chat and ask of it. Set before the first await of its workflow. */
export function listenToChat(chat: Chat): void {
  const { tenantId, runId } = chat.loop.at;
  const head = { tenantId, runId };
  const inTurn = createSerial();

  const hear = async (given: Say): Promise<SayResult> => {
    const { messageId, said, policy } = given;
    await condition(() => chat.ready);
    const before = await local.saidBefore(head, messageId);
    if (before) return { messageId, answeredBy: before.saidInto ?? messageId };
    mayBeSaid(chat, given);
    if (policy === 'steer' && chat.turn && chat.stop) {
      const { messageId: saidInto } = chat.turn;
      hearNext(chat.loop, said);
      await local.recordSaid(head, { messageId, said, saidInto });
      return { messageId, answeredBy: saidInto };
    }
    // First, or its answer might be told before it.
    await local.recordSaid(head, { messageId, said, saidInto: null });
    if (policy === 'interrupt') {
      chat.queue.unshift({ messageId, said });
      chat.stop?.();
    } else chat.queue.push({ messageId, said });
    return { messageId, answeredBy: messageId };
  };

  setHandler(
    sayUpdate,
    (given) =>
      inTurn(async () => {
        try {
          return await hear(given);
        } catch (error) {
          throw asFailure(error);
        }
      }),
    { validator: (given: Say) => mayBeSaid(chat, given) },
  );
  setHandler(progressQuery, () => ({
    answering: chat.turn?.messageId ?? null,
    queued: chat.queue.map(({ messageId }) => messageId),
    run: progressOf(chat.loop),
  }));
}
