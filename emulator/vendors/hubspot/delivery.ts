import { createHmac } from 'node:crypto';
import type { Delivery, DeliveryAsk } from '../../records/control.ts';
import { APP_ID } from './app.ts';
import type { Kind } from './kinds.ts';

const WHAT = { create: 'creation', update: 'propertyChange', delete: 'deletion' } as const;

/** Requests of the app's webhook, signed as version 3 is: method, URI, body and time together. */
export function createDeliveries(kinds: Kind[], hubId: number, now: () => number) {
  /** A redelivery says when the event was, as the first one did, and how often it was tried. */
  const tried = new Map<string, { occurredAt: number; attempts: number }>();
  return ({ collection, id, kind, secret, url, eventId, atMs = now() }: DeliveryAsk): Delivery => {
    const { singular = 'contact' } = kinds.find(({ name }) => name === collection) ?? {};
    const { occurredAt, attempts } = tried.get(eventId) ?? { occurredAt: atMs, attempts: 0 };
    tried.set(eventId, { occurredAt, attempts: attempts + 1 });
    const event = {
      // A number, as long as a number goes; another id is sent as it is.
      eventId: /^\d{1,15}$/.test(eventId) ? Number(eventId) : eventId,
      subscriptionId: 11_211,
      portalId: hubId,
      appId: APP_ID,
      occurredAt,
      subscriptionType: `${singular}.${WHAT[kind]}`,
      attemptNumber: attempts,
      objectId: Number(id),
      changeSource: 'CRM',
      ...(kind === 'update' && { propertyName: 'phone', propertyValue: '+34911222333' }),
    };
    const body = JSON.stringify([event]);
    const timestamp = String(atMs);
    const signed = createHmac('sha256', secret).update(['POST', url, body, timestamp].join(''));
    return {
      method: 'POST',
      query: '',
      headers: {
        'content-type': 'application/json',
        'x-hubspot-request-timestamp': timestamp,
        'x-hubspot-signature-v3': signed.digest('base64'),
      },
      body,
    };
  };
}
