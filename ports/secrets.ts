import type { ConnectionId, Scope, TenantId } from './ids.ts';
import { PLATFORM } from './ids.ts';
import type { SecretClass } from './secret-classes.ts';

export type SecretValues = Record<string, string>;

export const sameValues = (a: SecretValues, b: SecretValues): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([key, value]) => b[key] === value);

export interface SecretMeta {
  class: SecretClass;
  /** A user, a workflow, or the part of the platform that made it. */
  createdBy: string;
  /** ISO 8601. */
  createdAt: string;
  /** When it is due, by the default policy of its class; absent where none asks. */
  rotateBy?: string;
  /** Staged secrets only: the workflow that may read it, and until when (ISO 8601). */
  boundTo?: string;
  expiresAt?: string;
}

export interface SecretVersion {
  version: number;
  values: SecretValues;
  meta: SecretMeta;
}

/** A version without its value. `deleted` can be brought back by whoever runs the store; `destroyed` cannot. */
export type SecretVersionInfo =
  | { version: number; state: 'held'; meta: SecretMeta }
  | { version: number; state: 'deleted' | 'destroyed'; meta: null };

export interface SecretInfo {
  path: string;
  /** The newest first. */
  versions: SecretVersionInfo[];
}

/** What every put says of its secret; the rest is filled in by the adapter. */
export type NewSecretMeta = Omit<SecretMeta, 'createdAt' | 'rotateBy'>;

export const connectionSecretPath = (tenantId: TenantId, id: ConnectionId) => `tenants/${tenantId}/connections/${id}`;
export const oauthAppSecretPath = (connectorId: string) => `platform/oauth-apps/${connectorId}`;
/** Signs what the platform sends to the tenant's own endpoints. */
export const tenantSigningKeyPath = (tenantId: TenantId) => `tenants/${tenantId}/signing-key`;
export const tenantSecretPrefix = (tenantId: TenantId) => `tenants/${tenantId}/`;
/** All that one tenant, or the platform itself, keeps. A worker's token may be narrowed to it. */
export const scopeSecretPrefix = (scope: Scope) => (scope === PLATFORM ? 'platform/' : `tenants/${scope}/`);
export const channelSecretPath = (scope: Scope, channelId: string) =>
  `${scopeSecretPrefix(scope)}channels/${channelId}`;
/** What proves deliveries to one webhook endpoint. */
export const webhookSecretPath = (scope: Scope, endpointId: string) =>
  `${scopeSecretPrefix(scope)}webhooks/${endpointId}`;
export const apiKeySecretPath = (tenantId: TenantId, service: string) => `tenants/${tenantId}/api_keys/${service}`;
/** What proves us to a server of tools that the tenant added. */
export const mcpSecretPath = (tenantId: TenantId, serverId: string) => `tenants/${tenantId}/mcp/${serverId}`;
/** What a rotation holds until it ends: the successor before the cut-over, the predecessor after it. */
export const rotationSecretPath = (scope: Scope, rotationId: string) =>
  `${scopeSecretPrefix(scope)}rotations/${rotationId}`;

/** Secrets by path, in versions. Nothing here is ever logged, and no value leaves an activity or an adapter. */
export interface SecretPort {
  /** The newest version; null when there is none, or when it was deleted. */
  read: (path: string) => Promise<SecretVersion | null>;
  /**
   * Compare-and-set: writes `expected + 1` only while `expected` (0: none yet; a deleted version counts) is the newest version,
   * else `stale_version`. Returns the new version.
   */
  put: (path: string, expected: number, values: SecretValues, meta: NewSecretMeta) => Promise<number>;
  /** A new random 256-bit key, base64url in `key`, unless the path already holds one. Idempotent. */
  generate: (path: string, meta: NewSecretMeta) => Promise<void>;
  /** The path's versions, without values; null when there is none. */
  describe: (path: string) => Promise<SecretInfo | null>;
  /** The newest version reads as gone; its number stays taken. Silent when gone. */
  delete: (path: string) => Promise<void>;
  /** These versions for good; silent when gone. */
  destroyVersions: (path: string, versions: number[]) => Promise<void>;
  /** Every version of the path, for good, and the path itself; silent when gone. */
  destroy: (path: string) => Promise<void>;
  /** Every path under the prefix, which ends with “/”; silent when gone. */
  destroyAll: (prefix: string) => Promise<void>;
  /** Every path under the prefix, however deep, in order. */
  list: (prefix: string) => Promise<string[]>;
  /** Throws `unavailable`, or `secrets_denied`, when secrets can be neither read nor written. */
  health: () => Promise<void>;
}

/** What a put at a path where nothing is read expects: 0, or the number of the version that was deleted there. */
export const expectedWhenGone = async ({ describe }: Pick<SecretPort, 'describe'>, path: string): Promise<number> =>
  (await describe(path))?.versions[0]?.version ?? 0;

/** Reference to a staged secret: all that a payload may hold of a credential. */
export interface StagedRef {
  staged: string;
}

/** The door through which credentials enter: held at a staging path for one workflow, at most 15 minutes. */
export interface StagingPort {
  /** Under the scope that the workflow's id names, so that a token narrowed to one tenant finds its own only. */
  stage: (forWorkflowId: string, values: SecretValues) => Promise<StagedRef>;
  /** Any number of times, so that a crashed reader reads again. `not_found` when expired, gone, or staged for another workflow. */
  open: (ref: StagedRef, workflowId: string) => Promise<SecretValues>;
  /** Silent when gone. */
  discard: (ref: StagedRef) => Promise<void>;
}

/** How far a move between two secret stores is. Paths are named, values never. */
export interface MoveCounts {
  /** Paths looked at. */
  paths: number;
  /** Moved by this call. */
  moved: number;
  /** That were moved before. */
  already: number;
  /** That a person must look at: damaged here, or something else stands there. They stay where they are. */
  refused: { path: string; message: string }[];
}

/**
 * From the store of development to the one of production, path by path: copied with all its versions under the same numbers,
 * read back, compared by hash, and only then switched over. `unsupported` unless the deployment has both stores open.
 */
export interface SecretMovePort {
  /** Counts by class; changes nothing. */
  survey: () => Promise<{ paths: number; moved: number; byClass: Record<string, number> }>;
  /** The next `limit` paths after `after`; `next` is null at the end. A write that is faster than the switch makes the path be copied again. */
  move: (after: string | null, limit: number, progress: () => void) => Promise<MoveCounts & { next: string | null }>;
  /** Compares what was moved, both sides; `different` names paths. */
  compare: (after: string | null, limit: number) => Promise<{ same: number; different: string[]; next: string | null }>;
  /** What was moved is destroyed in the old store. Only after a person confirmed. */
  erase: (after: string | null, limit: number) => Promise<{ erased: number; next: string | null }>;
}
