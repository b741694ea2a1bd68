import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import type { RunId } from '../../ports/ids.ts';
import type { Known, PageOutcome, RunState, StreamRef } from '../../ports/syncs.ts';
import type { Database } from './pool.ts';
import { mustRun, noRun, RunRow, stateOf } from './sync-rows.ts';

/** Names of fields that a page tells at most: a vendor that invents them without end is told apart all the same. */
const FIELDS_MAX = 500;

const KnownRows = z.object({
  known: z.array(z.tuple([z.string(), z.string(), z.number(), z.string().nullable()])).nullable(),
});
const NEW: Known = { version: 0, targetId: null };

export const changedOf = async (
  db: Database,
  { tenantId, connectionId, stream }: StreamRef,
  records: { externalId: string; hash: string }[],
): Promise<Map<string, Known>> => {
  const ids = records.map(({ externalId }) => externalId);
  const [row] = await db.call(KnownRows, 'known_records', [tenantId, connectionId, stream, ids]);
  const last = new Map(
    row?.known?.map(([externalId, hash, version, targetId]) => [externalId, { hash, version, targetId }]),
  );
  const changed = records.filter(({ externalId, hash }) => last.get(externalId)?.hash !== hash);
  return new Map(
    changed.map(({ externalId }) => {
      const { version, targetId } = last.get(externalId) ?? NEW;
      return [externalId, { version, targetId }];
    }),
  );
};

/** A page of a run, with all that follows from it, in one statement. */
export const commitPage = async (
  db: Database,
  ref: StreamRef,
  runId: RunId,
  fromCursor: string | null,
  { seen, quarantined, unnamed, cursor, counts, highWater, fields }: PageOutcome,
): Promise<RunState> => {
  const { tenantId, connectionId, stream } = ref;
  if (cursor !== null && cursor === fromCursor) {
    throw new Fault('provider_garbage', `The list of ${stream} names the same page as its next one; try again later.`);
  }
  // One line a record: a page that names a record twice would stop the upsert.
  const kept = new Map(seen.map((record) => [record.externalId, record]));
  const held = new Map(
    quarantined.filter(({ externalId }) => !kept.has(externalId)).map((record) => [record.externalId, record.reason]),
  );
  const records = [...kept.values()];
  const page = {
    ...counts,
    quarantined: held.size + unnamed,
    unproven: unnamed > 0,
    cursor,
    high_water: highWater,
    fields: fields.slice(0, FIELDS_MAX),
  };
  const [row] = await db.call(RunRow, 'commit_page', [
    ...[tenantId, connectionId, stream, runId, fromCursor, JSON.stringify(page)],
    records.map(({ externalId }) => externalId),
    records.map(({ hash }) => hash),
    records.some(({ targetId }) => targetId !== undefined) ? records.map(({ targetId }) => targetId ?? null) : [],
    [...held.keys()],
    [...held.values()],
  ]);
  const run = row ?? noRun(ref, runId);
  // A page that was committed before leaves the run further on; one that is where it was has ended.
  if (run.cursor === fromCursor && !run.scanComplete) mustRun(run);
  return stateOf(run);
};
