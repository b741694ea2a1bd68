import { z } from 'zod';
import { ConnectionId } from './ids.ts';
import type { Scope, TenantId } from './ids.ts';
import type { Page, PageQuery } from './tenants.ts';

/** Where a vendor sends its webhooks. `connectionId` null: to the platform's own application, for all its accounts. */
export const WebhookEndpoint = z
  .strictObject({
    id: z.uuid(),
    connectorId: z.string(),
    connectionId: ConnectionId.nullable(),
    /** The vendor's account whose events are taken, also those that come to the platform's application. */
    accountId: z.string().nullable(),
    enabled: z.boolean(),
    createdAt: z.iso.datetime(),
    /** When something came last, and how many events are in which state. Older than thirty days is forgotten. */
    lastAt: z.iso.datetime().nullable(),
    events: z.strictObject({
      waiting: z.number().int(),
      done: z.number().int(),
      unknown: z.number().int(),
      failed: z.number().int(),
    }),
  })
  .meta({ id: 'WebhookEndpoint' });
export type WebhookEndpoint = z.infer<typeof WebhookEndpoint>;

/** `unknown`: its type is not one of the connector's, so that nothing followed from it. */
export const WebhookEvent = z
  .strictObject({
    seq: z.number().int(),
    /** The vendor's own id of it. */
    eventId: z.string(),
    type: z.string(),
    accountId: z.string().nullable(),
    recordId: z.string().nullable(),
    happenedAt: z.iso.datetime().nullable(),
    receivedAt: z.iso.datetime(),
    state: z.enum(['waiting', 'done', 'unknown', 'failed']),
    message: z.string().nullable(),
  })
  .meta({ id: 'WebhookEvent' });
export type WebhookEvent = z.infer<typeof WebhookEvent>;

/** One request as it came. `url`: our own public URL of the endpoint, as it was given to the vendor. */
export interface WebhookDelivery {
  method: string;
  url: string;
  /** By lower-case name. */
  headers: Record<string, string>;
  query: Record<string, string>;
  /** The raw bytes, before any parser. */
  body: Uint8Array;
}

export interface HookEvent {
  id: string;
  type: string;
  /** ISO 8601. */
  at: string | null;
  account: string | null;
  record: string | null;
}

/** A handshake that is answered at once; or events, and what is kept of the delivery: all but a secret that came back in it. */
export type WebhookReceived =
  | { kind: 'answer'; status: 200 | 403; type: 'text/plain' | 'application/json'; body: string }
  | { kind: 'events'; events: HookEvent[]; kept: Pick<WebhookDelivery, 'headers' | 'body'> };

/** What an event of this type makes us do. */
export interface EventMeaning {
  /** Streams to read again. */
  streams: string[];
  /** The record that it names is gone from the first of these streams. */
  deletes: boolean;
  /** The grant was taken back. */
  ends: boolean;
  /** What people are told, as a sentence; null: nothing. */
  tells: string | null;
}

export interface WebhookInfo {
  /** Whose secret signs: the platform's application, or the endpoint's own. */
  secret: 'app' | 'endpoint';
  /** The vendor sends a token back, which we choose, before it sends events. */
  verifyToken: boolean;
  /** The setting of a connection that says which account's events are its own; null: the vendor names none. */
  accountSetting: string | null;
  events: string[];
  setUp: string;
}

/** What connectors declare of their webhooks, done. */
export interface WebhookPort {
  /** `unsupported` when the connector has no webhooks. */
  info: (connectorId: string) => WebhookInfo;
  /**
   * Verified over the raw bytes, in constant time, before anything is parsed. Faults: `unauthenticated` (nothing of it is kept),
   * `not_found` for a method that is no handshake of this vendor, `invalid_request` for a handshake that cannot be answered.
   */
  receive: (endpoint: EndpointRef, delivery: WebhookDelivery) => Promise<WebhookReceived>;
  /** Null: the type is not known. */
  meaning: (connectorId: string, type: string) => EventMeaning | null;
}

/** An endpoint as whoever posts to it finds it: they name no tenant. */
export interface EndpointRef {
  id: string;
  scope: Scope;
  connectorId: string;
  connectionId: ConnectionId | null;
}

export interface WaitingEvent extends Pick<WebhookEvent, 'seq' | 'type' | 'accountId' | 'recordId'> {
  connectorId: string;
  connectionId: ConnectionId | null;
}

/** How one event ended. `message`: what somebody who looks should know. */
export interface EventOutcome {
  seq: number;
  state: 'done' | 'unknown' | 'failed';
  message: string | null;
}

export interface WebhookStore {
  /** Idempotent for one id. `conflict` beyond five of one connection, or of the platform's application at one vendor. */
  create: (
    scope: Scope,
    endpoint: Pick<WebhookEndpoint, 'id' | 'connectorId' | 'connectionId' | 'accountId'>,
  ) => Promise<WebhookEndpoint>;
  list: (scope: Scope) => Promise<WebhookEndpoint[]>;
  get: (scope: Scope, id: string) => Promise<WebhookEndpoint>;
  enable: (scope: Scope, id: string, enabled: boolean) => Promise<WebhookEndpoint>;
  /** With all that came to it. Silent when gone. */
  remove: (scope: Scope, id: string) => Promise<void>;
  /** Null when unknown, disabled, or of a connection that is disabled or disconnected. */
  find: (id: string) => Promise<EndpointRef | null>;
  /**
   * The delivery and its events in one transaction, each event once, whoever asks how often. Gives how many are new; a delivery
   * that brings nothing new leaves nothing.
   */
  put: (
    endpoint: Pick<EndpointRef, 'scope' | 'id'>,
    kept: Pick<WebhookDelivery, 'headers' | 'body'>,
    events: HookEvent[],
  ) => Promise<number>;
  /** Newest first. */
  events: (scope: Scope, id: string, page: PageQuery) => Promise<Page<WebhookEvent>>;
  /** Of one endpoint, the oldest first. None: the endpoint rests until something comes. */
  waiting: (scope: Scope, id: string, limit: number) => Promise<WaitingEvent[]>;
  /** Idempotent. The raw bytes of a delivery whose events are all done are forgotten. */
  settle: (scope: Scope, outcomes: EventOutcome[]) => Promise<void>;
  /** Endpoints with something that waits since before this moment, ISO 8601. */
  sleeping: (before: string) => Promise<{ scope: Scope; id: string }[]>;
  /** Connections of any tenant that take this account's events. */
  takers: (connectorId: string, accountId: string) => Promise<{ tenantId: TenantId; connectionId: ConnectionId }[]>;
}
