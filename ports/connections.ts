import { z } from 'zod';
import { ConnectionId, TenantId } from './ids.ts';
import type { UserId } from './ids.ts';
import { StreamChoice } from './tenants.ts';
import type { Page, PageQuery } from './tenants.ts';

export const CONNECTION_STATES = [
  'pending',
  'healthy',
  'degraded',
  'suspect',
  'reauth_required',
  'disabled',
  'disconnecting',
  'disconnected',
] as const;
export const ConnectionState = z.enum(CONNECTION_STATES).meta({ id: 'ConnectionState' });
export type ConnectionState = z.infer<typeof ConnectionState>;

/**
 * Why a connection is in its state: our code, the vendor's own where it gave one, one sentence for people; when this was
 * so for the first and for the last time.
 */
export const StateReason = z
  .strictObject({
    code: z.string(),
    providerCode: z.string().nullable(),
    message: z.string(),
    firstAt: z.iso.datetime(),
    lastAt: z.iso.datetime(),
  })
  .meta({ id: 'StateReason' });
export type StateReason = z.infer<typeof StateReason>;

/** The connection as the platform keeps it (`connector_configs`): where its secret lies, never the secret. */
export const Connection = z
  .strictObject({
    id: ConnectionId,
    tenantId: TenantId,
    connectorId: z.string(),
    /** The way it was connected, one of the connector's `auth`; null until it is. */
    authMethod: z.string().nullable(),
    /** What the vendor granted; null when it does not say. */
    scopes: z.array(z.string()).nullable(),
    vaultPath: z.string(),
    state: ConnectionState,
    reason: StateReason.nullable(),
    /** What is not secret and the connector needs: the site's address, the account's id and name. */
    settings: z.record(z.string(), z.string()),
    sync: z.array(StreamChoice),
    isActive: z.boolean(),
    /** Version of the secret, and when its access token lapses (null: it does not). */
    secretVersion: z.number().int(),
    tokenExpiresAt: z.iso.datetime().nullable(),
    lastSyncAt: z.iso.datetime().nullable(),
    syncStatus: z.string().nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Connection' });
export type Connection = z.infer<typeof Connection>;

/** One change of state, for those who ask what happened. */
export const ConnectionEvent = z
  .strictObject({
    seq: z.number().int(),
    from: ConnectionState.nullable(),
    to: ConnectionState,
    reason: StateReason.nullable(),
    at: z.iso.datetime(),
  })
  .meta({ id: 'ConnectionEvent' });
export type ConnectionEvent = z.infer<typeof ConnectionEvent>;

export interface ConnectionChange {
  state?: ConnectionState;
  authMethod?: string;
  scopes?: string[] | null;
  reason?: StateReason | null;
  settings?: Record<string, string>;
  sync?: StreamChoice[];
  secretVersion?: number;
  tokenExpiresAt?: string | null;
  lastSyncAt?: string;
  syncStatus?: string;
}

export interface ConnectionStore {
  /** Idempotent for one id. */
  create: (
    tenantId: TenantId,
    input: { id: ConnectionId; connectorId: string; sync: StreamChoice[] },
  ) => Promise<Connection>;
  get: (tenantId: TenantId, id: ConnectionId) => Promise<Connection>;
  /** The tenant's default connection of a connector (its oldest that is not disconnected). */
  byConnector: (tenantId: TenantId, connectorId: string) => Promise<Connection>;
  list: (tenantId: TenantId) => Promise<Connection[]>;
  /** A change of state is also an event, written in the same transaction; a state that stays as it is is none. */
  change: (tenantId: TenantId, id: ConnectionId, change: ConnectionChange) => Promise<Connection>;
  /** Changes of state, newest first. */
  events: (tenantId: TenantId, id: ConnectionId, page: PageQuery) => Promise<Page<ConnectionEvent>>;
  /**
   * The intent to renew the generation `generation` (the secret's version), recorded before the vendor is asked.
   * `unsettled`: an earlier attempt for this very generation began and its end is not known, so that its answer may be lost.
   */
  beginRefresh: (tenantId: TenantId, id: ConnectionId, generation: number) => Promise<{ unsettled: boolean }>;
  /**
   * The end of that attempt is known: renewed (with the `change` that follows, in the same transaction) or surely not.
   * Idempotent: a call that finds nothing to settle changes nothing.
   */
  settleRefresh: (
    tenantId: TenantId,
    id: ConnectionId,
    generation: number,
    outcome: 'refreshed' | 'refused' | 'not_sent',
    change?: ConnectionChange,
  ) => Promise<void>;
  /** Undoes `create`; silent when gone. */
  remove: (tenantId: TenantId, id: ConnectionId) => Promise<void>;
}

/** One authorization in flight. Its `state` parameter is kept as a hash only. */
export interface OAuthTransaction {
  stateHash: string;
  tenantId: TenantId;
  userId: UserId;
  connectionId: ConnectionId;
  connectorId: string;
  redirectUri: string;
  /** Hash of the cookie that ties the redirect to the browser that began. */
  browserHash: string;
  /** The way to connect that was chosen, and what was asked before the redirect: a shop's domain, a login host. */
  authMethod: string;
  settings: Record<string, string>;
  /** Where the PKCE verifier, or OAuth 1.0a's request token with its secret, is staged. */
  proofRef: string;
  /** ISO 8601; ten minutes after it began. */
  expiresAt: string;
}

export interface OAuthTransactionStore {
  begin: (transaction: OAuthTransaction) => Promise<void>;
  /** Null when forged or another tenant's. Expired ones are returned: the caller says so. */
  find: (tenantId: TenantId, stateHash: string) => Promise<OAuthTransaction | null>;
}
