import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import type { RunId } from '../../ports/ids.ts';
import type { StreamRef, SyncRun } from '../../ports/syncs.ts';
import type { Tx } from './pool.ts';
import { sql } from './sql.ts';
import { holdRun, needRun, ofStream, runOf } from './sync-rows.ts';
import type { RunRow } from './sync-rows.ts';

/** Seconds. */
const CLOCKS_DIFFER = 600;

const Met = z.object({ known: z.array(z.string()).nullable(), met: z.array(z.string()) });

/** Fields that a full run did not meet are gone; an incremental one may just have met none of those records. */
const driftOf = ({ known, met }: z.infer<typeof Met>, isWhole: boolean): SyncRun['drift'] => {
  if (known === null || met.length === 0) return null;
  const added = met.filter((name) => !known.includes(name)).sort();
  const gone = isWhole ? known.filter((name) => !met.includes(name)).sort() : [];
  return added.length + gone.length > 0 ? { added, gone } : null;
};

/**
 * What a good run leaves for the next one; gives how the vendor's records have changed their shape. The mark is never later
 * than the run's start: what changed since then may have done so behind the scan's back. Of records that tell no time of
 * change it is the run's start itself, less what two clocks may differ by.
 */
const complete = async (tx: Tx, ref: StreamRef, { id, scanComplete, mode }: RunRow): Promise<SyncRun['drift']> => {
  if (!scanComplete) throw new Fault('conflict', 'A run whose list was not read to its end is not complete.');
  const fields = await tx.one(sql.type(Met)`
    SELECT (SELECT fields FROM sync_cursors WHERE ${ofStream(ref)}) AS known, fields AS met FROM sync_runs WHERE id = ${id}`);
  const { known, met } = fields;
  const next = met.length === 0 ? known : mode === 'full' ? met : [...new Set([...(known ?? []), ...met])];
  await tx.query(sql.typeAlias('nothing')`
    INSERT INTO sync_cursors (tenant_id, connection_id, stream, high_water, fields, completed_at)
    SELECT tenant_id, connection_id, stream,
      CASE WHEN high_water IS NOT NULL THEN least(high_water, started_at)
        WHEN read > 0 THEN started_at - ${CLOCKS_DIFFER} * interval '1 second' END,
      ${next === null ? null : sql.array(next, 'text')}, now()
    FROM sync_runs WHERE id = ${id}
    ON CONFLICT (tenant_id, connection_id, stream) DO UPDATE
    SET high_water = greatest(sync_cursors.high_water, excluded.high_water), fields = excluded.fields,
      completed_at = excluded.completed_at`);
  return driftOf(fields, mode === 'full');
};

export const endRun = async (
  tx: Tx,
  ref: StreamRef,
  runId: RunId,
  state: 'completed' | 'failed' | 'cancelled',
  reason: string | null,
): Promise<SyncRun> => {
  const run = await holdRun(tx, ref, runId);
  if (run.state !== 'running') return runOf(run);
  const drift = state === 'completed' ? await complete(tx, ref, run) : null;
  await tx.query(sql.typeAlias('nothing')`
    UPDATE sync_runs SET state = ${state}, reason = ${reason}, ended_at = now(),
      drift = ${drift === null ? null : sql.jsonb(drift)}
    WHERE id = ${runId}`);
  return runOf(await needRun(tx, ref, runId));
};
