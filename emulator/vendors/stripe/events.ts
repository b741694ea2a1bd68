import { createHmac } from 'node:crypto';
import type { Collection } from '../../records/collection.ts';
import type { Delivery, DeliveryAsk } from '../../records/control.ts';
import { KINDS, shown } from './objects.ts';

/** What happened to which kind of object, in the vendor's words. */
const TYPES: Record<string, Record<DeliveryAsk['kind'], string>> = {
  customers: { create: 'customer.created', update: 'customer.updated', delete: 'customer.deleted' },
  payment_intents: {
    create: 'payment_intent.succeeded',
    update: 'payment_intent.payment_failed',
    delete: 'payment_intent.payment_failed',
  },
  charges: { create: 'charge.refunded', update: 'charge.refunded', delete: 'charge.dispute.created' },
  refunds: { create: 'charge.refunded', update: 'charge.refunded', delete: 'charge.refunded' },
  invoices: { create: 'invoice.paid', update: 'invoice.payment_failed', delete: 'invoice.payment_failed' },
  subscriptions: {
    create: 'customer.subscription.created',
    update: 'customer.subscription.updated',
    delete: 'customer.subscription.deleted',
  },
};

export const deliveryOf =
  (objects: Record<string, Collection>, now: () => number) =>
  ({ collection, id, kind, secret, eventId, atMs = now() }: DeliveryAsk): Delivery => {
    const [of, record] = [KINDS[collection], objects[collection]?.get(id)];
    const t = Math.floor(atMs / 1000);
    const body = JSON.stringify({
      id: eventId,
      object: 'event',
      api_version: '2026-10-28.endive',
      created: t,
      data: { object: of && record ? shown(of, record) : { id, object: of?.object } },
      livemode: false,
      pending_webhooks: 1,
      request: { id: null, idempotency_key: null },
      type: TYPES[collection]?.[kind] ?? 'account.application.deauthorized',
    });
    const v1 = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
    // A scheme of old is sent beside it; it proves nothing.
    const signature = `t=${t},v1=${v1},v0=${createHmac('sha256', 'nobody').update(body).digest('hex')}`;
    const headers = { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': signature };
    return { method: 'POST', query: '', headers, body };
  };
