import type { CollectionControl } from './collection.ts';
import type { LimiterControl } from './limiter.ts';

/** One signed delivery, as the vendor would send it. */
export interface Delivery {
  method: 'POST' | 'GET' | 'HEAD';
  /** What follows the endpoint's URL, such as a handshake's query; usually empty. */
  query: string;
  headers: Record<string, string>;
  body: string;
}

export interface DeliveryAsk {
  /** Which collection the event is about, what happened to which record. */
  collection: string;
  id: string;
  kind: 'create' | 'update' | 'delete';
  /** What the vendor signs with. */
  secret: string;
  /** Our endpoint, where the vendor signs that too. */
  url: string;
  /** The event's own id: the same again is a redelivery. */
  eventId: string;
  /** When it is sent; the vendor's clock unless said. */
  atMs?: number;
}

/** What a test or a person does with the records of one vendor. Names are those of the vendor's facts (`resources`). */
export interface RecordsControl {
  collections: Record<string, CollectionControl>;
  limiter: LimiterControl;
  /** Undefined where the vendor sends no webhooks. */
  delivery?: (ask: DeliveryAsk) => Delivery;
  /** What the vendor asks before it sends events; undefined where it does not. */
  handshake?: (ask: { secret: string; url: string; verifyToken: string }) => Delivery & { expects: string };
}
