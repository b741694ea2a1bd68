import { z } from 'zod';
import type { ApprovalStore } from '../../ports/approvals.ts';
import { ApprovalId } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

const open = (tenantId: TenantId, tokenHash: string) => sql.fragment`
  tenant_id = ${tenantId} AND token_hash = ${tokenHash} AND used_at IS NULL AND expires_at > now()`;
const Opened = z.object({ approvalId: ApprovalId });

export const postgresApprovalLinks = (db: Database): Pick<ApprovalStore, 'putLink' | 'linkedTo' | 'useLink'> => ({
  putLink: (tenantId, id, tokenHash, expiresAt) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        DELETE FROM approval_links WHERE tenant_id = ${tenantId} AND expires_at < now() - interval '7 days'`);
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO approval_links (tenant_id, token_hash, approval_id, expires_at)
        VALUES (${tenantId}, ${tokenHash}, ${id}, ${expiresAt}) ON CONFLICT (tenant_id, token_hash) DO NOTHING`);
    }),

  linkedTo: (tenantId, tokenHash) =>
    db.inTenant(tenantId, async (tx) => {
      const opened = await tx.maybeOne(
        sql.type(Opened)`SELECT approval_id FROM approval_links WHERE ${open(tenantId, tokenHash)}`,
      );
      return opened?.approvalId ?? null;
    }),

  // One statement: of two who use a link at once, the row's lock lets one through, and the other sees it used.
  useLink: (tenantId, tokenHash, usedBy) =>
    db.inTenant(tenantId, async (tx) => {
      const opened = await tx.maybeOne(sql.type(Opened)`
        UPDATE approval_links SET used_by = ${usedBy}, used_at = now()
        WHERE ${open(tenantId, tokenHash)} RETURNING approval_id`);
      return opened?.approvalId ?? null;
    }),
});
