import { z } from 'zod';
import { PLAN_IDS } from './plans.ts';
import { ConnectionId, Email, TenantId, Text } from './ids.ts';

export const SinkKind = z.enum(['knowledge', 'store', 'webhook', 'connection']).meta({
  description:
    'knowledge: text for the tenant’s agents; store: JSONL in the tenant’s own object store; webhook: signed, to one of the tenant’s webhook channels; connection: records of another system, where nothing is deleted',
});
export type SinkKind = z.infer<typeof SinkKind>;

const StreamName = z.string().regex(/^[a-z][a-z0-9_]{1,40}$/);

/** Of the sink `webhook`: one of the tenant's notification channels of that kind, whose address and signing key it has. */
export const WebhookTarget = z.strictObject({ channelId: z.uuid() }).meta({ id: 'WebhookTarget' });
export type WebhookTarget = z.infer<typeof WebhookTarget>;

/**
 * Of the sink `connection`: which records of which of the tenant's systems. `fields`: what each field there gets, by the
 * name of ours. `key`: the field by which a record is found that is there already, by the filter of that name or by `filter`.
 */
export const RecordTarget = z
  .strictObject({
    connectionId: ConnectionId,
    stream: StreamName,
    fields: z.record(z.string().max(100), z.string().max(100)),
    key: z.string().max(100),
    filter: z.string().max(100).optional(),
  })
  .meta({ id: 'RecordTarget' });
export type RecordTarget = z.infer<typeof RecordTarget>;

/** One stream that the tenant chose to deliver, and where to. */
export const StreamChoice = z
  .strictObject({ stream: StreamName, sink: SinkKind, target: z.union([WebhookTarget, RecordTarget]).optional() })
  .meta({ id: 'StreamChoice' });
export type StreamChoice = z.infer<typeof StreamChoice>;

/** Where a stream goes. */
export type Destination = Pick<StreamChoice, 'sink' | 'target'>;

/** Of a tenant that is yet to come: it has nothing else that a stream could go to. */
const WantedStream = StreamChoice.omit({ target: true })
  .extend({ sink: SinkKind.extract(['knowledge', 'store']) })
  .meta({ id: 'WantedStream' });

export const WantedConnector = z
  .strictObject({
    connector: z.string().regex(/^[a-z][a-z0-9-]{1,40}$/),
    sync: z.array(WantedStream).max(20).default([]),
  })
  .meta({ id: 'WantedConnector' });
export type WantedConnector = z.infer<typeof WantedConnector>;

export const OpenTenant = z
  .strictObject({
    name: Text.min(1).max(120),
    slug: z.string().regex(/^[a-z][a-z0-9-]{2,30}$/, 'use 3 to 31 of a-z, 0-9 and -, beginning with a letter'),
    ownerEmail: Email,
    plan: z.enum(PLAN_IDS).default('starter'),
    connectors: z.array(WantedConnector).max(10).default([]),
  })
  .meta({ id: 'OpenTenant' });
export type OpenTenant = z.infer<typeof OpenTenant>;

export const TenantState = z.enum(['reserved', 'active', 'released']);
export type TenantState = z.infer<typeof TenantState>;

export const Tenant = z
  .strictObject({
    id: TenantId,
    name: z.string(),
    slug: z.string(),
    ownerEmail: z.string(),
    plan: z.string(),
    state: TenantState,
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Tenant' });
export type Tenant = z.infer<typeof Tenant>;

export interface TenantStore {
  /** Idempotent for one id. A slug held by another tenant is a `conflict`. */
  reserve: (id: TenantId, input: Omit<OpenTenant, 'connectors'>) => Promise<Tenant>;
  /** Idempotent. */
  activate: (id: TenantId) => Promise<Tenant>;
  /** Undoes `reserve`: the slug is free again, and agents, knowledge and cursors of the tenant are gone. Never an active tenant; silent when gone. */
  release: (id: TenantId) => Promise<void>;
  /** `not_found` unless the tenant exists. */
  get: (id: TenantId) => Promise<Tenant>;
  list: (page: PageQuery) => Promise<Page<Tenant>>;
}

/** Cursor paging, the same for every list. */
export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().max(500).optional(),
});
export type PageQuery = z.infer<typeof PageQuery>;
export interface Page<Item> {
  data: Item[];
  nextCursor: string | null;
}
