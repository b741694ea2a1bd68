import { z } from 'zod';
import type { ApprovalStore } from '../../ports/approvals.ts';
import { Vote } from '../../ports/approvals.ts';
import { UserId } from '../../ports/ids.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

const Person = z.object({ userId: UserId });

export const postgresApprovalVotes = (
  db: Database,
): Pick<ApprovalStore, 'vote' | 'votes' | 'delegate' | 'delegates'> => ({
  vote: (tenantId, id, { userId, kind, contentHash, givenHash, receipt, at }) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO approval_votes (tenant_id, approval_id, user_id, content_hash, given_hash, kind, receipt, at)
        VALUES (${tenantId}, ${id}, ${userId}, ${contentHash}, ${givenHash}, ${kind}, ${receipt}, ${at})
        ON CONFLICT (tenant_id, approval_id, user_id, given_hash, kind) DO NOTHING`);
    }),

  votes: (tenantId, id) =>
    db.inTenant(tenantId, async (tx) => [
      ...(await tx.any(sql.type(Vote)`
        SELECT user_id, kind, content_hash, given_hash, receipt, at FROM approval_votes
        WHERE tenant_id = ${tenantId} AND approval_id = ${id} ORDER BY at, user_id`)),
    ]),

  delegate: (tenantId, id, to, by) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO approval_delegates (tenant_id, approval_id, user_id, delegated_by)
        VALUES (${tenantId}, ${id}, ${to}, ${by}) ON CONFLICT (tenant_id, approval_id, user_id) DO NOTHING`);
    }),

  delegates: (tenantId, id) =>
    db.inTenant(tenantId, async (tx) => {
      const rows = await tx.any(sql.type(Person)`
        SELECT user_id FROM approval_delegates WHERE tenant_id = ${tenantId} AND approval_id = ${id} ORDER BY at, user_id`);
      return rows.map(({ userId }) => userId);
    }),
});
