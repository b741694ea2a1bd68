import { Context } from '@temporalio/activity';
import type { Lane, ReadPage, Row } from '../ports/connectors.ts';
import type { OperationId, RunId } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';
import type { SinkBatch } from '../ports/sinks.ts';
import type { PageOutcome, RunState, StreamRef } from '../ports/syncs.ts';
import type { Destination } from '../ports/tenants.ts';
import { contentOf } from './sync-content.ts';
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

/** Parts sort by name as they were made. */
export const partName = (number: number, kind = ''): string => `${kind}${String(number).padStart(8, '0')}`;

export const batchOf = (runId: RunId, { startedAt, choice }: RunState, part: string): SinkBatch => ({
  runId,
  startedAt,
  choice,
  part,
  signal: Context.current().cancellationSignal,
});

const newestOf = (rows: Row[]): string | null =>
  rows.reduce<string | null>(
    (newest, { modifiedAt }) => (modifiedAt && (!newest || modifiedAt > newest) ? modifiedAt : newest),
    null,
  );

export const createPageActivities = ({ connectors, syncs, sinks, operations, hash }: Needs) => {
  /** Delivers what changed of a page. Nothing is committed yet: a crash delivers the same keys again, and the sink keeps one of each. */
  const deliver = async (
    ref: StreamRef,
    { runId, to }: Move,
    state: RunState,
    page: ReadPage,
  ): Promise<PageOutcome> => {
    const records = page.rows.map((row) => ({ row, externalId: row.externalId, hash: hash(contentOf(to, row)) }));
    const keys = records.map(({ externalId, hash: contentHash }) => ({ externalId, hash: contentHash }));
    const changed = await syncs.changed(ref, keys);
    const rows = records.flatMap(({ row, externalId, hash: contentHash }) => {
      const known = changed.get(externalId);
      return known === undefined ? [] : [{ row, hash: contentHash, known }];
    });
    const batch = batchOf(runId, state, partName(state.counts.pages));
    const { refused, targetIds } =
      rows.length > 0
        ? await sinks.deliver(to, ref, { ...batch, rows })
        : { refused: [], targetIds: new Map<string, string>() };
    const left = new Set(refused.map(({ externalId }) => externalId));
    return {
      seen: keys
        .filter(({ externalId }) => !left.has(externalId))
        .map((key) => ({ ...key, targetId: targetIds.get(key.externalId) })),
      quarantined: [...named(page), ...refused],
      unnamed: page.unreadable.length - named(page).length,
      cursor: page.nextCursor,
      counts: {
        read: page.rows.length + page.unreadable.length,
        delivered: rows.length - refused.length,
        unchanged: records.length - rows.length,
        bytes: page.bytes,
        calls: page.calls,
        throttled: page.throttled,
      },
      highWater: newestOf(page.rows),
      fields: page.fields,
    };
  };

  const tell = async ({ runId, operationId }: Move, { stream }: StreamRef, { counts }: RunState): Promise<void> => {
    if (operationId === null) return;
    await operations.record(operationId, {
      step: `sync.${counts.pages}`,
      state: 'completed',
      message: `${counts.read} ${stream} read, ${counts.delivered} delivered`,
      data: { runId, ...counts },
    });
  };

  /** Moves pages from where the last commit stands. Killed anywhere, the next attempt goes on from there. */
  const movePages = async (ref: StreamRef, move: Move): Promise<SyncProgress> => {
    const { cancellationSignal } = Context.current();
    const until = Date.now() + SPELL_MS;
    let state = await syncs.state(ref, move.runId);
    let toldAt = Date.now();

    const read = (cursor: string | null): Promise<ReadPage> => {
      const page = connectors.read(ref.tenantId, ref.connectionId, ref.stream, {
        cursor: cursor ?? undefined,
        since: state.since ?? undefined,
        limit: move.to.sink === 'connection' ? PAGE_ROWS_OF_WRITES : PAGE_ROWS,
        lane: move.lane ?? 'backfill',
        signal: cancellationSignal,
      });
      // Awaited when its turn comes; when the page before it fails, it ends by its own deadline and nobody reads it.
      page.catch(() => undefined);
      return page;
    };

    let next = state.scanComplete ? null : read(state.cursor);
    while (next !== null) {
      const page = await next;
      const goesOn = page.nextCursor !== null && Date.now() < until && !cancellationSignal.aborted;
      // The vendor is asked for the next page while this one is delivered and kept: two are held at most.
      next = goesOn ? read(page.nextCursor) : null;
      state = await syncs.commitPage(ref, move.runId, state.cursor, await deliver(ref, move, state, page));
      // An attempt that was taken for dead had committed more: its place is ours.
      if (next !== null && state.cursor !== page.nextCursor) next = state.scanComplete ? null : read(state.cursor);
      if (Date.now() - toldAt >= TELL_MS || state.scanComplete) {
        await tell(move, ref, state);
        toldAt = Date.now();
      }
      cancellationSignal.throwIfAborted();
    }
    cancellationSignal.throwIfAborted();
    return progressOf(state);
  };

  return { movePages };
};

const named = ({ unreadable }: ReadPage) =>
  unreadable.flatMap(({ externalId, reason }) => (externalId === null ? [] : [{ externalId, reason }]));
