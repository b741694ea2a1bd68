import { createHmac } from 'node:crypto';
import type { RecordsControl } from '../../records/control.ts';
import { iso, numberOf } from './connection.ts';
import type { Shop } from './shop.ts';

const ENDINGS: Record<string, Record<'create' | 'update' | 'delete', string>> = {
  orders: { create: 'create', update: 'updated', delete: 'cancelled' },
  inventory_levels: { create: 'update', update: 'update', delete: 'update' },
};

/** Signed with the application's secret over the bytes of the body. Its records look as those of the older REST API. */
export const deliveryOf =
  (shop: Shop, domain: string, now: () => number): NonNullable<RecordsControl['delivery']> =>
  ({ collection, id, kind, secret, eventId, atMs = now() }) => {
    const topic = `${collection}/${ENDINGS[collection]?.[kind] ?? kind}`;
    const kept = shop[collection as keyof Shop].get(id);
    const body = JSON.stringify({
      id: numberOf(id),
      ...(kept && kind !== 'delete' ? { admin_graphql_api_id: id, updated_at: iso(kept.changedAt) } : {}),
    });
    return {
      method: 'POST',
      query: '',
      headers: {
        'content-type': 'application/json',
        'x-shopify-topic': topic,
        'x-shopify-hmac-sha256': createHmac('sha256', secret).update(body).digest('base64'),
        'x-shopify-shop-domain': domain,
        'x-shopify-api-version': '2026-07',
        'x-shopify-webhook-id': `wh-${eventId}`,
        'x-shopify-event-id': eventId,
        'x-shopify-triggered-at': new Date(atMs).toISOString(),
      },
      body,
    };
  };
