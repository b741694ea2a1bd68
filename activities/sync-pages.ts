import { Context } from '@temporalio/activity';
import type { Lane } from '../ports/connectors.ts';
import type { OperationId, RunId } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';
import type { PageOutcome, RunState, StreamRef } from '../ports/syncs.ts';
import type { Destination } from '../ports/tenants.ts';
import { batchOf, createDelivery, partName } from './sync-deliver.ts';
import type { Taken } from './sync-deliver.ts';
import { progressOf } from './sync-progress.ts';
import type { SyncProgress } from './sync-progress.ts';

/** One move of pages: which run, where to, and who goes first when the vendor's budget is short. */
export interface Move {
  runId: RunId;
  to: Destination;
  lane?: Lane | undefined;
  /** Watched by people: its story goes on with each page. */
  operationId: OperationId | null;
}

/** As many as the vendor gives at once. Other systems are written to record by record, so a page for them is soon done. */
const PAGE_ROWS = 1000;
const PAGE_ROWS_OF_WRITES = 25;
/** One activity moves pages for this long, then hands back: progress shows, and a cancelled sync stops at a page. */
const SPELL_MS = 20_000;
/** Those who watch are told this often. */
const TELL_MS = 1000;

type Needs = Pick<Ports, 'connectors' | 'syncs' | 'sinks' | 'operations' | 'hash'>;

export const createPageActivities = ({ connectors, syncs, sinks, operations, hash }: Needs) => {
  const { look, deliver } = createDelivery({ syncs, sinks, hash });

  const tell = async ({ runId, operationId }: Move, { stream }: StreamRef, { counts }: RunState): Promise<void> => {
    if (operationId === null) return;
    await operations.record(operationId, {
      step: `sync.${counts.pages}`,
      state: 'completed',
      message: `${counts.read} ${stream} read, ${counts.delivered} delivered`,
      data: { runId, ...counts },
    });
  };

  /**
   * Moves pages from where the last commit stands. Killed anywhere, the next attempt goes on from there. One page is read and
   * looked at while the one before it is delivered and the one before that is committed: three are held at most. Pages are
   * delivered one after the other, and committed so, each after its delivery.
   */
  const movePages = async (ref: StreamRef, move: Move): Promise<SyncProgress> => {
    const { runId } = move;
    const { cancellationSignal } = Context.current();
    const until = Date.now() + SPELL_MS;
    const begun = await syncs.state(ref, runId);
    let toldAt = Date.now();

    const read = (cursor: string | null) => {
      const page = connectors
        .read(ref.tenantId, ref.connectionId, ref.stream, {
          cursor: cursor ?? undefined,
          since: begun.since ?? undefined,
          limit: move.to.sink === 'connection' ? PAGE_ROWS_OF_WRITES : PAGE_ROWS,
          lane: move.lane ?? 'backfill',
          signal: cancellationSignal,
        })
        .then((found) => look(ref, move.to, found));
      // Awaited when its turn comes; when a page before it fails, it ends by its own deadline and nobody reads it.
      page.catch(() => undefined);
      return page;
    };

    const commit = async (from: string | null, outcome: PageOutcome): Promise<RunState> => {
      const state = await syncs.commitPage(ref, runId, from, outcome);
      if (Date.now() - toldAt >= TELL_MS || state.scanComplete) {
        await tell(move, ref, state);
        toldAt = Date.now();
      }
      return state;
    };

    /** The commit under way, and where the run stands after it if nobody else moves it. */
    let committing = Promise.resolve(begun);
    let { cursor } = begun;
    let { pages } = begun.counts;
    /** Of the two pages before, the newest first: they may not have been committed when the next one was looked at. */
    let before: Taken[] = [];
    let next = begun.scanComplete ? null : read(cursor);
    while (next !== null && !cancellationSignal.aborted) {
      const looked = await next.catch(async (error: unknown) => {
        await committing;
        throw error;
      });
      const { page } = looked;
      const goesOn = page.nextCursor !== null && Date.now() < until && !cancellationSignal.aborted;
      next = goesOn ? read(page.nextCursor) : null;
      const delivering = deliver(ref, move.to, batchOf(runId, begun, partName(pages)), looked, before);
      // Both end before anything is said: the next attempt shall find nothing of this one under way.
      await Promise.allSettled([committing, delivering]);
      const state = await committing;
      const { outcome, taken } = await delivering;
      if (state.cursor === cursor && !state.scanComplete) {
        committing = commit(cursor, outcome);
        // Awaited with the next delivery, or at the end.
        committing.catch(() => undefined);
        cursor = page.nextCursor;
        pages += 1;
        before = [taken, ...before.slice(0, 1)];
      } else {
        // An attempt that was taken for dead had committed more: its place is ours.
        ({ cursor } = state);
        ({ pages } = state.counts);
        before = [];
        next = state.scanComplete ? null : read(cursor);
      }
    }
    const moved = await committing;
    cancellationSignal.throwIfAborted();
    return progressOf(moved);
  };

  return { movePages };
};
