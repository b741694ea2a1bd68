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
    kind: z.enum(['url', 'host', 'text', 'multiline', 'choice']),
    /** What may be chosen, where `kind` is `choice`. */
    options: z.array(z.string()).optional(),
    /** Taken when the field is left out; a field with one may be left out. */
    fallback: z.string().optional(),
    help: z.string(),
  })
  .meta({ id: 'CredentialField' });
export type CredentialField = z.infer<typeof CredentialField>;

export const AUTH_KINDS = [
  'oauth2_code',
  'oauth2_client_credentials',
  'oauth2_jwt_bearer',
  'oauth1',
  'oauth1_keys',
  'api_key',
  'basic',
  'session',
] as const;

/** One way to connect. `redirect`: the person consents at the vendor's; `form`: the fields are all. */
export const AuthMethod = z
  .strictObject({
    /** Unique within the connector. */
    id: z.string(),
    title: z.string(),
    kind: z.enum(AUTH_KINDS),
    flow: z.enum(['redirect', 'form']),
    /** Asked before the redirect, or the whole form. */
    fields: z.array(CredentialField),
    scopes: z.array(z.string()),
  })
  .meta({ id: 'AuthMethod' });
export type AuthMethod = z.infer<typeof AuthMethod>;

export const ConnectorInfo = z
  .strictObject({
    id: z.string(),
    title: z.string(),
    category: ConnectorCategory,
    /** The ways to connect; the first is the one to offer. */
    auth: z.array(AuthMethod).min(1),
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
  /** The method of this name, or the connector's first when none is named. `invalid_request` on `method` when there is none. */
  method: (connectorId: string, methodId?: string) => AuthMethod;
  /** Checks a method's fields one by one, without I/O; throws `invalid_request` that names each. Splits secret from public. */
  checkFields: (
    connectorId: string,
    methodId: string,
    fields: Record<string, unknown>,
  ) => { secret: SecretValues; settings: Record<string, string> };
  /** Tests a usable credential by the vendor's cheapest real call, before it is saved. */
  verify: (way: AuthWay, credential: SecretValues) => Promise<VerifiedAccount>;
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

/** One connection's way of authorizing: which connector, which of its methods, and its settings, none of them secret. */
export interface AuthWay {
  connectorId: string;
  methodId: string;
  settings: Record<string, string>;
}
