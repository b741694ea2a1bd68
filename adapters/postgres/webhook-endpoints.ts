import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import { ConnectionId, PLATFORM, TenantId } from '../../ports/ids.ts';
import { WebhookEndpoint } from '../../ports/webhooks.ts';
import type { WebhookStore } from '../../ports/webhooks.ts';
import type { Database, Tx } from './pool.ts';
import { sql } from './sql.ts';

const ENDPOINTS_MAX = 5;

const Row = WebhookEndpoint.omit({ events: true }).extend(WebhookEndpoint.shape.events.shape);

const selected = sql.fragment`
  SELECT e.id, e.connector_id, e.connection_id, e.account_id, e.enabled, e.created_at, counts.* FROM webhook_endpoints e
  CROSS JOIN LATERAL (
    SELECT max(received_at) AS last_at, count(*) FILTER (WHERE state = 'waiting') AS waiting,
      count(*) FILTER (WHERE state = 'done') AS done, count(*) FILTER (WHERE state = 'unknown') AS unknown,
      count(*) FILTER (WHERE state = 'failed') AS failed
    FROM webhook_events WHERE tenant_id = e.tenant_id AND endpoint_id = e.id) counts`;

const endpointOf = ({ waiting, done, unknown, failed, ...endpoint }: z.infer<typeof Row>): WebhookEndpoint => ({
  ...endpoint,
  events: { waiting, done, unknown, failed },
});

const byId = async (tx: Tx, scope: string, id: string): Promise<WebhookEndpoint> => {
  const found = await tx.maybeOne(sql.type(Row)`${selected} WHERE e.tenant_id = ${scope} AND e.id = ${id}`);
  if (!found) throw new Fault('not_found', 'There is no such webhook endpoint.');
  return endpointOf(found);
};

const Whose = z.object({
  scope: z.union([z.literal(PLATFORM), TenantId]),
  connectorId: z.string(),
  connectionId: ConnectionId.nullable(),
});

type Endpoints = Pick<WebhookStore, 'create' | 'list' | 'get' | 'enable' | 'remove' | 'find' | 'sleeping' | 'takers'>;

export const postgresWebhookEndpoints = (db: Database): Endpoints => ({
  create: (scope, { id, connectorId, connectionId, accountId }) =>
    db.inTenant(scope, async (tx) => {
      const of = connectionId ?? connectorId;
      // Counted by one at a time, or two at once would both find room for the fifth.
      await tx.query(sql.typeAlias('nothing')`
        SELECT pg_advisory_xact_lock(hashtextextended(${`webhook_endpoints ${scope} ${of}`}, 0))`);
      const before = await tx.any(sql.typeAlias('id')`
        SELECT id FROM webhook_endpoints WHERE tenant_id = ${scope} AND coalesce(connection_id::text, connector_id) = ${of}`);
      if (!before.some((one) => one.id === id)) {
        if (before.length >= ENDPOINTS_MAX) {
          throw new Fault('conflict', `There are ${ENDPOINTS_MAX} endpoints already; remove one first.`);
        }
        await tx.query(sql.typeAlias('nothing')`
          INSERT INTO webhook_endpoints (id, tenant_id, connector_id, connection_id, account_id)
          VALUES (${id}, ${scope}, ${connectorId}, ${connectionId}, ${accountId})`);
      }
      return byId(tx, scope, id);
    }),

  list: (scope) =>
    db.inTenant(scope, async (tx) => {
      const rows = await tx.any(
        sql.type(Row)`${selected} WHERE e.tenant_id = ${scope} ORDER BY e.created_at DESC, e.id`,
      );
      return rows.map(endpointOf);
    }),

  get: (scope, id) => db.inTenant(scope, (tx) => byId(tx, scope, id)),

  enable: (scope, id, enabled) =>
    db.inTenant(scope, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        UPDATE webhook_endpoints SET enabled = ${enabled} WHERE tenant_id = ${scope} AND id = ${id}`);
      return byId(tx, scope, id);
    }),

  remove: (scope, id) =>
    db.inTenant(scope, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        DELETE FROM webhook_endpoints WHERE tenant_id = ${scope} AND id = ${id}`);
    }),

  async find(id) {
    // The platform may see whose it is; the connection is looked at in its tenant's own scope.
    const whose = await db.inTenant(PLATFORM, (tx) =>
      tx.maybeOne(sql.type(Whose)`
        SELECT tenant_id AS scope, connector_id, connection_id FROM webhook_endpoints WHERE id = ${id} AND enabled`),
    );
    if (!whose) return null;
    const { scope, connectionId } = whose;
    if (connectionId === null) return { id, ...whose };
    const alive = await db.inTenant(scope, (tx) =>
      tx.maybeOne(sql.typeAlias('id')`
        SELECT id FROM connector_configs
        WHERE id = ${connectionId} AND state NOT IN ('disabled', 'disconnecting', 'disconnected')`),
    );
    return alive && { id, ...whose };
  },

  sleeping: (before) =>
    db.inTenant(PLATFORM, async (tx) => [
      ...(await tx.any(sql.type(Whose.pick({ scope: true }).extend({ id: z.string() }))`
        SELECT tenant_id AS scope, id FROM webhook_endpoints WHERE waiting_since <= ${before}
        ORDER BY waiting_since LIMIT 500`)),
    ]),

  takers: (connectorId, accountId) =>
    db.inTenant(PLATFORM, async (tx) => [
      ...(await tx.any(sql.type(z.object({ tenantId: TenantId, connectionId: ConnectionId }))`
        SELECT DISTINCT tenant_id, connection_id FROM webhook_endpoints
        WHERE connector_id = ${connectorId} AND account_id = ${accountId} AND connection_id IS NOT NULL AND enabled
        ORDER BY tenant_id, connection_id`)),
    ]),
});
