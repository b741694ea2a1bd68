import { z } from 'zod';
import { RunId } from '../../ports/ids.ts';
import type { RunStart, RunState, StreamRef } from '../../ports/syncs.ts';
import type { Tx } from './pool.ts';
import { sql } from './sql.ts';
import { findRun, needRun, ofStream, stateOf } from './sync-rows.ts';

const AtWork = z.object({ id: RunId, workflowId: z.string().nullable() });

/** Runs of one stream move records one after the other: side by side, the older version of a record might be delivered last. */
const atWork = async (tx: Tx, ref: StreamRef, workflowId: string) => {
  const found = await tx.any(sql.type(AtWork)`
    SELECT id, workflow_id FROM sync_runs
    WHERE ${ofStream(ref)} AND state = 'running' AND NOT scan_complete ORDER BY started_at`);
  // One id is one open workflow: an earlier run under ours is dead, as is one that is older than this rule.
  const dead = found.filter((run) => run.workflowId === null || run.workflowId === workflowId).map(({ id }) => id);
  if (dead.length > 0) {
    await tx.query(sql.typeAlias('nothing')`
      UPDATE sync_runs SET state = 'failed', reason = 'unavailable: it ended without a word', ended_at = now()
      WHERE id = ANY (${sql.array(dead, 'uuid')})`);
  }
  return found.find(({ id }) => !dead.includes(id));
};

/** Since the last good run one failed, or the connection was not in use. */
const outage = (ref: StreamRef) => sql.fragment`
  SELECT c.completed_at FROM sync_cursors c WHERE ${ofStream(ref)} AND (
    EXISTS (SELECT FROM sync_runs r WHERE (r.tenant_id, r.connection_id, r.stream) = (c.tenant_id, c.connection_id, c.stream)
      AND r.state = 'failed' AND r.ended_at > c.completed_at)
    OR EXISTS (SELECT FROM connection_events e WHERE (e.tenant_id, e.connection_id) = (c.tenant_id, c.connection_id)
      AND e.to_state IN ('reauth_required', 'disabled') AND e.at > c.completed_at))`;

export const beginRun = async (
  tx: Tx,
  ref: StreamRef,
  runId: RunId,
  { mode, reachMs, complete, workflowId }: RunStart,
): Promise<RunState | { busy: { runId: RunId; workflowId: string } }> => {
  const { tenantId, connectionId, stream } = ref;
  await tx.query(sql.typeAlias('nothing')`
    SELECT pg_advisory_xact_lock(hashtextextended(${`sync ${connectionId}/${stream}`}, 0))`);
  const mine = await findRun(tx, ref, runId);
  if (mine) return stateOf(mine);
  const other = await atWork(tx, ref, workflowId);
  if (other) return { busy: { runId: other.id, workflowId: other.workflowId ?? '' } };
  await tx.query(sql.typeAlias('nothing')`
    INSERT INTO sync_cursors (tenant_id, connection_id, stream) VALUES (${tenantId}, ${connectionId}, ${stream})
    ON CONFLICT DO NOTHING`);
  const reach = reachMs === null ? null : reachMs / 1000;
  await tx.query(sql.typeAlias('nothing')`
    INSERT INTO sync_runs (id, tenant_id, connection_id, stream, mode, since, gap_from, workflow_id, unproven)
    SELECT ${runId}, ${tenantId}, ${connectionId}, ${stream},
      CASE WHEN mark IS NULL THEN 'full' ELSE 'incremental' END, mark, (${outage(ref)}), ${workflowId}, ${!complete}
    FROM (SELECT (
      SELECT high_water FROM sync_cursors WHERE ${ofStream(ref)} AND ${mode} = 'incremental'
        AND (${reach}::float8 IS NULL OR completed_at > now() - make_interval(secs => ${reach}::float8))
    ) AS mark) AS m`);
  return stateOf(await needRun(tx, ref, runId));
};
