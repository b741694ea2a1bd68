import { isFault } from '../ports/errors.ts';
import type { OperationId, Scope } from '../ports/ids.ts';
import type { Operation, OperationEvent, OperationStore } from '../ports/runs.ts';
import type { Log } from './deps.ts';
import { createViewers } from './viewers.ts';
import type { Viewers } from './viewers.ts';

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

export type EventFeed = Viewers<Viewer>;

/** One poll for all viewers of this process, and only while someone watches. */
export const createEventFeed = (operations: Pick<OperationStore, 'eventsAfter' | 'get'>, log: Log): EventFeed => {
  /** Asked before the events: what was recorded before an operation ended is then surely among them. */
  const settledOnes = async (viewers: Set<Viewer>): Promise<Map<OperationId, Operation | null>> => {
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

  const poll = async (viewers: Set<Viewer>, check: boolean): Promise<void> => {
    const settled = check ? await settledOnes(viewers) : new Map<OperationId, Operation | null>();
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

  return createViewers({ everyMs: POLL_MS, pollsPerCheck: POLLS_PER_CHECK, what: 'events' }, poll, log);
};
