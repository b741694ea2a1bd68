import { Context } from '@temporalio/activity';
import type { StreamInfo } from '../ports/connector-info.ts';
import type { Lane } from '../ports/connectors.ts';
import type { ConnectionId, RunId, TenantId } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';
import type { StreamRef, SyncMode, SyncRun } from '../ports/syncs.ts';
import type { StreamChoice } from '../ports/tenants.ts';
import { createQuarantineActivities } from './quarantine.ts';
import { createDeleteActivities } from './sync-deletes.ts';
import { createPageActivities } from './sync-pages.ts';
import { progressOf } from './sync-progress.ts';
import type { SyncProgress } from './sync-progress.ts';

type Needs = Pick<
  Ports,
  'connectors' | 'syncs' | 'sinks' | 'connections' | 'content' | 'hash' | 'operations' | 'workflows'
>;

export const createSyncActivities = (ports: Needs) => {
  const { connectors, syncs, sinks, connections, workflows } = ports;

  return {
    /**
     * Null: another run of this stream is at work, and this one waits for its turn. A stream whose changes cannot be asked for
     * is always read whole, and then what is gone is known as well; one that tells of new records alone is read whole when a
     * webhook says that something changed.
     */
    beginSync: async (ref: StreamRef, runId: RunId, asked: SyncMode, lane?: Lane): Promise<SyncProgress | null> => {
      const { connectorId } = await connections.get(ref.tenantId, ref.connectionId);
      const stream = connectors.info(connectorId).streams.find(({ name }) => name === ref.stream);
      const { workflowId = '' } = Context.current().info.workflowExecution ?? {};
      const begun = await syncs.begin(ref, runId, {
        mode: tellsEnough(stream?.incremental ?? null, lane) ? asked : 'full',
        reachMs: stream?.reachMs ?? null,
        complete: stream?.complete ?? false,
        workflowId,
      });
      if (!('busy' in begun)) return progressOf(begun);
      if (await workflows.isOpen(begun.busy.workflowId)) return null;
      await syncs.end(ref, begun.busy.runId, 'failed', 'unavailable: it ended without a word');
      return null;
    },

    ...createPageActivities(ports),
    ...createDeleteActivities(ports),
    ...createQuarantineActivities(ports),

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

    /** What is no longer chosen, or chosen otherwise, is forgotten; knowledge of it is gone. Any number of times. */
    chooseStreams: async (
      { tenantId, connectionId }: { tenantId: TenantId; connectionId: ConnectionId },
      sync: StreamChoice[],
    ): Promise<{ dropped: StreamChoice[] }> => {
      const before = (await connections.get(tenantId, connectionId)).sync;
      const wanted = new Set(sync.map(spelled));
      const changed = before.filter((choice) => !wanted.has(spelled(choice)));
      for (const { stream } of changed) {
        await syncs.clear(tenantId, connectionId, stream);
        await sinks.clear(tenantId, connectionId, stream);
      }
      await connections.change(tenantId, connectionId, { sync });
      return { dropped: changed.filter(({ stream }) => !sync.some((choice) => choice.stream === stream)) };
    },

    /** Knowledge leaves with its source. Silent when gone. */
    clearSynced: async ({ tenantId, connectionId }: Pick<StreamRef, 'tenantId' | 'connectionId'>): Promise<void> => {
      await syncs.clear(tenantId, connectionId);
      await sinks.clear(tenantId, connectionId);
    },
  };
};

const tellsEnough = (incremental: StreamInfo['incremental'], lane?: Lane): boolean =>
  incremental === 'changed' || (incremental === 'created' && lane !== 'webhook');

/** Alike for choices that are the same, in whatever order the database gives their members back. */
const spelled = (choice: StreamChoice): string =>
  JSON.stringify(choice, (_, value: unknown) =>
    typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).sort()) : value,
  );
