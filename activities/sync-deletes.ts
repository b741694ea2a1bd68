import { Context } from '@temporalio/activity';
import type { ContentRef } from '../ports/content.ts';
import { isFault } from '../ports/errors.ts';
import type { RunId } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';
import type { StreamRef } from '../ports/syncs.ts';
import type { Destination } from '../ports/tenants.ts';
import { batchOf, partName } from './sync-deliver.ts';
import { progressOf } from './sync-progress.ts';
import type { SyncProgress } from './sync-progress.ts';

/** A full scan that misses more than this share of what is known, and more than a handful, asks a person first. */
const DELETE_SHARE_MAX = 0.2;
const DELETE_COUNT_FREE = 10;
const SAMPLE = 20;
/** Taken at once, however many there are. */
const BATCH = 500;
/** The hash of no record. */
const NONE = '';

type Needs = Pick<Ports, 'connectors' | 'connections' | 'syncs' | 'sinks' | 'content' | 'hash'>;

export const createDeleteActivities = ({ connectors, connections, syncs, sinks, content, hash }: Needs) => {
  const isGone = async ({ tenantId, connectionId, stream }: StreamRef, externalId: string): Promise<boolean> => {
    try {
      await connectors.readOne(tenantId, connectionId, stream, externalId, { lane: 'webhook' });
      return false;
    } catch (error) {
      if (isFault(error, 'not_found')) return true;
      throw error;
    }
  };

  return {
    /** What a complete full scan did not see. `brake` holds what a person is asked when it is too much. */
    planDeletes: async (ref: StreamRef, runId: RunId): Promise<{ missing: number; brake: ContentRef | null }> => {
      const { externalIds, missing, known } = await syncs.missing(ref, runId, { after: '', limit: SAMPLE });
      const tooMany = missing > DELETE_COUNT_FREE && missing > known * DELETE_SHARE_MAX;
      return {
        missing,
        brake: tooMany
          ? await content.put(ref.tenantId, { stream: ref.stream, missing, known, sample: externalIds })
          : null,
      };
    },

    /** From the sink first, then from what is known: killed in between, the same batch goes again under the same name. */
    applyDeletes: async (ref: StreamRef, runId: RunId, to: Destination): Promise<SyncProgress> => {
      let state = await syncs.state(ref, runId);
      for (let after = ''; ;) {
        const { externalIds } = await syncs.missing(ref, runId, { after, limit: BATCH });
        if (externalIds.length === 0) return progressOf(state);
        Context.current().cancellationSignal.throwIfAborted();
        const batch = batchOf(runId, state, partName(state.counts.deleted, 'deleted-'));
        await sinks.remove(to, ref, { ...batch, externalIds });
        state = await syncs.forget(ref, runId, externalIds);
        after = externalIds.at(-1) ?? after;
      }
    },

    /**
     * Somebody said that a record was deleted: the source is asked, and only when it has none does it go from where the tenant
     * chose to have it. True when it went. Any number of times.
     */
    removeIfGone: async (ref: StreamRef, externalId: string): Promise<boolean> => {
      const { tenantId, connectionId, stream } = ref;
      const { sync } = await connections.get(tenantId, connectionId);
      const choice = sync.find((chosen) => chosen.stream === stream);
      if (choice === undefined) return false;
      const [known] = (await syncs.changed(ref, [{ externalId, hash: NONE }])).values();
      if (!known || known.version === 0 || !(await isGone(ref, externalId))) return false;
      await sinks.remove(choice, ref, {
        runId: hash(`${connectionId}/${stream}/${externalId}`).slice(0, 32),
        startedAt: new Date().toISOString(),
        choice: '',
        part: partName(0, 'deleted-'),
        signal: Context.current().cancellationSignal,
        externalIds: [externalId],
      });
      return syncs.forgetGone(ref, externalId);
    },
  };
};
