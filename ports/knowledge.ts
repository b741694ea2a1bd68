import type { ConnectionId, TenantId } from './ids.ts';
import type { StreamRef } from './syncs.ts';

/** Text that a tenant chose to give its agents, in chunks; embeddings come later. */
export interface KnowledgeStore {
  /** Replaces the document's chunks. Idempotent. */
  put: (
    ref: StreamRef,
    document: { externalId: string; title: string; link: string | null; hash: string; chunks: string[] },
  ) => Promise<void>;
  /** Silent when gone. */
  remove: (ref: StreamRef, externalIds: string[]) => Promise<void>;
  clear: (tenantId: TenantId, connectionId: ConnectionId) => Promise<void>;
  count: (tenantId: TenantId) => Promise<{ documents: number; chunks: number }>;
}

/** The tenant's own object store, by key. */
export interface ObjectStorePort {
  /** Atomic: readers see the old object or the new one. Repeating it changes nothing. */
  put: (tenantId: TenantId, key: string, body: string) => Promise<void>;
  list: (tenantId: TenantId, prefix: string) => Promise<string[]>;
  get: (tenantId: TenantId, key: string) => Promise<string>;
}
