import { PLATFORM } from '../../ports/ids.ts';
import type { NotifierPort } from '../../ports/notifications.ts';
import { Notification } from '../../ports/notifications.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

const INBOX_MAX = 100;

/** The inboxes: the part of the notifier that never leaves this database. */
export const postgresNotifier = (db: Database): Pick<NotifierPort, 'notify' | 'inbox'> => ({
  notify: (scope, { key, roles, users = [], kind, subject, link }) =>
    db.inTenant(scope, async (tx) => {
      const people =
        scope === PLATFORM
          ? sql.fragment`platform_roles WHERE`
          : sql.fragment`memberships WHERE tenant_id = ${scope} AND`;
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO notifications (tenant_id, user_id, key, kind, subject, link)
        SELECT ${scope}, user_id, ${key}, ${kind}, ${subject}, ${link} FROM ${people}
          (role = ANY (${sql.array(roles, 'text')}) OR user_id = ANY (${sql.array(users, 'uuid')}))
        ON CONFLICT (tenant_id, user_id, key) DO NOTHING`);
    }),

  inbox: (scope, userId) =>
    db.inTenant(scope, async (tx) => [
      ...(await tx.any(sql.type(Notification)`
        SELECT id, kind, subject, link, read_at, created_at FROM notifications
        WHERE tenant_id = ${scope} AND user_id = ${userId} ORDER BY created_at DESC, id LIMIT ${INBOX_MAX}`)),
    ]),
});
