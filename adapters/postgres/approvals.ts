import { z } from 'zod';
import type { ApprovalStore } from '../../ports/approvals.ts';
import { Approval } from '../../ports/approvals.ts';
import { Fault } from '../../ports/errors.ts';
import { ApprovalId, UserId } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { PageQuery } from '../../ports/tenants.ts';
import { postgresApprovalLinks } from './approval-links.ts';
import { postgresApprovalVotes } from './approval-votes.ts';
import type { Database, Tx } from './pool.ts';
import { sql } from './sql.ts';

const LIST_MAX = 200;

const FIRST: PageQuery = { limit: LIST_MAX };

const columns = sql.fragment`id, tenant_id, operation_id, connection_id, workflow_id, kind, subject, content_id,
  content_hash, policy, requested_by, state, level, reminded_at, deadline_at, decided_by, decided_at, created_at`;

const Waiting = Approval.extend({ delegates: z.array(UserId), voters: z.array(UserId) });

/** Behind the approval that the cursor names: where that stands never changes. */
const behind = async (tx: Tx, tenantId: TenantId, { cursor }: PageQuery, side: 'newer' | 'older') => {
  if (cursor === undefined) return sql.fragment``;
  const named = ApprovalId.safeParse(cursor).data ?? null;
  const known = await tx.maybeOne(sql.typeAlias('id')`
    SELECT id FROM approvals WHERE tenant_id = ${tenantId} AND id = ${named}`);
  if (!known)
    throw new Fault('invalid_request', 'This cursor is not of this list; begin again without it.', {
      fields: [{ path: 'cursor', message: 'is not of this list' }],
    });
  const place = sql.fragment`(SELECT created_at, id FROM approvals WHERE id = ${named})`;
  return side === 'newer'
    ? sql.fragment`AND (created_at, id) > ${place}`
    : sql.fragment`AND (created_at, id) < ${place}`;
};

const gone = (id: string) => new Fault('not_found', `There is no approval ${id}.`);

export const postgresApprovals = (db: Database): ApprovalStore => ({
  ...postgresApprovalVotes(db),
  ...postgresApprovalLinks(db),

  open: (it) =>
    db.inTenant(it.tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO approvals (id, tenant_id, operation_id, connection_id, workflow_id, kind, subject, content_id,
          content_hash, policy, requested_by, deadline_at)
        VALUES (${it.id}, ${it.tenantId}, ${it.operationId}, ${it.connectionId}, ${it.workflowId}, ${it.kind},
          ${it.subject}, ${it.contentId}, ${it.contentHash}, ${sql.jsonb(it.policy)}, ${it.requestedBy}, ${it.deadlineAt})
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

  escalate: (tenantId, id, level) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        UPDATE approvals SET level = greatest(level, ${level}) WHERE id = ${id} AND state = 'pending'`);
    }),

  amend: (tenantId, id, content) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        UPDATE approvals SET content_id = ${content.id}, content_hash = ${content.sha256}
        WHERE id = ${id} AND state = 'pending'`);
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

  list: (tenantId, state, page = FIRST) =>
    db.inTenant(tenantId, async (tx) => {
      const only = state ? sql.fragment`AND state = ${state}` : sql.fragment``;
      return [
        ...(await tx.any(sql.type(Approval)`
          SELECT ${columns} FROM approvals
          WHERE tenant_id = ${tenantId} ${only} ${await behind(tx, tenantId, page, 'older')}
          ORDER BY created_at DESC, id DESC LIMIT ${page.limit}`)),
      ];
    }),

  waiting: (tenantId, page = FIRST) =>
    db.inTenant(tenantId, async (tx) => {
      const rows = await tx.any(sql.type(Waiting)`
        SELECT ${columns},
          ARRAY (SELECT user_id FROM approval_delegates AS d
            WHERE d.tenant_id = a.tenant_id AND approval_id = a.id) AS delegates,
          ARRAY (SELECT DISTINCT user_id FROM approval_votes AS v
            WHERE v.tenant_id = a.tenant_id AND approval_id = a.id AND v.given_hash = a.content_hash
              AND v.kind <> 'reject') AS voters
        FROM approvals AS a
        WHERE tenant_id = ${tenantId} AND state = 'pending' ${await behind(tx, tenantId, page, 'newer')}
        ORDER BY created_at, id LIMIT ${page.limit}`);
      return rows.map(({ delegates, voters, ...approval }) => ({ approval, delegates, voters }));
    }),

  pendingThrough: (tenantId, id) =>
    db.inTenant(tenantId, async (tx) => [
      ...(await tx.any(sql.type(Approval)`
        SELECT ${columns} FROM approvals WHERE tenant_id = ${tenantId} AND connection_id = ${id} AND state = 'pending'
        ORDER BY created_at, id LIMIT ${LIST_MAX}`)),
    ]),
});
