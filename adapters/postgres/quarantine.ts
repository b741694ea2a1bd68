import type { RunId } from '../../ports/ids.ts';
import type { RetryOutcome, RunState, StreamRef, SyncStore } from '../../ports/syncs.ts';
import { QUARANTINE_TRIES_MAX, QuarantinedRecord } from '../../ports/syncs.ts';
import type { Database, Tx } from './pool.ts';
import { sql } from './sql.ts';
import { holdRun, mustRun, needRun, ofStream, stateOf } from './sync-rows.ts';

const LIST_MAX = 1000;

/** Delivered at last: as a page would have kept it. */
const keep = async (
  tx: Tx,
  ref: StreamRef,
  runId: RunId,
  externalId: string,
  { hash, targetId }: Extract<RetryOutcome, { kind: 'healed' }>,
) => {
  await tx.query(sql.typeAlias('nothing')`
    INSERT INTO sync_records AS old (tenant_id, connection_id, stream, external_id, hash, target_id, seen_run)
    VALUES (${ref.tenantId}, ${ref.connectionId}, ${ref.stream}, ${externalId}, ${hash}, ${targetId ?? null}, ${runId})
    ON CONFLICT (connection_id, stream, external_id) DO UPDATE
    SET hash = excluded.hash, seen_run = excluded.seen_run, seen_at = excluded.seen_at,
      target_id = coalesce(excluded.target_id, old.target_id),
      version = old.version + CASE WHEN old.hash = excluded.hash THEN 0 ELSE 1 END`);
};

const settle = async (
  tx: Tx,
  ref: StreamRef,
  runId: RunId,
  externalId: string,
  outcome: RetryOutcome,
): Promise<RunState> => {
  const run = await holdRun(tx, ref, runId);
  mustRun(run);
  const it = sql.fragment`${ofStream(ref)} AND external_id = ${externalId} AND tried_by IS DISTINCT FROM ${runId}`;
  if (outcome.kind === 'failed') {
    await tx.query(sql.typeAlias('nothing')`
      UPDATE quarantine SET tries = tries + 1, tried_by = ${runId}, reason = coalesce(${outcome.reason}, reason), last_at = now()
      WHERE ${it}`);
    return stateOf(run);
  }
  const { rowCount } = await tx.query(sql.typeAlias('nothing')`DELETE FROM quarantine WHERE ${it}`);
  if (outcome.kind === 'gone' || rowCount === 0) return stateOf(run);
  await keep(tx, ref, runId, externalId, outcome);
  await tx.query(sql.typeAlias('nothing')`
    UPDATE sync_runs SET delivered = delivered + ${outcome.delivered ? 1 : 0} WHERE id = ${runId}`);
  return stateOf(await needRun(tx, ref, runId));
};

/** Records that could not be read or delivered, and what becomes of them. */
export const postgresQuarantine = (
  db: Database,
): Pick<SyncStore, 'toRetry' | 'retried' | 'quarantine' | 'requeue'> => ({
  toRetry: (ref, runId, limit) =>
    db.inTenant(ref.tenantId, async (tx) => {
      await needRun(tx, ref, runId);
      const rows = await tx.any(sql.type(QuarantinedRecord.pick({ externalId: true }))`
        SELECT external_id FROM quarantine
        WHERE ${ofStream(ref)} AND tries < ${QUARANTINE_TRIES_MAX} AND tried_by IS DISTINCT FROM ${runId}
        ORDER BY last_at, external_id LIMIT ${limit}`);
      return rows.map(({ externalId }) => externalId);
    }),

  retried: (ref, runId, externalId, outcome) =>
    db.inTenant(ref.tenantId, (tx) => settle(tx, ref, runId, externalId, outcome)),

  quarantine: (tenantId, { connectionId, stream }) =>
    db.inTenant(tenantId, async (tx) => {
      const where = [
        sql.fragment`tenant_id = ${tenantId}`,
        ...(connectionId === undefined ? [] : [sql.fragment`connection_id = ${connectionId}`]),
        ...(stream === undefined ? [] : [sql.fragment`stream = ${stream}`]),
      ];
      const rows = await tx.any(sql.type(QuarantinedRecord)`
        SELECT connection_id, stream, external_id, reason, tries, first_at, last_at FROM quarantine
        WHERE ${sql.join(where, sql.fragment` AND `)}
        ORDER BY first_at, external_id LIMIT ${LIST_MAX}`);
      return [...rows];
    }),

  requeue: (ref, externalIds) =>
    db.inTenant(ref.tenantId, async (tx) => {
      const some =
        externalIds === undefined
          ? sql.fragment``
          : sql.fragment`AND external_id = ANY (${sql.array(externalIds, 'text')})`;
      const { rowCount } = await tx.query(sql.typeAlias('nothing')`
        UPDATE quarantine SET tries = 0 WHERE ${ofStream(ref)} ${some}`);
      return rowCount;
    }),
});
