import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import type { RunId, TenantId } from '../../ports/ids.ts';
import type { RunState, StreamRef } from '../../ports/syncs.ts';
import { SyncCounts, SyncMode, SyncRun } from '../../ports/syncs.ts';
import type { Tx } from './pool.ts';
import { sql } from './sql.ts';

/** One run as the view `sync_reports` tells it. */
export const RunRow = z.object({
  ...SyncCounts.shape,
  id: SyncRun.shape.id,
  connectionId: SyncRun.shape.connectionId,
  stream: z.string(),
  mode: SyncMode,
  state: SyncRun.shape.state,
  reason: z.string().nullable(),
  cursor: z.string().nullable(),
  scanComplete: z.boolean(),
  unproven: z.boolean(),
  since: z.string().nullable(),
  gapFrom: z.string().nullable(),
  drift: SyncRun.shape.drift,
  workflowId: z.string().nullable(),
  choice: z.string().nullable(),
  toRetry: z.number(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
});
export type RunRow = z.infer<typeof RunRow>;

const countsOf = (row: RunRow): SyncCounts => ({
  pages: row.pages,
  read: row.read,
  delivered: row.delivered,
  unchanged: row.unchanged,
  deleted: row.deleted,
  quarantined: row.quarantined,
  bytes: row.bytes,
  calls: row.calls,
  throttled: row.throttled,
  seconds: Math.round(row.seconds * 1000) / 1000,
});

export const stateOf = (row: RunRow): RunState => ({
  mode: row.mode,
  cursor: row.cursor,
  scanComplete: row.scanComplete,
  unproven: row.unproven,
  since: row.since,
  choice: row.choice ?? '',
  counts: countsOf(row),
  toRetry: row.toRetry,
  startedAt: row.startedAt,
});

/** What changed or went while nobody could look is what the first run afterwards finds. */
const gapOf = ({ gapFrom, delivered, deleted, quarantined }: RunRow): SyncRun['gap'] =>
  gapFrom === null ? null : { from: gapFrom, missed: delivered + deleted + quarantined, repaired: delivered + deleted };

export const runOf = (row: RunRow): SyncRun => ({
  id: row.id,
  connectionId: row.connectionId,
  stream: row.stream,
  mode: row.mode,
  state: row.state,
  reason: row.reason,
  counts: countsOf(row),
  gap: gapOf(row),
  drift: row.drift,
  startedAt: row.startedAt,
  endedAt: row.endedAt,
});

export const ofStream = (ref: StreamRef) =>
  sql.fragment`tenant_id = ${ref.tenantId} AND connection_id = ${ref.connectionId} AND stream = ${ref.stream}`;

/** What of a connection, or of one stream of it. */
export const ofConnection = (tenantId: TenantId, connectionId: string, stream?: string) =>
  sql.fragment`tenant_id = ${tenantId} AND connection_id = ${connectionId}
    ${stream === undefined ? sql.fragment`` : sql.fragment`AND stream = ${stream}`}`;

export const findRun = (tx: Tx, ref: StreamRef, runId: RunId): Promise<RunRow | null> =>
  tx.maybeOne(sql.type(RunRow)`SELECT * FROM sync_reports WHERE id = ${runId} AND ${ofStream(ref)}`);

export const needRun = async (tx: Tx, ref: StreamRef, runId: RunId): Promise<RunRow> =>
  (await findRun(tx, ref, runId)) ?? noRun(ref, runId);

/** The run belongs to this transaction until it ends: pages and forgetting come one after the other. */
export const holdRun = async (tx: Tx, ref: StreamRef, runId: RunId): Promise<RunRow> => {
  await tx.query(sql.typeAlias('nothing')`SELECT FROM sync_runs WHERE id = ${runId} AND ${ofStream(ref)} FOR UPDATE`);
  return needRun(tx, ref, runId);
};

export const noRun = ({ stream }: StreamRef, runId: RunId): never => {
  throw new Fault('not_found', `There is no sync run ${runId} of ${stream}.`);
};

export const mustRun = ({ id, state, reason }: RunRow) => {
  if (state !== 'running') throw new Fault('conflict', `The sync run ${id} has ended: ${reason ?? state}.`);
};
