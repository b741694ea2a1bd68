import { z } from 'zod';
import type { Row } from './connectors.ts';
import { ConnectionId, RunId } from './ids.ts';
import type { TenantId } from './ids.ts';
import type { SinkKind } from './tenants.ts';

export const SyncMode = z.enum(['full', 'incremental']).meta({ id: 'SyncMode' });
export type SyncMode = z.infer<typeof SyncMode>;

/** What a run did so far. All that a workflow ever sees of records. */
export const SyncCounts = z
  .strictObject({
    pages: z.number().int(),
    read: z.number().int(),
    delivered: z.number().int(),
    unchanged: z.number().int(),
    deleted: z.number().int(),
    bytes: z.number().int(),
  })
  .meta({ id: 'SyncCounts' });
export type SyncCounts = z.infer<typeof SyncCounts>;

export const SyncRun = z
  .strictObject({
    id: RunId,
    connectionId: ConnectionId,
    stream: z.string(),
    mode: SyncMode,
    state: z.enum(['running', 'completed', 'failed', 'cancelled']),
    reason: z.string().nullable(),
    counts: SyncCounts,
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'SyncRun' });
export type SyncRun = z.infer<typeof SyncRun>;

/** Names a stream of one connection. */
export interface StreamRef {
  tenantId: TenantId;
  connectionId: ConnectionId;
  stream: string;
}

export interface RunState {
  mode: SyncMode;
  /** Where the next page begins; null before the first. */
  cursor: string | null;
  /** The vendor proved that no page follows. */
  scanComplete: boolean;
  /** Incremental only: read from this moment, ISO 8601. */
  since: string | null;
  counts: SyncCounts;
}

export interface PageOutcome {
  /** `externalId` and content hash of every record on the page, delivered or unchanged. */
  seen: { externalId: string; hash: string }[];
  cursor: string | null;
  counts: Pick<SyncCounts, 'read' | 'delivered' | 'unchanged' | 'bytes'>;
  /** The newest `modifiedAt` on the page: becomes the stream's high-water mark when the run completes. */
  highWater: string | null;
}

export interface SyncStore {
  /**
   * Idempotent for one run id. A full run starts without `since`; an incremental one from the stream's high-water mark,
   * and becomes full when there is none yet.
   */
  begin: (ref: StreamRef, runId: RunId, mode: SyncMode) => Promise<RunState>;
  state: (ref: StreamRef, runId: RunId) => Promise<RunState>;
  /** Which of these records differ from what was delivered last. */
  changed: (ref: StreamRef, records: { externalId: string; hash: string }[]) => Promise<Set<string>>;
  /** Cursor, hashes and counts in one transaction. Idempotent: a page committed from the same cursor twice counts once. */
  commitPage: (ref: StreamRef, runId: RunId, fromCursor: string | null, outcome: PageOutcome) => Promise<RunState>;
  /** Records that a complete full scan did not see, and how many are known in all. Throws `conflict` unless the scan is complete. */
  missing: (ref: StreamRef, runId: RunId) => Promise<{ externalIds: string[]; known: number }>;
  forget: (ref: StreamRef, runId: RunId, externalIds: string[]) => Promise<RunState>;
  /** Completes or fails the run; only a completed one moves the high-water mark. Idempotent. */
  end: (
    ref: StreamRef,
    runId: RunId,
    state: 'completed' | 'failed' | 'cancelled',
    reason: string | null,
  ) => Promise<SyncRun>;
  list: (tenantId: TenantId, connectionId?: ConnectionId) => Promise<SyncRun[]>;
  /** Forgets cursors and hashes of a connection; silent when gone. */
  clear: (tenantId: TenantId, connectionId: ConnectionId) => Promise<void>;
}

/** Where a tenant chose that a stream goes. Every call may be repeated: keys are `externalId` and content hash. */
export interface SinkPort {
  deliver: (
    sink: SinkKind,
    ref: StreamRef,
    batch: { runId: RunId; page: number; rows: { row: Row; hash: string }[] },
  ) => Promise<void>;
  remove: (
    sink: SinkKind,
    ref: StreamRef,
    batch: { runId: RunId; page: number; externalIds: string[] },
  ) => Promise<void>;
  /** All that came from a connection: knowledge leaves with its source; the tenant's own store is the tenant's. */
  clear: (tenantId: TenantId, connectionId: ConnectionId) => Promise<void>;
}
