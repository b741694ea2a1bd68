import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import type { RunId } from '../../ports/ids.ts';
import type { RunState, StreamRef, SyncStore } from '../../ports/syncs.ts';
import { SyncCounts, SyncMode, SyncRun } from '../../ports/syncs.ts';
import type { Database, Tx } from './pool.ts';
import { sql } from './sql.ts';

const LIST_MAX = 200;

const Row = SyncCounts.extend({
  id: SyncRun.shape.id,
  connectionId: SyncRun.shape.connectionId,
  stream: z.string(),
  mode: SyncMode,
  state: SyncRun.shape.state,
  reason: z.string().nullable(),
  cursor: z.string().nullable(),
  scanComplete: z.boolean(),
  since: z.string().nullable(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
});
type Row = z.infer<typeof Row>;

const columns = sql.fragment`id, connection_id, stream, mode, state, reason, cursor, scan_complete, since, started_at,
  ended_at, pages, read, delivered, unchanged, deleted, bytes`;

const counts = ({ pages, read, delivered, unchanged, deleted, bytes }: Row): SyncCounts => ({
  pages,
  read,
  delivered,
  unchanged,
  deleted,
  bytes,
});
const stateOf = (row: Row): RunState => ({
  mode: row.mode,
  cursor: row.cursor,
  scanComplete: row.scanComplete,
  since: row.since,
  counts: counts(row),
});
const runOf = (row: Row): SyncRun => ({
  id: row.id,
  connectionId: row.connectionId,
  stream: row.stream,
  mode: row.mode,
  state: row.state,
  reason: row.reason,
  counts: counts(row),
  startedAt: row.startedAt,
  endedAt: row.endedAt,
});

const ofStream = (ref: StreamRef) =>
  sql.fragment`tenant_id = ${ref.tenantId} AND connection_id = ${ref.connectionId} AND stream = ${ref.stream}`;

const find = async (tx: Tx, ref: StreamRef, runId: RunId, lock = sql.fragment``): Promise<Row> => {
  const row = await tx.maybeOne(
    sql.type(Row)`SELECT ${columns} FROM sync_runs WHERE id = ${runId} AND ${ofStream(ref)} ${lock}`,
  );
  if (!row) throw new Fault('not_found', `There is no sync run ${runId} of ${ref.stream}.`);
  return row;
};
/** The run belongs to this transaction until it ends: pages and forgetting come one after the other. */
const hold = (tx: Tx, ref: StreamRef, runId: RunId) => find(tx, ref, runId, sql.fragment`FOR UPDATE`);

const mustRun = (row: Row) => {
  if (row.state !== 'running') throw new Fault('conflict', `The sync run ${row.id} has ended: ${row.state}.`);
};

export const postgresSyncs = (db: Database): SyncStore => ({
  begin: (ref, runId, mode) =>
    db.inTenant(ref.tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO sync_runs (id, tenant_id, connection_id, stream, mode, since)
        SELECT ${runId}, ${ref.tenantId}, ${ref.connectionId}, ${ref.stream},
          CASE WHEN mark IS NULL THEN 'full' ELSE 'incremental' END, mark
        FROM (SELECT (SELECT high_water FROM sync_cursors WHERE ${ofStream(ref)} AND ${mode} = 'incremental') AS mark) AS m
        ON CONFLICT (id) DO NOTHING`);
      return stateOf(await find(tx, ref, runId));
    }),

  state: (ref, runId) => db.inTenant(ref.tenantId, async (tx) => stateOf(await find(tx, ref, runId))),

  changed: (ref, records) =>
    db.inTenant(ref.tenantId, async (tx) => {
      const ids = records.map(({ externalId }) => externalId);
      const known = await tx.any(sql.type(z.object({ externalId: z.string(), hash: z.string() }))`
        SELECT external_id, hash FROM sync_records
        WHERE ${ofStream(ref)} AND external_id = ANY (${sql.array(ids, 'text')})`);
      const last = new Map(known.map(({ externalId, hash }) => [externalId, hash]));
      return new Set(
        records.filter(({ externalId, hash }) => last.get(externalId) !== hash).map((it) => it.externalId),
      );
    }),

  commitPage: (ref, runId, fromCursor, { seen, cursor, counts: page, highWater }) =>
    db.inTenant(ref.tenantId, async (tx) => {
      const run = await hold(tx, ref, runId);
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
      const hashes = new Map(seen.map(({ externalId, hash }) => [externalId, hash]));
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO sync_records (tenant_id, connection_id, stream, external_id, hash, seen_run)
        SELECT ${ref.tenantId}, ${ref.connectionId}, ${ref.stream}, external_id, hash, ${runId}
        FROM ${sql.unnest([...hashes], ['text', 'text'])} AS page (external_id, hash)
        ON CONFLICT (tenant_id, connection_id, stream, external_id)
        DO UPDATE SET hash = excluded.hash, seen_run = excluded.seen_run, seen_at = excluded.seen_at`);
      return stateOf(
        await tx.one(sql.type(Row)`
          UPDATE sync_runs SET cursor = ${cursor}, scan_complete = ${cursor === null}, pages = pages + 1,
            read = read + ${page.read}, delivered = delivered + ${page.delivered},
            unchanged = unchanged + ${page.unchanged}, bytes = bytes + ${page.bytes},
            high_water = greatest(high_water, ${highWater}::timestamptz)
          WHERE id = ${runId} RETURNING ${columns}`),
      );
    }),

  missing: (ref, runId) =>
    db.inTenant(ref.tenantId, async (tx) => {
      const run = await find(tx, ref, runId);
      if (!run.scanComplete || run.mode !== 'full') {
        throw new Fault('conflict', 'Only a complete full scan proves that a record is gone.');
      }
      // By time too: what another run saw since this one began is not gone.
      const unseen = await tx.any(sql.type(z.object({ externalId: z.string() }))`
        SELECT external_id FROM sync_records
        WHERE ${ofStream(ref)} AND seen_run <> ${runId}
          AND seen_at < (SELECT started_at FROM sync_runs WHERE id = ${runId})
        ORDER BY external_id`);
      const known = await tx.one(sql.typeAlias('count')`SELECT count(*) FROM sync_records WHERE ${ofStream(ref)}`);
      return { externalIds: unseen.map(({ externalId }) => externalId), known: known.count };
    }),

  forget: (ref, runId, externalIds) =>
    db.inTenant(ref.tenantId, async (tx) => {
      await hold(tx, ref, runId);
      // Counted by what was there, so that a repeated call counts nothing.
      const { rowCount } = await tx.query(sql.typeAlias('nothing')`
        DELETE FROM sync_records WHERE ${ofStream(ref)} AND external_id = ANY (${sql.array(externalIds, 'text')})`);
      return stateOf(
        await tx.one(sql.type(Row)`
          UPDATE sync_runs SET deleted = deleted + ${rowCount} WHERE id = ${runId} RETURNING ${columns}`),
      );
    }),

  end: (ref, runId, state, reason) =>
    db.inTenant(ref.tenantId, async (tx) => {
      const run = await hold(tx, ref, runId);
      if (run.state !== 'running') return runOf(run);
      if (state === 'completed') {
        if (!run.scanComplete) throw new Fault('conflict', 'A run whose list was not read to its end is not complete.');
        await tx.query(sql.typeAlias('nothing')`
          INSERT INTO sync_cursors (tenant_id, connection_id, stream, high_water)
          SELECT tenant_id, connection_id, stream, high_water FROM sync_runs WHERE id = ${runId}
          ON CONFLICT (tenant_id, connection_id, stream) DO UPDATE
          SET high_water = greatest(sync_cursors.high_water, excluded.high_water), updated_at = now()`);
      }
      return runOf(
        await tx.one(sql.type(Row)`
          UPDATE sync_runs SET state = ${state}, reason = ${reason}, ended_at = now() WHERE id = ${runId}
          RETURNING ${columns}`),
      );
    }),

  list: (tenantId, connectionId) =>
    db.inTenant(tenantId, async (tx) => {
      const one = connectionId ? sql.fragment`AND connection_id = ${connectionId}` : sql.fragment``;
      const rows = await tx.any(sql.type(Row)`
        SELECT ${columns} FROM sync_runs WHERE tenant_id = ${tenantId} ${one}
        ORDER BY started_at DESC, id LIMIT ${LIST_MAX}`);
      return rows.map(runOf);
    }),

  clear: (tenantId, connectionId) =>
    db.inTenant(tenantId, async (tx) => {
      for (const table of ['sync_cursors', 'sync_records']) {
        await tx.query(sql.typeAlias('nothing')`
          DELETE FROM ${sql.identifier([table])} WHERE tenant_id = ${tenantId} AND connection_id = ${connectionId}`);
      }
    }),
});
