import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { ConnectionId } from '../../ports/ids.ts';
import { WebhookEvent } from '../../ports/webhooks.ts';
import type { WebhookStore } from '../../ports/webhooks.ts';
import { beforeSeq, pageOf } from './paging.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

const Waiting = WebhookEvent.pick({ seq: true, type: true, accountId: true, recordId: true }).extend({
  connectorId: z.string(),
  connectionId: ConnectionId.nullable(),
});

type Inbox = Pick<WebhookStore, 'put' | 'events' | 'waiting' | 'settle'>;

export const postgresWebhookInbox = (db: Database): Inbox => ({
  put: ({ scope, id: endpointId }, { headers, body }, events) =>
    db.inTenant(scope, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        DELETE FROM webhook_inbox WHERE tenant_id = ${scope} AND endpoint_id = ${endpointId}
          AND received_at < now() - interval '30 days'`);
      const inboxId = randomUUID();
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO webhook_inbox (id, tenant_id, endpoint_id, headers, body)
        VALUES (${inboxId}, ${scope}, ${endpointId}, ${sql.jsonb(headers)}, ${sql.binary(Buffer.from(body))})`);
      const rows = events.map(({ id, type, account, record, at }) => [id, type, account, record, at]);
      // A second delivery at the same moment waits here for the first one's end.
      const { rowCount } = await tx.query(sql.typeAlias('nothing')`
        INSERT INTO webhook_events (tenant_id, endpoint_id, inbox_id, event_id, type, account_id, record_id, happened_at)
        SELECT ${scope}, ${endpointId}, ${inboxId}, id, type, account, record, at
        FROM ${sql.unnest(rows, ['text', 'text', 'text', 'text', 'timestamptz'])} AS event (id, type, account, record, at)
        ON CONFLICT (tenant_id, endpoint_id, event_id) DO NOTHING`);
      if (rowCount === 0) {
        await tx.query(sql.typeAlias('nothing')`DELETE FROM webhook_inbox WHERE id = ${inboxId}`);
      } else {
        await tx.query(sql.typeAlias('nothing')`
          UPDATE webhook_endpoints SET waiting_since = now()
          WHERE tenant_id = ${scope} AND id = ${endpointId} AND waiting_since IS NULL`);
      }
      return rowCount;
    }),

  events: (scope, endpointId, page) =>
    db.inTenant(scope, async (tx) => {
      const rows = await tx.any(sql.type(WebhookEvent)`
        SELECT seq, event_id, type, account_id, record_id, happened_at, received_at, state, message FROM webhook_events
        WHERE tenant_id = ${scope} AND endpoint_id = ${endpointId} AND seq < ${beforeSeq(page)}
        ORDER BY seq DESC LIMIT ${page.limit + 1}`);
      return pageOf(rows, page, (event) => event);
    }),

  waiting: (scope, endpointId, limit) =>
    db.inTenant(scope, async (tx) => {
      const oldest = () =>
        tx.any(sql.type(Waiting)`
          SELECT seq, type, v.account_id, record_id, connector_id, connection_id FROM webhook_events v
          JOIN webhook_endpoints e ON e.tenant_id = v.tenant_id AND e.id = v.endpoint_id
          WHERE v.tenant_id = ${scope} AND v.endpoint_id = ${endpointId} AND state = 'waiting' ORDER BY seq LIMIT ${limit}`);
      const found = await oldest();
      if (found.length > 0) return [...found];
      // Whoever writes an event holds this row until the end of that transaction, so that none is written in between unseen.
      await tx.query(sql.typeAlias('nothing')`
        SELECT id FROM webhook_endpoints WHERE tenant_id = ${scope} AND id = ${endpointId} FOR UPDATE`);
      const late = await oldest();
      if (late.length === 0) {
        await tx.query(sql.typeAlias('nothing')`
          UPDATE webhook_endpoints SET waiting_since = NULL WHERE tenant_id = ${scope} AND id = ${endpointId}`);
      }
      return [...late];
    }),

  settle: (scope, outcomes) =>
    db.inTenant(scope, async (tx) => {
      const settled = await tx.any(sql.type(z.object({ inboxId: z.string() }))`
        UPDATE webhook_events v SET state = o.state, message = o.message
        FROM ${sql.unnest(
          outcomes.map(({ seq, state, message }) => [seq, state, message]),
          ['int8', 'text', 'text'],
        )} AS o (seq, state, message)
        WHERE v.tenant_id = ${scope} AND v.seq = o.seq RETURNING v.inbox_id`);
      const ids = [...new Set(settled.map(({ inboxId }) => inboxId))];
      await tx.query(sql.typeAlias('nothing')`
        UPDATE webhook_inbox i SET body = NULL, headers = '{}' WHERE tenant_id = ${scope}
          AND id = ANY (${sql.array(ids, 'uuid')}) AND NOT EXISTS (
            SELECT FROM webhook_events v WHERE v.tenant_id = i.tenant_id AND v.inbox_id = i.id AND v.state <> 'done')`);
    }),
});
