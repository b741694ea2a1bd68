import { z } from 'zod';
import type { ConnectSessionStore } from '../../ports/connect-sessions.ts';
import { ConnectSession } from '../../ports/connect-sessions.ts';
import { Fault } from '../../ports/errors.ts';
import { PLATFORM, TenantId } from '../../ports/ids.ts';
import type { Database, Tx } from './pool.ts';
import { sql } from './sql.ts';

// What became of it is said before how old it is: a connection made in the last minute stays made.
const columns = sql.fragment`id, tenant_id, created_by, connectors, connection_id, connected_id, expires_at, created_at,
  CASE WHEN connected_at IS NOT NULL THEN 'connected' WHEN expires_at <= now() THEN 'expired'
    WHEN token_hash IS NOT NULL THEN 'claimed' ELSE 'waiting' END AS state`;

const Owner = z.object({ tenantId: TenantId });

const byId = async (tx: Tx, id: string) => {
  const found = await tx.maybeOne(sql.type(ConnectSession)`SELECT ${columns} FROM connect_sessions WHERE id = ${id}`);
  if (!found) throw new Fault('not_found', `There is no connect session ${id}.`);
  return found;
};

export const postgresConnectSessions = (db: Database): ConnectSessionStore => ({
  create: ({ id, tenantId, createdBy, connectors, connectionId, expiresAt }, linkHash) =>
    db.inTenant(tenantId, async (tx) => {
      // Those that lapsed a week ago have told their outcome to whoever asked.
      await tx.query(sql.typeAlias('nothing')`
        DELETE FROM connect_sessions WHERE tenant_id = ${tenantId} AND expires_at < now() - interval '7 days'`);
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO connect_sessions (id, tenant_id, created_by, connectors, connection_id, link_hash, expires_at)
        VALUES (${id}, ${tenantId}, ${createdBy}, ${sql.array(connectors, 'text')}, ${connectionId}, ${linkHash}, ${expiresAt})
        ON CONFLICT (id) DO NOTHING`);
      return byId(tx, id);
    }),

  async claim(linkHash, tokenHash) {
    // A link names no tenant. The platform may see whose it is; the claim is written in the tenant's own scope.
    const owner = await db.inTenant(PLATFORM, (tx) =>
      tx.maybeOne(sql.type(Owner)`SELECT tenant_id FROM connect_sessions WHERE link_hash = ${linkHash}`),
    );
    if (!owner) return null;
    return db.inTenant(owner.tenantId, (tx) =>
      tx.maybeOne(sql.type(ConnectSession)`
        UPDATE connect_sessions SET token_hash = ${tokenHash}
        WHERE link_hash = ${linkHash} AND token_hash IS NULL AND expires_at > now() RETURNING ${columns}`),
    );
  },

  find: (tokenHash) =>
    db.inTenant(PLATFORM, (tx) =>
      tx.maybeOne(sql.type(ConnectSession)`
        SELECT ${columns} FROM connect_sessions WHERE token_hash = ${tokenHash} AND expires_at > now()`),
    ),

  get: (tenantId, id) => db.inTenant(tenantId, (tx) => byId(tx, id)),

  settle: (tenantId, id, connectedId) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        UPDATE connect_sessions SET connected_id = ${connectedId}, connected_at = now()
        WHERE id = ${id} AND connected_at IS NULL`);
    }),
});
