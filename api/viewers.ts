import type { Log } from './deps.ts';

interface Watching {
  /** This process stops: go on elsewhere. */
  onClosed: () => void;
}

/** Those who watch something in this process. */
export interface Viewers<Viewer extends Watching> {
  /** From the next poll on. Returns the way to leave, which is idempotent. */
  watch: (viewer: Viewer) => () => void;
  /** Everybody leaves. */
  close: () => void;
}

/**
 * One poll for all viewers of this process, and only while someone watches. `check`: whether what they watch has ended is asked
 * at this one, too; always at the first after somebody came.
 */
export const createViewers = <Viewer extends Watching>(
  { everyMs, pollsPerCheck, what }: { everyMs: number; pollsPerCheck: number; what: string },
  poll: (viewers: Set<Viewer>, check: boolean) => Promise<void>,
  log: Log,
): Viewers<Viewer> => {
  const viewers = new Set<Viewer>();
  let timer: NodeJS.Timeout | undefined;
  let polls = 0;

  const tick = async (): Promise<void> => {
    const check = polls % pollsPerCheck === 0;
    polls += 1;
    try {
      await poll(viewers, check);
    } catch (err) {
      // Viewers stay and are served again once the stores answer.
      log.warn({ err }, `${what} could not be read`);
      polls = 0;
    }
    timer = viewers.size > 0 ? setTimeout(() => void tick(), everyMs) : undefined;
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
