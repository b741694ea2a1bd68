import { z } from 'zod';
import type { Connection } from './connections.ts';
import type { ConnectionId, TenantId } from './ids.ts';
import type { SecretValues } from './secrets.ts';

export const ConnectorCategory = z.enum([
  'crm',
  'cms',
  'ecommerce',
  'analytics',
  'email',
  'ads',
  'social',
  'payments',
  'communication',
  'storage',
  'llm',
  'tasks',
]);
export type ConnectorCategory = z.infer<typeof ConnectorCategory>;

/** One field that the person who connects must fill. */
export const CredentialField = z
  .strictObject({
    name: z.string(),
    title: z.string(),
    secret: z.boolean(),
    kind: z.enum(['url', 'text']),
    help: z.string(),
  })
  .meta({ id: 'CredentialField' });
export type CredentialField = z.infer<typeof CredentialField>;

export const ConnectorInfo = z
  .strictObject({
    id: z.string(),
    title: z.string(),
    category: ConnectorCategory,
    auth: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('basic'), fields: z.array(CredentialField) }),
      z.strictObject({ kind: z.literal('oauth2'), scopes: z.array(z.string()) }),
    ]),
    streams: z.array(
      z.strictObject({
        name: z.string(),
        title: z.string(),
        filters: z.array(z.string()),
        writes: z.array(z.enum(['create'])),
        text: z.boolean(),
      }),
    ),
    docs: z.url(),
  })
  .meta({ id: 'ConnectorInfo' });
export type ConnectorInfo = z.infer<typeof ConnectorInfo>;

/** One record as the platform hands it on: the connector's unified row. It is never stored by the platform itself. */
export const Row = z.looseObject({ externalId: z.string(), modifiedAt: z.string().nullable() }).meta({ id: 'Row' });
export type Row = z.infer<typeof Row>;

export interface ReadQuery {
  /** Opaque to all but the connector. */
  cursor?: string | undefined;
  limit: number;
  /** Only what changed at or after this moment, ISO 8601. */
  since?: string | undefined;
  filter?: Record<string, string> | undefined;
  /** For people and agents. Without it the order is the one in which a scan misses nothing. */
  order?: 'newest' | undefined;
}

export interface ReadPage {
  rows: Row[];
  /** Null proves the end: the vendor said that no page follows. */
  nextCursor: string | null;
  /** The vendor's own count of the whole list, where it gives one. */
  total: number | null;
  /** Bytes of the answer's body, inflated. */
  bytes: number;
}

/** What a tested credential proved to be. */
export interface VerifiedAccount {
  accountId: string;
  accountName: string;
  /** Settings to keep with the connection, such as the site's final address. */
  settings: Record<string, string>;
}

export interface WriteReceipt {
  externalId: string;
  link: string | null;
}

/**
 * The tenant's systems. Errors are `Fault`s: `credential_rejected` (401), `credential_forbidden` (403), `provider_down`,
 * `provider_rate_limited` (with `retryAfterMs`), `provider_rejected` (with fields), `not_found`, `host_refused`.
 */
export interface ConnectorPort {
  list: () => ConnectorInfo[];
  /** `unknown_connector` when there is none. */
  info: (connectorId: string) => ConnectorInfo;
  /** Checks manual fields one by one, without I/O; throws `invalid_request` that names each. Splits secret from public. */
  checkFields: (
    connectorId: string,
    fields: Record<string, unknown>,
  ) => { secret: SecretValues; settings: Record<string, string> };
  /** Tests a credential by the vendor's cheapest real call, before it is saved. */
  verify: (connectorId: string, settings: Record<string, string>, credential: SecretValues) => Promise<VerifiedAccount>;
  /** Tests the stored credential of a connection. */
  test: (connection: Connection) => Promise<VerifiedAccount>;
  read: (tenantId: TenantId, id: ConnectionId, stream: string, query: ReadQuery) => Promise<ReadPage>;
  readOne: (tenantId: TenantId, id: ConnectionId, stream: string, externalId: string) => Promise<Row>;
  /** One create, carrying `marker` so that `probe` finds it. */
  create: (
    tenantId: TenantId,
    id: ConnectionId,
    stream: string,
    input: Record<string, unknown>,
    marker: string,
  ) => Promise<WriteReceipt>;
  /** To the vendor's bin where it has one; silent when gone. */
  remove: (tenantId: TenantId, id: ConnectionId, stream: string, externalId: string) => Promise<void>;
  /** What an earlier create with this marker made, or null. */
  probe: (tenantId: TenantId, id: ConnectionId, stream: string, marker: string) => Promise<WriteReceipt | null>;
}

/** Unified content of a CMS. */
export const CmsItem = Row.extend({
  title: z.string(),
  text: z.string(),
  link: z.string().nullable(),
  status: z.string(),
  slug: z.string(),
}).meta({ id: 'CmsItem' });
export type CmsItem = z.infer<typeof CmsItem>;
export const CmsResource = z.enum(['posts', 'pages', 'media']);
export type CmsResource = z.infer<typeof CmsResource>;

/** One question to any CMS of the tenant. The connection is the tenant's default CMS connection. */
export interface CmsPort {
  list: (
    tenantId: TenantId,
    resource: CmsResource,
    query: ReadQuery,
  ) => Promise<{ items: CmsItem[]; nextCursor: string | null; total: number | null }>;
  read: (tenantId: TenantId, resource: CmsResource, externalId: string) => Promise<CmsItem>;
}

/** Unified contact of a CRM. */
export const CrmContact = Row.extend({
  email: z.string().nullable(),
  firstName: z.string().nullable(),
  lastName: z.string().nullable(),
  phone: z.string().nullable(),
  company: z.string().nullable(),
}).meta({ id: 'CrmContact' });
export type CrmContact = z.infer<typeof CrmContact>;

/** A freshly granted or refreshed token set, as SecretPort keeps it. */
export interface TokenSet {
  values: SecretValues;
  /** ISO 8601, or null when the vendor set no end. */
  expiresAt: string | null;
}

/** The protocol steps against a vendor's authorization server. No secret is held here. */
export interface OAuthPort {
  /** The URL to send the browser to, with the state and the PKCE verifier whose hash it carries. Nothing is kept. */
  authorizationUrl: (
    connectorId: string,
    redirectUri: string,
    state: string,
  ) => Promise<{ url: string; verifier: string }>;
  exchange: (connectorId: string, grant: { code: string; verifier: string; redirectUri: string }) => Promise<TokenSet>;
  /**
   * One call to the token endpoint. Faults: `grant_revoked` (invalid_grant), `client_broken` (invalid_client),
   * `provider_down`, `provider_rate_limited`, `lost_response` (the request may have been processed).
   */
  refresh: (connectorId: string, current: SecretValues) => Promise<TokenSet>;
}
