import { Context } from '@temporalio/activity';
import type { RunId } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';
import type { ContentRef } from '../ports/agents.ts';
import type { RunState, StreamRef, SyncCounts, SyncMode, SyncRun } from '../ports/syncs.ts';
import type { SinkKind } from '../ports/tenants.ts';

/** What a sync's workflow sees: counts and the cursor, never a record. */
export interface SyncProgress {
  mode: SyncMode;
  scanComplete: boolean;
  counts: SyncCounts;
}

const PAGE_SIZE = 100;
/** One activity moves pages for this long, then hands back: progress shows, and a cancelled sync stops at a page. */
const SPELL_MS = 20_000;
/** A full scan that misses more than this share of what is known, and more than a handful, asks a person first. */
const DELETE_SHARE_MAX = 0.2;
const DELETE_COUNT_FREE = 10;

const progress = ({ mode, scanComplete, counts }: RunState): SyncProgress => ({ mode, scanComplete, counts });

type Needs = Pick<Ports, 'connectors' | 'syncs' | 'sinks' | 'connections' | 'knowledge' | 'content' | 'hash'>;

export const createSyncActivities = ({ connectors, syncs, sinks, connections, content, hash }: Needs) => {
  const movePage = async (ref: StreamRef, runId: RunId, sink: SinkKind, state: RunState): Promise<RunState> => {
    const page = await connectors.read(ref.tenantId, ref.connectionId, ref.stream, {
      cursor: state.cursor ?? undefined,
      since: state.since ?? undefined,
      limit: PAGE_SIZE,
    });
    const records = page.rows.map((row) => ({ row, externalId: row.externalId, hash: hash(JSON.stringify(row)) }));
    const changed = await syncs.changed(
      ref,
      records.map(({ externalId, hash: contentHash }) => ({ externalId, hash: contentHash })),
    );
    const rows = records.filter(({ externalId }) => changed.has(externalId));
    // Deliver, then commit: a crash in between delivers the same keys again, and the sink keeps one of each.
    if (rows.length > 0) await sinks.deliver(sink, ref, { runId, page: state.counts.pages, rows });
    return syncs.commitPage(ref, runId, state.cursor, {
      seen: records.map(({ externalId, hash: contentHash }) => ({ externalId, hash: contentHash })),
      cursor: page.nextCursor,
      counts: {
        read: records.length,
        delivered: rows.length,
        unchanged: records.length - rows.length,
        bytes: page.bytes,
      },
      highWater: page.rows.reduce<string | null>(
        (newest, { modifiedAt }) => (modifiedAt && (!newest || modifiedAt > newest) ? modifiedAt : newest),
        null,
      ),
    });
  };

  return {
    beginSync: async (ref: StreamRef, runId: RunId, mode: SyncMode): Promise<SyncProgress> =>
      progress(await syncs.begin(ref, runId, mode)),

    /** Moves pages from where the last commit stands. Killed anywhere, the next attempt goes on from there. */
    movePages: async (ref: StreamRef, runId: RunId, sink: SinkKind): Promise<SyncProgress> => {
      const until = Date.now() + SPELL_MS;
      let state = await syncs.state(ref, runId);
      while (!state.scanComplete && Date.now() < until && !Context.current().cancellationSignal.aborted) {
        state = await movePage(ref, runId, sink, state);
      }
      Context.current().cancellationSignal.throwIfAborted();
      return progress(state);
    },

    /** What a complete full scan did not see. `brake` holds what a person is asked when it is too much. */
    planDeletes: async (ref: StreamRef, runId: RunId): Promise<{ missing: number; brake: ContentRef | null }> => {
      const { externalIds, known } = await syncs.missing(ref, runId);
      const missing = externalIds.length;
      const tooMany = missing > DELETE_COUNT_FREE && missing > known * DELETE_SHARE_MAX;
      return {
        missing,
        brake: tooMany
          ? await content.put(ref.tenantId, { stream: ref.stream, missing, known, sample: externalIds.slice(0, 20) })
          : null,
      };
    },
    applyDeletes: async (ref: StreamRef, runId: RunId, sink: SinkKind): Promise<SyncProgress> => {
      const { externalIds } = await syncs.missing(ref, runId);
      const { counts } = await syncs.state(ref, runId);
      await sinks.remove(sink, ref, { runId, page: counts.pages, externalIds });
      return progress(await syncs.forget(ref, runId, externalIds));
    },

    endSync: async (
      ref: StreamRef,
      runId: RunId,
      state: 'completed' | 'failed' | 'cancelled',
      reason: string | null,
    ): Promise<SyncRun> => {
      const run = await syncs.end(ref, runId, state, reason);
      await connections.change(ref.tenantId, ref.connectionId, {
        syncStatus: `${ref.stream}: ${state}`,
        ...(state === 'completed' && { lastSyncAt: run.endedAt ?? run.startedAt }),
      });
      return run;
    },

    /** Knowledge leaves with its source. Silent when gone. */
    clearSynced: async ({ tenantId, connectionId }: Pick<StreamRef, 'tenantId' | 'connectionId'>): Promise<void> => {
      await sinks.clear(tenantId, connectionId);
      await syncs.clear(tenantId, connectionId);
    },
  };
};
