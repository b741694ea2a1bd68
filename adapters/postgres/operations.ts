import { z } from 'zod';
import { Fault, isFault } from '../../ports/errors.ts';
import type { OperationId, Scope } from '../../ports/ids.ts';
import { PLATFORM, TenantId } from '../../ports/ids.ts';
import type { OperationStore } from '../../ports/runs.ts';
import { Operation, OperationEvent } from '../../ports/runs.ts';
import { appendAudit } from './audit.ts';
import { beforeSeq, pageOf } from './paging.ts';
import type { Database, Tx } from './pool.ts';
import { sql } from './sql.ts';

const columns = sql.fragment`id, tenant_id, kind, outcome, error, started_by, created_at, ended_at`;
const Row = Operation.extend({ workflowId: z.string() });
/** A row as the function gives it, with columns that nobody needs. */
const Begun = z.object(Row.shape);
const Listed = Operation.extend({ seq: z.number() });
const Owner = z.object({ tenantId: z.union([z.literal(PLATFORM), TenantId]) });

const gone = (id: OperationId) => new Fault('not_found', `There is no operation ${id}.`);

/**
 * Runs `fn` in the scope that owns the operation now. The platform may see whose it is; writing is done in the owner's
 * own scope. When it is handed over in between, `fn` finds nothing (`undefined`) and the new owner is asked for.
 */
const inOwner = async (
  db: Database,
  id: OperationId,
  fn: (tx: Tx, owner: Scope) => Promise<true | undefined>,
): Promise<void> => {
  for (let handovers = 0; handovers < 3; handovers += 1) {
    const row = await db.inTenant(PLATFORM, (tx) =>
      tx.maybeOne(sql.type(Owner)`SELECT tenant_id FROM operations WHERE id = ${id}`),
    );
    if (!row) throw gone(id);
    if (await db.inTenant(row.tenantId, (tx) => fn(tx, row.tenantId))) return;
  }
  throw new Fault('conflict', `The operation ${id} changes hands; try again.`);
};

export const postgresOperations = (db: Database): OperationStore => ({
  async begin({ id, scope, workflowId, kind, startedBy, idempotencyKey }) {
    const [row] = await db.call(Begun, 'begin_operation', [id, scope, workflowId, kind, startedBy, idempotencyKey]);
    if (!row) throw new Fault('conflict', 'This operation belongs to somebody else; begin a new one.');
    if (row.kind !== kind) {
      throw new Fault('idempotency_mismatch', 'This Idempotency-Key began another kind of operation; use a new one.');
    }
    return row;
  },

  assign: (id, tenantId) =>
    db.inTenant(PLATFORM, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        UPDATE operations SET tenant_id = ${tenantId} WHERE id = ${id} AND tenant_id = ${PLATFORM}`);
      const row = await tx.maybeOne(sql.type(Owner)`SELECT tenant_id FROM operations WHERE id = ${id}`);
      if (!row) throw gone(id);
      if (row.tenantId !== tenantId) throw new Fault('conflict', `The operation ${id} belongs to another tenant.`);
    }),

  settle: (id, outcome, error) =>
    inOwner(db, id, async (tx, owner) => {
      const { rowCount } = await tx.query(sql.typeAlias('nothing')`
        UPDATE operations SET
          outcome = CASE WHEN ended_at IS NULL THEN ${outcome} ELSE outcome END,
          error = CASE WHEN ended_at IS NULL THEN ${error === null ? null : sql.jsonb(error)} ELSE error END,
          ended_at = coalesce(ended_at, now())
        WHERE id = ${id} AND tenant_id = ${owner}`);
      return rowCount > 0 || undefined;
    }),

  discard: (id) =>
    inOwner(db, id, async (tx) => {
      const { rowCount } = await tx.query(sql.typeAlias('nothing')`DELETE FROM operations WHERE id = ${id}`);
      return rowCount > 0 || undefined;
    }).catch((error: unknown) => {
      if (!isFault(error, 'not_found')) throw error;
    }),

  get: (scope, id) =>
    db.inTenant(scope, async (tx) => {
      const row = await tx.maybeOne(sql.type(Row)`SELECT ${columns}, workflow_id FROM operations WHERE id = ${id}`);
      if (!row) throw gone(id);
      return row;
    }),

  list: (scope, page) =>
    db.inTenant(scope, async (tx) => {
      const rows = await tx.any(sql.type(Listed)`
        SELECT seq, ${columns} FROM operations WHERE seq < ${beforeSeq(page)} ORDER BY seq DESC LIMIT ${page.limit + 1}`);
      return pageOf(rows, page, ({ seq: _seq, ...operation }) => operation);
    }),

  record: (id, { step, state, message, data = {} }, audit) =>
    inOwner(db, id, async (tx, owner) => {
      // Holds the operation in this scope until the event is written.
      const held = await tx.maybeOne(sql.type(Owner)`SELECT tenant_id FROM operations WHERE id = ${id} FOR KEY SHARE`);
      if (held?.tenantId !== owner) return undefined;
      if (audit) await appendAudit(tx, owner, audit);
      // Events become visible in the order of their numbers, or a reader that saw 8 would never ask for 7 again.
      await tx.query(sql.typeAlias('nothing')`SELECT pg_advisory_xact_lock(hashtextextended('operation_events', 0))`);
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO operation_events (tenant_id, operation_id, step, state, message, data)
        VALUES (${owner}, ${id}, ${step}, ${state}, ${message}, ${sql.jsonb(data)})
        ON CONFLICT (operation_id, step, state) DO NOTHING`);
      return true;
    }),

  eventsAfter: (seq, ids) =>
    db.inTenant(PLATFORM, async (tx) => [
      ...(await tx.any(sql.type(OperationEvent)`
        SELECT seq, operation_id, step, state, message, data, at FROM operation_events
        WHERE operation_id = ANY (${sql.array(ids, 'uuid')}) AND seq > ${seq} ORDER BY seq`)),
    ]),
});
