import type { z } from 'zod';
import type { ConnectionChange, ConnectionStore } from '../../ports/connections.ts';
import { Connection } from '../../ports/connections.ts';
import { Fault } from '../../ports/errors.ts';
import { connectionSecretPath } from '../../ports/secrets.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

const columns = sql.fragment`id, tenant_id, connector_id, vault_path, state, reason, settings, sync, is_active,
  secret_version, token_expires_at, last_sync_at, sync_status, created_at, updated_at`;

const gone = (id: string) => new Fault('not_found', `There is no connection ${id}.`);

type Found = z.infer<typeof Connection>;

const assignments = (change: ConnectionChange) => {
  const set = [sql.fragment`updated_at = now()`];
  if (change.state !== undefined) set.push(sql.fragment`state = ${change.state}`);
  if (change.reason !== undefined) {
    set.push(change.reason === null ? sql.fragment`reason = NULL` : sql.fragment`reason = ${sql.jsonb(change.reason)}`);
  }
  if (change.settings !== undefined) set.push(sql.fragment`settings = ${sql.jsonb(change.settings)}`);
  if (change.secretVersion !== undefined) set.push(sql.fragment`secret_version = ${change.secretVersion}`);
  if (change.tokenExpiresAt !== undefined) set.push(sql.fragment`token_expires_at = ${change.tokenExpiresAt}`);
  if (change.lastSyncAt !== undefined) set.push(sql.fragment`last_sync_at = ${change.lastSyncAt}`);
  if (change.syncStatus !== undefined) set.push(sql.fragment`sync_status = ${change.syncStatus}`);
  return sql.join(set, sql.fragment`, `);
};

export const postgresConnections = (db: Database): ConnectionStore => {
  const one = (found: Found | null, id: string): Found => {
    if (!found) throw gone(id);
    return found;
  };

  return {
    create: (tenantId, { id, connectorId, sync }) =>
      db.inTenant(tenantId, async (tx) => {
        await tx.query(sql.typeAlias('nothing')`
          INSERT INTO connector_configs (id, tenant_id, connector_id, vault_path, sync)
          VALUES (${id}, ${tenantId}, ${connectorId}, ${connectionSecretPath(tenantId, id)}, ${sql.jsonb(sync)})
          ON CONFLICT (id) DO NOTHING`);
        return one(
          await tx.maybeOne(sql.type(Connection)`SELECT ${columns} FROM connector_configs WHERE id = ${id}`),
          id,
        );
      }),

    get: (tenantId, id) =>
      db.inTenant(tenantId, async (tx) =>
        one(await tx.maybeOne(sql.type(Connection)`SELECT ${columns} FROM connector_configs WHERE id = ${id}`), id),
      ),

    byConnector: (tenantId, connectorId) =>
      db.inTenant(tenantId, async (tx) => {
        const found = await tx.maybeOne(sql.type(Connection)`
          SELECT ${columns} FROM connector_configs
          WHERE tenant_id = ${tenantId} AND connector_id = ${connectorId} AND state <> 'disconnected'
          ORDER BY created_at, id LIMIT 1`);
        if (!found) throw new Fault('not_found', `The tenant has no connection to ${connectorId}; connect it first.`);
        return found;
      }),

    list: (tenantId) =>
      db.inTenant(tenantId, async (tx) => [
        ...(await tx.any(sql.type(Connection)`
          SELECT ${columns} FROM connector_configs WHERE tenant_id = ${tenantId} ORDER BY created_at, id`)),
      ]),

    change: (tenantId, id, change) =>
      db.inTenant(tenantId, async (tx) =>
        one(
          await tx.maybeOne(sql.type(Connection)`
            UPDATE connector_configs SET ${assignments(change)} WHERE id = ${id} RETURNING ${columns}`),
          id,
        ),
      ),

    remove: (tenantId, id) =>
      db.inTenant(tenantId, async (tx) => {
        await tx.query(sql.typeAlias('nothing')`DELETE FROM connector_configs WHERE id = ${id}`);
      }),
  };
};
