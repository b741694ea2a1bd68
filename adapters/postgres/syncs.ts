import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import type { SyncStore } from '../../ports/syncs.ts';
import type { Database } from './pool.ts';
import { postgresQuarantine } from './quarantine.ts';
import { sql } from './sql.ts';
import { beginRun } from './sync-begin.ts';
import { endRun } from './sync-end.ts';
import { changedOf, commitPage } from './sync-pages.ts';
import { holdRun, needRun, ofConnection, ofStream, runOf, RunRow, stateOf } from './sync-rows.ts';

const LIST_MAX = 200;

const ExternalId = z.object({ externalId: z.string() });

export const postgresSyncs = (db: Database): SyncStore => ({
  begin: (ref, runId, start) => db.inTenant(ref.tenantId, (tx) => beginRun(tx, ref, runId, start)),

  state: (ref, runId) => db.inTenant(ref.tenantId, async (tx) => stateOf(await needRun(tx, ref, runId))),

  changed: (ref, records) => changedOf(db, ref, records),

  commitPage: (ref, runId, fromCursor, outcome) => commitPage(db, ref, runId, fromCursor, outcome),

  missing: (ref, runId, { after, limit }) =>
    db.inTenant(ref.tenantId, async (tx) => {
      const run = await needRun(tx, ref, runId);
      if (!run.scanComplete || run.mode !== 'full' || run.unproven) {
        throw new Fault('conflict', 'Only a complete full scan proves that a record is gone.');
      }
      // By time too: what another run saw since this one began is not gone.
      const unseen = sql.fragment`FROM sync_records
        WHERE ${ofStream(ref)} AND seen_run <> ${runId}
          AND seen_at < (SELECT started_at FROM sync_runs WHERE id = ${runId})`;
      const rows = await tx.any(sql.type(ExternalId)`
        SELECT external_id ${unseen} AND external_id > ${after} ORDER BY external_id LIMIT ${limit}`);
      const counted = await tx.one(sql.type(z.object({ missing: z.number(), known: z.number() }))`
        SELECT (SELECT count(*) ${unseen}) AS missing,
          (SELECT count(*) FROM sync_records WHERE ${ofStream(ref)}) AS known`);
      return { externalIds: rows.map(({ externalId }) => externalId), ...counted };
    }),

  forget: (ref, runId, externalIds) =>
    db.inTenant(ref.tenantId, async (tx) => {
      await holdRun(tx, ref, runId);
      // Counted by what was there, so that a repeated call counts nothing.
      const { rowCount } = await tx.query(sql.typeAlias('nothing')`
        DELETE FROM sync_records WHERE ${ofStream(ref)} AND external_id = ANY (${sql.array(externalIds, 'text')})`);
      await tx.query(sql.typeAlias('nothing')`
        UPDATE sync_runs SET deleted = deleted + ${rowCount} WHERE id = ${runId}`);
      return stateOf(await needRun(tx, ref, runId));
    }),

  forgetGone: (ref, externalId) =>
    db.inTenant(ref.tenantId, async (tx) => {
      const of = sql.fragment`WHERE ${ofStream(ref)} AND external_id = ${externalId}`;
      await tx.query(sql.typeAlias('nothing')`DELETE FROM quarantine ${of}`);
      const { rowCount } = await tx.query(sql.typeAlias('nothing')`DELETE FROM sync_records ${of}`);
      return rowCount > 0;
    }),

  ...postgresQuarantine(db),

  end: (ref, runId, state, reason) => db.inTenant(ref.tenantId, (tx) => endRun(tx, ref, runId, state, reason)),

  list: (tenantId, connectionId) =>
    db.inTenant(tenantId, async (tx) => {
      const one = connectionId ? sql.fragment`AND connection_id = ${connectionId}` : sql.fragment``;
      const rows = await tx.any(sql.type(RunRow)`
        SELECT * FROM sync_reports WHERE tenant_id = ${tenantId} ${one}
        ORDER BY started_at DESC, id LIMIT ${LIST_MAX}`);
      return rows.map(runOf);
    }),

  run: (tenantId, runId) =>
    db.inTenant(tenantId, async (tx) => {
      const row = await tx.maybeOne(sql.type(RunRow)`SELECT * FROM sync_reports WHERE id = ${runId}`);
      if (!row) throw new Fault('not_found', `There is no sync ${runId}.`);
      return { ...runOf(row), workflowId: row.workflowId };
    }),

  clear: (tenantId, connectionId, stream) =>
    db.inTenant(tenantId, async (tx) => {
      const of = ofConnection(tenantId, connectionId, stream);
      await tx.query(sql.typeAlias('nothing')`
        UPDATE sync_runs SET state = 'cancelled', reason = 'cancelled: this stream is not chosen any more, or otherwise',
          ended_at = now()
        WHERE ${of} AND state = 'running'`);
      for (const table of ['sync_cursors', 'sync_records', 'quarantine']) {
        await tx.query(sql.typeAlias('nothing')`DELETE FROM ${sql.identifier([table])} WHERE ${of}`);
      }
    }),
});
