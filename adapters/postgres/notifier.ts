import type { NotifierPort } from '../../ports/runs.ts';
import { Notification } from '../../ports/runs.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

const INBOX_MAX = 100;

export const postgresNotifier = (db: Database): NotifierPort => ({
  notify: (tenantId, { key, roles, kind, subject, link }) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO notifications (tenant_id, user_id, key, kind, subject, link)
        SELECT tenant_id, user_id, ${key}, ${kind}, ${subject}, ${link} FROM memberships
        WHERE tenant_id = ${tenantId} AND role = ANY (${sql.array(roles, 'text')})
        ON CONFLICT (tenant_id, user_id, key) DO NOTHING`);
    }),

  inbox: (tenantId, userId) =>
    db.inTenant(tenantId, async (tx) => [
      ...(await tx.any(sql.type(Notification)`
        SELECT id, kind, subject, link, read_at, created_at FROM notifications
        WHERE tenant_id = ${tenantId} AND user_id = ${userId} ORDER BY created_at DESC, id LIMIT ${INBOX_MAX}`)),
    ]),
});
