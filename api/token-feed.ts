import type { RunId, TenantId } from '../ports/ids.ts';
import type { Piece, TokenStreamPort } from '../ports/token-stream.ts';
import type { Log } from './deps.ts';

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

export interface TokenFeed {
  /** From the next poll on, in order. Returns the way to leave, which is idempotent. */
  watch: (viewer: TokenViewer) => () => void;
  /** Everybody leaves. */
  close: () => void;
}

/** One poll for all viewers of this process, and only while someone watches. Text is written only for those who do. */
export const createTokenFeed = (tokens: Pick<TokenStreamPort, 'after' | 'watch' | 'sweep'>, log: Log): TokenFeed => {
  const viewers = new Set<TokenViewer>();
  const saidAt = new Map<RunId, number>();
  let sweptAt = 0;
  let timer: NodeJS.Timeout | undefined;
  let polls = 0;

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

  const poll = async (): Promise<void> => {
    const present = [...viewers];
    const isCheck = polls % POLLS_PER_CHECK === 0;
    polls += 1;
    const runs = marks(present);
    await sayWhoIsWatched(runs);
    const ends = new Map<TokenViewer, () => void>();
    for (const viewer of present) {
      const end = isCheck || viewer.isEager?.() ? await viewer.ended() : null;
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

  const tick = async (): Promise<void> => {
    try {
      await poll();
    } catch (err) {
      // Viewers stay and are served again once the stores answer.
      log.warn({ err }, 'text of answers could not be read');
    }
    timer = viewers.size > 0 ? setTimeout(() => void tick(), POLL_MS) : undefined;
  };

  return {
    watch: (viewer) => {
      viewers.add(viewer);
      polls = 0;
      timer ??= setTimeout(() => void tick(), 0);
      return () => void viewers.delete(viewer);
    },
    close: () => {
      clearTimeout(timer);
      for (const { onClosed } of viewers) onClosed();
      viewers.clear();
    },
  };
};
