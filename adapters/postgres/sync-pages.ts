import { Fault } from '../../ports/errors.ts';
import type { RunId } from '../../ports/ids.ts';
import type { PageOutcome, RunState, StreamRef } from '../../ports/syncs.ts';
import type { Tx } from './pool.ts';
import { sql } from './sql.ts';
import { holdRun, mustRun, needRun, ofStream, runColumns, RunRow, stateOf } from './sync-rows.ts';

/** Names of fields that a run remembers at most: a vendor that invents them without end is told apart all the same. */
const FIELDS_MAX = 500;

/** A page of a run, with all that follows from it, in one statement. */
export const commitPage = async (
  tx: Tx,
  ref: StreamRef,
  runId: RunId,
  fromCursor: string | null,
  { seen, quarantined, unnamed, cursor, counts: page, highWater, fields }: PageOutcome,
): Promise<RunState> => {
  const run = await holdRun(tx, ref, runId);
  // Committed before: the same page again changes nothing, whatever it holds now.
  if (run.scanComplete || run.cursor !== fromCursor) return stateOf(run);
  mustRun(run);
  if (cursor !== null && cursor === fromCursor) {
    throw new Fault(
      'provider_garbage',
      `The list of ${ref.stream} names the same page as its next one; try again later.`,
    );
  }
  // One line a record: a page that names a record twice would stop the upsert.
  const kept = new Map(seen.map((record) => [record.externalId, record]));
  const held = new Map(
    quarantined.filter(({ externalId }) => !kept.has(externalId)).map((record) => [record.externalId, record.reason]),
  );
  const lines = [...kept.values()].map(({ externalId, hash, targetId }) => [externalId, hash, targetId ?? null]);
  const committed = await tx.one(sql.type(RunRow)`
      WITH page AS (
        SELECT * FROM ${sql.unnest(lines, ['text', 'text', 'text'])} AS page (external_id, hash, target_id)
      ), kept AS (
        INSERT INTO sync_records AS old (tenant_id, connection_id, stream, external_id, hash, target_id, seen_run)
        SELECT ${ref.tenantId}, ${ref.connectionId}, ${ref.stream}, external_id, hash, target_id, ${runId} FROM page
        ON CONFLICT (tenant_id, connection_id, stream, external_id) DO UPDATE
        SET hash = excluded.hash, seen_run = excluded.seen_run, seen_at = excluded.seen_at,
          target_id = coalesce(excluded.target_id, old.target_id),
          version = old.version + CASE WHEN old.hash = excluded.hash THEN 0 ELSE 1 END
      ), healed AS (
        DELETE FROM quarantine WHERE ${ofStream(ref)} AND external_id IN (SELECT external_id FROM page)
      )
      -- For an empty list, too, the planner may read the whole stream.
      ${held.size === 0 ? sql.fragment`` : heldApart(ref, runId, held)}
      UPDATE sync_runs r SET cursor = ${cursor}, scan_complete = ${cursor === null}, pages = pages + 1,
        read = read + ${page.read}, delivered = delivered + ${page.delivered},
        unchanged = unchanged + ${page.unchanged}, quarantined = quarantined + ${held.size + unnamed},
        bytes = bytes + ${page.bytes}, calls = calls + ${page.calls}, throttled = throttled + ${page.throttled},
        unproven = unproven OR ${unnamed > 0}, high_water = greatest(high_water, ${highWater}::timestamptz),
        fields = fields || CASE WHEN cardinality(fields) < ${FIELDS_MAX} THEN array(
          SELECT unnest(${sql.array(fields.slice(0, FIELDS_MAX), 'text')}) EXCEPT SELECT unnest(r.fields)
        ) ELSE '{}' END
      WHERE id = ${runId} RETURNING ${runColumns}`);
  // One statement sees no row that it writes itself: what waits in quarantine since this page is counted by another.
  return stateOf(held.size > 0 ? await needRun(tx, ref, runId) : committed);
};

/** Records that could not be read or delivered: still there, and set aside. */
const heldApart = (ref: StreamRef, runId: RunId, held: Map<string, string>) => sql.fragment`, there AS (
        UPDATE sync_records SET seen_run = ${runId}, seen_at = now()
        WHERE ${ofStream(ref)} AND external_id = ANY (${sql.array([...held.keys()], 'text')})
      ), held AS (
        INSERT INTO quarantine (tenant_id, connection_id, stream, external_id, reason)
        SELECT ${ref.tenantId}, ${ref.connectionId}, ${ref.stream}, external_id, reason
        FROM ${sql.unnest([...held], ['text', 'text'])} AS held (external_id, reason)
        ON CONFLICT (tenant_id, connection_id, stream, external_id) DO UPDATE
        SET reason = excluded.reason, last_at = excluded.last_at
      )`;
