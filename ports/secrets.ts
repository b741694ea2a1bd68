import type { ConnectionId, Scope, TenantId } from './ids.ts';

export type SecretValues = Record<string, string>;

export interface SecretMeta {
  class: string;
  createdBy: string;
  /** ISO 8601. */
  createdAt: string;
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

export const connectionSecretPath = (tenantId: TenantId, id: ConnectionId) => `tenants/${tenantId}/connections/${id}`;
export const oauthAppSecretPath = (connectorId: string) => `platform/oauth-apps/${connectorId}`;
export const channelSecretPath = (scope: Scope, channelId: string) => `tenants/${scope}/channels/${channelId}`;
/** Signs what the platform sends to the tenant's own endpoints. */
export const tenantSigningKeyPath = (tenantId: TenantId) => `tenants/${tenantId}/signing-key`;
export const tenantSecretPrefix = (tenantId: TenantId) => `tenants/${tenantId}/`;

/** Secrets by path, in versions. Nothing here is ever logged, and no value leaves an activity or an adapter. */
export interface SecretPort {
  /** The newest version, or null. */
  read: (path: string) => Promise<SecretVersion | null>;
  /**
   * Compare-and-set: writes `expected + 1` only while `expected` (0: none yet) is the newest version, else `stale_version`.
   * Returns the new version.
   */
  put: (path: string, expected: number, values: SecretValues, meta: Omit<SecretMeta, 'createdAt'>) => Promise<number>;
  /** A new random 256-bit key, base64url in `key`, unless the path already holds one. Idempotent. */
  generate: (path: string, meta: Omit<SecretMeta, 'createdAt'>) => Promise<void>;
  /** Every version of the path; silent when gone. */
  destroy: (path: string) => Promise<void>;
  /** Every path under the prefix; silent when gone. */
  destroyAll: (prefix: string) => Promise<void>;
  list: (prefix: string) => Promise<string[]>;
  /** Throws `unavailable` when secrets can be neither read nor written. */
  health: () => Promise<void>;
}

/** Reference to a staged secret: all that a payload may hold of a credential. */
export interface StagedRef {
  staged: string;
}

/** The door through which credentials enter: held at a staging path for one workflow, at most 15 minutes. */
export interface StagingPort {
  stage: (forWorkflowId: string, values: SecretValues) => Promise<StagedRef>;
  /** Any number of times, so that a crashed reader reads again. `not_found` when expired, gone, or staged for another workflow. */
  open: (ref: StagedRef, workflowId: string) => Promise<SecretValues>;
  /** Silent when gone. */
  discard: (ref: StagedRef) => Promise<void>;
}
