import type { Context } from 'koa';
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

/**
 * Answers with the text of the answer to one message as it is written, then with the answer. Text of other messages' answers is
 * not shown. `take` is called once the text has somebody to be written for.
 */
export const streamAnswer = async (
  deps: ApiDeps,
  ctx: Context,
  { tenantId, runId: id, principal }: Viewed,
  take: () => Promise<Said>,
): Promise<void> => {
  const seq = lastSeen(ctx);
  await deps.ports.tokenStream.watch(tenantId, id);
  const said = await take();
  const { messageId } = said;
  const sse = openSse(deps, ctx, principal);
  sse.send('said', said);
  let from: number | null = null;
  let held: Piece[] = [];
  const leave = deps.tokenFeed.watch({
    ...{ tenantId, runId: id, seq },
    onPiece(piece) {
      if (from === null) held.push(piece);
      else if (piece.step >= from) sendPiece(sse, piece);
    },
    isEager: () => from === null,
    async ended() {
      const answer = await deps.ports.conversations.find(tenantId, id, messageId, 'assistant');
      if (answer && from === null) {
        from = answer.step ?? 0;
        const first = from;
        held.filter(({ step }) => step >= first).forEach((piece) => sendPiece(sse, piece));
        held = [];
      }
      if (!answer || answer.state === null) return null;
      return () => {
        sse.send('answer', answer);
        sse.end();
      };
    },
    onClosed: sse.end,
  });
  sse.onLeft(leave);
};
