import type { Context } from 'koa';
import { isFault } from '../ports/errors.ts';
import type { Principal } from '../ports/identity.ts';
import type { RunId, TenantId } from '../ports/ids.ts';
import type { Piece } from '../ports/token-stream.ts';
import type { Said } from './chat.ts';
import type { ApiDeps } from './deps.ts';
import { lastSeen, openSse } from './sse.ts';
import type { Sse } from './sse.ts';

interface Viewed {
  tenantId: TenantId;
  runId: RunId;
  principal: Principal;
}

/** `token` with a piece of the text; `reset` when what was shown of this step is void; `done` at its end. */
const sendPiece = (sse: Sse, { seq, step, kind, text }: Piece): void =>
  sse.send(kind === 'text' ? 'token' : kind, kind === 'text' ? { step, text } : { step }, seq);

/** Answers with what a run's agent writes, as it writes it, until the run has ended. */
export const streamRun = (deps: ApiDeps, ctx: Context, { tenantId, runId, principal }: Viewed): void => {
  const seq = lastSeen(ctx);
  const sse = openSse(deps, ctx, principal);
  const leave = deps.tokenFeed.watch({
    ...{ tenantId, runId, seq },
    onPiece: (piece) => sendPiece(sse, piece),
    async ended() {
      const { state, error } = await deps.ports.agentRuns.get({ tenantId, runId });
      if (state === 'running') return null;
      return () => {
        sse.send('settled', { runId, state, error });
        sse.end();
      };
    },
    onClosed: sse.end,
  });
  sse.onLeft(leave);
};

/** Of a chat's pieces those of one answer. A piece of a turn that nobody knows yet is held until somebody asked whose it is. */
const openSieve = (show: (piece: Piece) => void) => {
  let held: Piece[] = [];
  /** The last turn that is surely this answer's. */
  let sure = -1;
  return {
    isHolding: () => held.length > 0,
    take: (piece: Piece): void => (piece.step === sure ? show(piece) : void held.push(piece)),
    /** Turns `from ≤ step < upto` are this answer's; all others of those that are held are not. */
    sift(from: number, upto: number): void {
      // The turn that it began with needs no second look.
      if (sure < from && from < upto) sure = from;
      for (const piece of held) {
        if (piece.step < from || piece.step >= upto) continue;
        sure = piece.step;
        show(piece);
      }
      held = [];
    },
  };
};

/** What is known of an answer; `gone` with its conversation. */
const soFar = async ({ ports }: ApiDeps, tenantId: TenantId, id: RunId, messageId: string) => {
  try {
    return await ports.conversations.answerSoFar(tenantId, id, messageId);
  } catch (error) {
    if (isFault(error, 'not_found')) return 'gone';
    throw error;
  }
};

/**
 * Answers with the text of the answer to one message as it is written, then with the answer, or with `gone` when the chat was
 * deleted. Text of other messages' answers is not shown. `take` is called once the text has somebody to be written for.
 */
export const streamAnswer = async (
  deps: ApiDeps,
  ctx: Context,
  { tenantId, runId, principal }: Viewed,
  take: () => Promise<Said>,
): Promise<void> => {
  const seq = lastSeen(ctx);
  await deps.ports.tokenStream.watch(tenantId, runId);
  const said = await take();
  const { messageId } = said;
  const sse = openSse(deps, ctx, principal);
  const last = (event: string, data: unknown): void => {
    sse.send(event, data);
    sse.end();
  };
  sse.send('said', said);
  const sieve = openSieve((piece) => sendPiece(sse, piece));
  // Asked at the next poll instead of the third: nothing was begun, a turn has ended, or its last text is still to be read.
  let isDue = true;
  let isOver = false;
  const leave = deps.tokenFeed.watch({
    ...{ tenantId, runId, seq },
    onPiece(piece) {
      sieve.take(piece);
      isDue ||= piece.kind === 'done';
    },
    isEager: () => isDue || sieve.isHolding(),
    async ended() {
      const found = await soFar(deps, tenantId, runId, messageId);
      if (found === 'gone') return () => last('gone', { conversationId: runId, messageId });
      isDue = found === null;
      if (found === null) return null;
      const { answer, nextStep } = found;
      // One without a turn of its own has no text.
      const sift = () => sieve.sift(answer.step ?? Infinity, nextStep ?? Infinity);
      sift();
      if (answer.state === null) return null;
      if (nextStep === null && !isOver) {
        // The next answer may begin before the rest of this one's text is read: that text is held until this is known.
        isDue = isOver = true;
        return null;
      }
      return () => {
        if (nextStep !== null) sift();
        last('answer', answer);
      };
    },
    onClosed: sse.end,
  });
  sse.onLeft(leave);
};
