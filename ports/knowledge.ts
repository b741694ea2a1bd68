import type { ConnectionId, TenantId } from './ids.ts';
import type { StreamRef } from './syncs.ts';
import type { OwnStore } from './tenant-settings.ts';

/** A passage, and the document that it is from. */
export interface KnowledgeHit {
  chunkId: string;
  documentId: string;
  title: string;
  link: string | null;
  text: string;
}

/** Text that a tenant chose to give its agents, in chunks; embeddings come later. */
export interface KnowledgeStore {
  /** Replaces the document's chunks. Idempotent. */
  put: (
    ref: StreamRef,
    document: { externalId: string; title: string; link: string | null; hash: string; chunks: string[] },
  ) => Promise<void>;
  /** Silent when gone. */
  remove: (ref: StreamRef, externalIds: string[]) => Promise<void>;
  /** Of a connection, or of one stream of it. */
  clear: (tenantId: TenantId, connectionId: ConnectionId, stream?: string) => Promise<void>;
  count: (tenantId: TenantId) => Promise<{ documents: number; chunks: number }>;
  /** By the words of the query, best first. */
  search: (tenantId: TenantId, query: string, limit: number) => Promise<KnowledgeHit[]>;
}

/** The tenant's own object store, by key: names parted by `/`, none empty or beginning with a dot. */
export interface ObjectStorePort {
  /** Atomic: readers see the old object or the new one. Repeating it changes nothing. */
  put: (tenantId: TenantId, key: string, body: string) => Promise<void>;
  /**
   * The same for a body of any size, which is never held whole. A body that throws leaves the old object as it was, and its own
   * error is thrown. Gives the number of bytes.
   */
  putStream: (tenantId: TenantId, key: string, body: AsyncIterable<Uint8Array>) => Promise<number>;
  /** Keys that begin with the prefix, in order. */
  list: (tenantId: TenantId, prefix: string) => Promise<string[]>;
  /** The object as text; `not_found` when there is none. */
  get: (tenantId: TenantId, key: string) => Promise<string>;
  /** Its bytes as they come; `not_found` before the first one. */
  getStream: (tenantId: TenantId, key: string) => Promise<AsyncIterable<Uint8Array>>;
  /** Silent when gone. */
  remove: (tenantId: TenantId, key: string) => Promise<void>;
}

/** Each tenant's own store: its bucket where its settings name one, else the platform's folder. */
export interface TenantObjects extends ObjectStorePort {
  /** Asks a bucket before it is chosen. `invalid_request` names the field that does not fit; else the store's own refusal. */
  tryStore: (tenantId: TenantId, store: OwnStore) => Promise<void>;
}
