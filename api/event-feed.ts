import { isFault } from '../ports/errors.ts';
import type { OperationId, Scope } from '../ports/ids.ts';
import type { Operation, OperationEvent, OperationStore } from '../ports/runs.ts';
import type { Log } from './deps.ts';

const POLL_MS = 300;
/** Whether an operation has ended is asked less often than for its events. */
const POLLS_PER_CHECK = 3;

interface Viewer {
  scope: Scope;
  operationId: OperationId;
  /** The last event that this viewer was given. */
  seq: number;
  onEvent: (event: OperationEvent) => void;
  /** Null when the operation is gone: it never started. */
  onSettled: (operation: Operation | null) => void;
  /** This process stops: go on elsewhere from the last event. */
  onClosed: () => void;
}

export interface EventFeed {
  /** From the next poll on, in order. Returns the way to leave. */
  watch: (viewer: Viewer) => () => void;
  /** Everybody leaves. */
  close: () => void;
}

/** One poll for all viewers of this process, and only while someone watches. */
export const createEventFeed = (operations: Pick<OperationStore, 'eventsAfter' | 'get'>, log: Log): EventFeed => {
  const viewers = new Set<Viewer>();
  let timer: NodeJS.Timeout | undefined;
  let polls = 0;

  /** Asked before the events: what was recorded before an operation ended is then surely among them. */
  const settledOnes = async (): Promise<Map<OperationId, Operation | null>> => {
    const watched = new Map([...viewers].map(({ operationId, scope }) => [operationId, scope]));
    const settled = new Map<OperationId, Operation | null>();
    for (const [id, scope] of watched) {
      const operation = await operations.get(scope, id).catch((error: unknown) => {
        if (isFault(error, 'not_found')) return null;
        throw error;
      });
      if (operation?.outcome !== 'running') settled.set(id, operation);
    }
    return settled;
  };

  const poll = async (): Promise<void> => {
    const settled = polls % POLLS_PER_CHECK === 0 ? await settledOnes() : new Map<OperationId, Operation | null>();
    polls += 1;
    const present = [...viewers];
    const oldest = Math.min(...present.map(({ seq }) => seq));
    const events = await operations.eventsAfter(oldest, [...new Set(present.map(({ operationId }) => operationId))]);
    for (const viewer of present) {
      for (const event of events) {
        if (event.operationId !== viewer.operationId || event.seq <= viewer.seq) continue;
        viewer.seq = event.seq;
        viewer.onEvent(event);
      }
      const ended = settled.get(viewer.operationId);
      if (ended !== undefined) viewer.onSettled(ended);
    }
  };

  const tick = async (): Promise<void> => {
    try {
      await poll();
    } catch (err) {
      // Viewers stay and are served again once the database answers.
      log.warn({ err }, 'events could not be read');
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
