import { z } from 'zod';
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

/**
 * What an attempt whose end is unknown allows: to be made again as it is (`idempotent`), again under the key that the vendor
 * remembers (`keyed`), again once a look at the vendor found nothing (`probe`), or nothing at all until a person looked (`unsafe`).
 */
export const WriteSafety = z.enum(['idempotent', 'keyed', 'probe', 'unsafe']).meta({ id: 'WriteSafety' });
export type WriteSafety = z.infer<typeof WriteSafety>;
export const WriteKind = z.enum(['create', 'update', 'delete']);
export type WriteKind = z.infer<typeof WriteKind>;

/** One documented limit: so many units (calls, unless the vendor counts in points) in so many seconds. */
export const RateLimit = z
  .strictObject({
    /** Unique within the connector. */
    name: z.string(),
    /** Who shares it: all connections made with the platform's application, or the calls of one connection. */
    scope: z.enum(['app', 'connection']),
    units: z.number().positive(),
    perSeconds: z.number().positive(),
  })
  .meta({ id: 'RateLimit' });
export type RateLimit = z.infer<typeof RateLimit>;

export const StreamInfo = z
  .strictObject({
    name: z.string(),
    title: z.string(),
    /** The unified resource that its rows are, such as `contacts`; null: they are this system's own. */
    model: z.string().nullable(),
    /** `required`: nothing is listed without it. */
    filters: z.array(
      z.strictObject({ name: z.string(), values: z.array(z.string()).nullable(), required: z.boolean() }),
    ),
    /** The filter that is a full-text search; null: it has none. */
    search: z.string().nullable(),
    /** `changed`: reads what changed since; `created`: new rows only; null: always everything. */
    incremental: z.enum(['changed', 'created']).nullable(),
    /** Changes older than this, in milliseconds, are not told by an incremental read; null: however old. */
    reachMs: z.number().nullable(),
    /** A whole scan misses nothing, so that what it did not see is gone. */
    complete: z.boolean(),
    writes: z.array(z.strictObject({ kind: WriteKind, safety: WriteSafety, fields: z.array(z.string()) })),
    /** Takes files by multipart. */
    upload: z.boolean(),
    /** May be delivered as text to the agents' knowledge. */
    text: z.boolean(),
    /** Whole lists can be read, so that it can be synced. */
    syncs: z.boolean(),
  })
  .meta({ id: 'StreamInfo' });
export type StreamInfo = z.infer<typeof StreamInfo>;

export const ConnectorInfo = z
  .strictObject({
    id: z.string(),
    title: z.string(),
    category: ConnectorCategory,
    /** The ways to connect; the first is the one to offer. */
    auth: z.array(AuthMethod).min(1),
    streams: z.array(StreamInfo),
    limits: z.array(RateLimit),
    /** Event types that its webhooks bring; empty: it has none. */
    events: z.array(z.string()),
    /** What the vendor's documents leave open, and what bites whoever connects. */
    notes: z.array(z.string()),
    docs: z.url(),
  })
  .meta({ id: 'ConnectorInfo' });
export type ConnectorInfo = z.infer<typeof ConnectorInfo>;
