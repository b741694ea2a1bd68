import type { ApprovalStore } from '../../ports/approvals.ts';
import { Approval } from '../../ports/approvals.ts';
import { Fault } from '../../ports/errors.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

const LIST_MAX = 200;

const columns = sql.fragment`id, tenant_id, operation_id, connection_id, workflow_id, subject, content_id, content_hash,
  policy, state, reminded_at, deadline_at, decided_by, decided_at, created_at`;

const gone = (id: string) => new Fault('not_found', `There is no approval ${id}.`);

export const postgresApprovals = (db: Database): ApprovalStore => ({
  open: (it) =>
    db.inTenant(it.tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO approvals (id, tenant_id, operation_id, connection_id, workflow_id, subject, content_id, content_hash,
          policy, deadline_at)
        VALUES (${it.id}, ${it.tenantId}, ${it.operationId}, ${it.connectionId}, ${it.workflowId}, ${it.subject},
          ${it.contentId}, ${it.contentHash}, ${sql.jsonb(it.policy)}, ${it.deadlineAt})
        ON CONFLICT (id) DO NOTHING`);
      const approval = await tx.maybeOne(sql.type(Approval)`SELECT ${columns} FROM approvals WHERE id = ${it.id}`);
      if (!approval) throw gone(it.id);
      return approval;
    }),

  remind: (tenantId, id) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        UPDATE approvals SET reminded_at = coalesce(reminded_at, now()) WHERE id = ${id} AND state = 'pending'`);
    }),

  close: (tenantId, id, state, decidedBy) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        UPDATE approvals SET state = ${state}, decided_by = ${decidedBy}, decided_at = now()
        WHERE id = ${id} AND state = 'pending'`);
    }),

  get: (tenantId, id) =>
    db.inTenant(tenantId, async (tx) => {
      const approval = await tx.maybeOne(sql.type(Approval)`SELECT ${columns} FROM approvals WHERE id = ${id}`);
      if (!approval) throw gone(id);
      return approval;
    }),

  list: (tenantId, state) =>
    db.inTenant(tenantId, async (tx) => {
      const only = state ? sql.fragment`AND state = ${state}` : sql.fragment``;
      return [
        ...(await tx.any(sql.type(Approval)`
          SELECT ${columns} FROM approvals WHERE tenant_id = ${tenantId} ${only}
          ORDER BY created_at DESC, id LIMIT ${LIST_MAX}`)),
      ];
    }),

  pendingThrough: (tenantId, id) =>
    db.inTenant(tenantId, async (tx) => [
      ...(await tx.any(sql.type(Approval)`
        SELECT ${columns} FROM approvals WHERE tenant_id = ${tenantId} AND connection_id = ${id} AND state = 'pending'
        ORDER BY created_at, id LIMIT ${LIST_MAX}`)),
    ]),
});
