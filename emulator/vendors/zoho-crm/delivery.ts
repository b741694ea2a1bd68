import type { Delivery, DeliveryAsk } from '../../records/control.ts';
import { MODULES } from './modules.ts';

const OPERATION = { create: 'insert', update: 'update', delete: 'delete' } as const;

/** Nothing is signed: the subscription's own token comes back in the body, and of the records only the ids do. */
export function createDeliveries(now: () => number) {
  /** A redelivery says when the event was, as the first one did. */
  const firstAt = new Map<string, number>();
  return ({ collection, id, kind, secret, eventId, atMs = now() }: DeliveryAsk): Delivery => {
    const { path = '' } = MODULES.find((module) => module.collection === collection) ?? {};
    const at = firstAt.get(eventId) ?? atMs;
    firstAt.set(eventId, at);
    const body = {
      server_time: at,
      module: path,
      resource_uri: `https://www.zohoapis.eu/crm/v8/${path}`,
      ids: [id],
      affected_fields: kind === 'update' ? [{ [id]: ['Last_Name'] }] : [],
      operation: OPERATION[kind],
      channel_id: 1_000_000_068_001,
      token: secret,
    };
    return { method: 'POST', query: '', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  };
}
