import type { RunId, TenantId } from '../ports/ids.ts';
import type { Piece, TokenStreamPort } from '../ports/token-stream.ts';
import type { Log } from './deps.ts';
import { createViewers } from './viewers.ts';
import type { Viewers } from './viewers.ts';

const POLL_MS = 100;
/** Whether what is watched has ended is asked less often than for its text. */
const POLLS_PER_CHECK = 3;
/** Said more often than it lapses. */
const WATCH_EVERY_MS = 10_000;
const SWEEP_EVERY_MS = 300_000;
/** Longer than anybody is away who comes back for the rest of an answer. */
const KEEP_MS = 600_000;

export interface TokenViewer {
  tenantId: TenantId;
  runId: RunId;
  /** The last piece that this viewer was given. */
  seq: number;
  onPiece: (piece: Piece) => void;
  /**
   * What the viewer waits for; null while it has not ended. Asked before the text is read: what was written before the end is
   * then surely among it. What it gives is done after that text.
   */
  ended: () => Promise<(() => void) | null>;
  /** Asks for the end at each poll, not at each third. */
  isEager?: () => boolean;
  /** This process stops: go on elsewhere from the last piece. */
  onClosed: () => void;
}

/** Pieces are given in order. */
export type TokenFeed = Viewers<TokenViewer>;

/** One poll for all viewers of this process, and only while someone watches. Text is written only for those who do. */
export const createTokenFeed = (tokens: Pick<TokenStreamPort, 'after' | 'watch' | 'sweep'>, log: Log): TokenFeed => {
  const saidAt = new Map<RunId, number>();
  let sweptAt = 0;

  /** Of each run the oldest mark. */
  const marks = (present: TokenViewer[]) => {
    const runs = new Map<RunId, { tenantId: TenantId; runId: RunId; seq: number }>();
    for (const { tenantId, runId, seq } of present) {
      runs.set(runId, { tenantId, runId, seq: Math.min(seq, runs.get(runId)?.seq ?? seq) });
    }
    return [...runs.values()];
  };

  const sayWhoIsWatched = async (runs: { tenantId: TenantId; runId: RunId }[]) => {
    const now = Date.now();
    for (const runId of saidAt.keys()) if (!runs.some((run) => run.runId === runId)) saidAt.delete(runId);
    for (const { tenantId, runId } of runs) {
      if (now - (saidAt.get(runId) ?? 0) < WATCH_EVERY_MS) continue;
      await tokens.watch(tenantId, runId);
      saidAt.set(runId, now);
    }
    if (now - sweptAt < SWEEP_EVERY_MS) return;
    sweptAt = now;
    await tokens.sweep(new Date(now - KEEP_MS).toISOString());
  };

  const poll = async (viewers: Set<TokenViewer>, check: boolean): Promise<void> => {
    const present = [...viewers];
    const runs = marks(present);
    await sayWhoIsWatched(runs);
    const ends = new Map<TokenViewer, () => void>();
    for (const viewer of present) {
      const end = check || viewer.isEager?.() ? await viewer.ended() : null;
      if (end) ends.set(viewer, end);
    }
    const pieces = await tokens.after(runs);
    for (const viewer of present) {
      for (const piece of pieces) {
        if (piece.runId !== viewer.runId || piece.seq <= viewer.seq) continue;
        viewer.seq = piece.seq;
        viewer.onPiece(piece);
      }
      ends.get(viewer)?.();
    }
  };

  const pace = { everyMs: POLL_MS, pollsPerCheck: POLLS_PER_CHECK, what: 'text of answers' };
  return createViewers(pace, poll, log);
};
