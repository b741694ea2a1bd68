import type { ConnectionStore } from '../../ports/connections.ts';
import { Connection, ConnectionEvent } from '../../ports/connections.ts';
import { Fault } from '../../ports/errors.ts';
import type { ConnectionId } from '../../ports/ids.ts';
import { connectionSecretPath } from '../../ports/secrets.ts';
import { changeConnection, connectionColumns as columns, goneConnection } from './connection-changes.ts';
import { beforeSeq, pageOf } from './paging.ts';
import type { Database, Tx } from './pool.ts';
import { sql } from './sql.ts';
import { beginRefresh, settleRefresh } from './token-refreshes.ts';

const find = async (tx: Tx, id: ConnectionId) => {
  const found = await tx.maybeOne(sql.type(Connection)`SELECT ${columns} FROM connector_configs WHERE id = ${id}`);
  if (!found) throw goneConnection(id);
  return found;
};

export const postgresConnections = (db: Database): ConnectionStore => ({
  create: (tenantId, { id, connectorId, sync }) =>
    db.inTenant(tenantId, async (tx) => {
      const { rowCount } = await tx.query(sql.typeAlias('nothing')`
        INSERT INTO connector_configs (id, tenant_id, connector_id, vault_path, sync)
        VALUES (${id}, ${tenantId}, ${connectorId}, ${connectionSecretPath(tenantId, id)}, ${sql.jsonb(sync)})
        ON CONFLICT (id) DO NOTHING`);
      if (rowCount > 0) {
        await tx.query(sql.typeAlias('nothing')`
          INSERT INTO connection_events (tenant_id, connection_id, to_state)
          SELECT tenant_id, id, state FROM connector_configs WHERE id = ${id}`);
      }
      return find(tx, id);
    }),

  get: (tenantId, id) => db.inTenant(tenantId, (tx) => find(tx, id)),

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

  change: (tenantId, id, change) => db.inTenant(tenantId, (tx) => changeConnection(tx, id, change)),

  events: (tenantId, id, page) =>
    db.inTenant(tenantId, async (tx) => {
      await find(tx, id);
      const rows = await tx.any(sql.type(ConnectionEvent)`
        SELECT seq, from_state AS "from", to_state AS "to", reason, at FROM connection_events
        WHERE tenant_id = ${tenantId} AND connection_id = ${id} AND seq < ${beforeSeq(page)}
        ORDER BY seq DESC LIMIT ${page.limit + 1}`);
      return pageOf(rows, page, (event) => event);
    }),

  beginRefresh: (tenantId, id, generation) => db.inTenant(tenantId, (tx) => beginRefresh(tx, tenantId, id, generation)),

  settleRefresh: (tenantId, id, generation, outcome, change) =>
    db.inTenant(tenantId, (tx) => settleRefresh(tx, id, generation, outcome, change)),

  remove: (tenantId, id) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`DELETE FROM connector_configs WHERE id = ${id}`);
    }),
});
