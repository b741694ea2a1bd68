import { z } from 'zod';
import { ConnectionId, RunId } from './ids.ts';
import type { TenantId } from './ids.ts';

export const SyncMode = z.enum(['full', 'incremental']).meta({ id: 'SyncMode' });
export type SyncMode = z.infer<typeof SyncMode>;

const count = z.number().int();

/** What a run did so far. All that a workflow ever sees of records. */
export const SyncCounts = z
  .strictObject({
    pages: count,
    read: count,
    delivered: count,
    unchanged: count,
    deleted: count,
    /** Records that could not be read, or that the sink refused: they wait in quarantine while the rest goes on. */
    quarantined: count,
    bytes: count,
    /** How often the vendor was asked, and how often it, or our budget for it, made us wait first. */
    calls: count,
    throttled: count,
    seconds: z.number(),
  })
  .meta({ id: 'SyncCounts' });
export type SyncCounts = z.infer<typeof SyncCounts>;

/** The report of one run. */
export const SyncRun = z
  .strictObject({
    id: RunId,
    connectionId: ConnectionId,
    stream: z.string(),
    mode: SyncMode,
    state: z.enum(['running', 'completed', 'failed', 'cancelled']),
    reason: z.string().nullable(),
    counts: SyncCounts,
    gap: z
      .strictObject({ from: z.iso.datetime(), missed: count, repaired: count })
      .nullable()
      .meta({ description: 'Of the first run after an outage: how much had changed or gone since the last good one.' }),
    drift: z
      .strictObject({ added: z.array(z.string()), gone: z.array(z.string()) })
      .nullable()
      .meta({ description: 'Fields that the vendor’s records have or lack, compared with the run before.' }),
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'SyncRun' });
export type SyncRun = z.infer<typeof SyncRun>;

/** A quarantined record is tried again this often by itself, once at the end of each run; then a person must look. */
export const QUARANTINE_TRIES_MAX = 5;

/** One record that could not be read or delivered: which and why, never what it holds. */
export const QuarantinedRecord = z
  .strictObject({
    connectionId: ConnectionId,
    stream: z.string(),
    externalId: z.string(),
    reason: z.string(),
    tries: count.meta({
      description: `How often it was tried again, at the end of each run: ${QUARANTINE_TRIES_MAX} times at most.`,
    }),
    firstAt: z.iso.datetime(),
    lastAt: z.iso.datetime(),
  })
  .meta({ id: 'QuarantinedRecord' });
export type QuarantinedRecord = z.infer<typeof QuarantinedRecord>;

/** Names a stream of one connection. */
export interface StreamRef {
  tenantId: TenantId;
  connectionId: ConnectionId;
  stream: string;
}

/** How a run is to begin. */
export interface RunStart {
  mode: SyncMode;
  /** Changes older than this are not told incrementally; null: however old. */
  reachMs: number | null;
  /** A whole scan of this list proves what is gone. */
  complete: boolean;
  /** Who does it: a run whose workflow is no longer open is dead. */
  workflowId: string;
}

export interface RunState {
  mode: SyncMode;
  /** Where the next page begins; null before the first. */
  cursor: string | null;
  /** The vendor proved that no page follows. */
  scanComplete: boolean;
  /** The scan does not prove what is gone: by the nature of the list, or as an item of it told no id. */
  unproven: boolean;
  /** Incremental only: read from this moment, ISO 8601. */
  since: string | null;
  /** Names the tenant's choice of this stream: what was delivered under an earlier one says nothing of this. */
  choice: string;
  counts: SyncCounts;
  /** Quarantined records of the stream that this run is to try again. */
  toRetry: number;
  startedAt: string;
}

/** Why one record was left out. No value of the record. */
export interface LeftOut {
  externalId: string;
  reason: string;
}

/** What was last delivered of a record: how often it was, and as which record of the target, where that is another system. */
export interface Known {
  version: number;
  targetId: string | null;
}

export interface PageOutcome {
  /** Every record of the page that was delivered or is unchanged, and its id in the target where that was learnt. */
  seen: { externalId: string; hash: string; targetId?: string | undefined }[];
  /** Seen as well, so not gone, but not readable or not taken. */
  quarantined: LeftOut[];
  /** Items that told no id. */
  unnamed: number;
  cursor: string | null;
  counts: Pick<SyncCounts, 'read' | 'delivered' | 'unchanged' | 'bytes' | 'calls' | 'throttled'>;
  /** The newest `modifiedAt` on the page: becomes the stream's high-water mark when the run completes. */
  highWater: string | null;
  /** Names of the vendor's fields. */
  fields: string[];
}

/** What became of one more try. `gone`: the source has it no longer. A null reason: nothing new was learnt. */
export type RetryOutcome =
  | { kind: 'healed'; hash: string; delivered: boolean; targetId?: string | undefined }
  | { kind: 'gone' }
  | { kind: 'failed'; reason: string | null };

export interface SyncStore {
  /**
   * Idempotent for one run id. A full run starts without `since`; an incremental one from the stream's high-water mark, and
   * becomes full when there is none, or when the last good run is longer ago than the vendor tells of changes. `busy`: another
   * run of this stream moves records; what that one is, so that the caller finds out whether it lives.
   */
  begin: (
    ref: StreamRef,
    runId: RunId,
    start: RunStart,
  ) => Promise<RunState | { busy: { runId: RunId; workflowId: string } }>;
  state: (ref: StreamRef, runId: RunId) => Promise<RunState>;
  /** Which of these records differ from what was delivered last, and what is known of each. */
  changed: (ref: StreamRef, records: { externalId: string; hash: string }[]) => Promise<Map<string, Known>>;
  /** Cursor, hashes, quarantine and counts in one transaction. Idempotent: a page committed from the same cursor twice counts once. */
  commitPage: (ref: StreamRef, runId: RunId, fromCursor: string | null, outcome: PageOutcome) => Promise<RunState>;
  /**
   * Records that a complete full scan did not see: how many, and the first `limit` after the id `after`; and how many are
   * known in all. Throws `conflict` unless the scan proves it.
   */
  missing: (
    ref: StreamRef,
    runId: RunId,
    page: { after: string; limit: number },
  ) => Promise<{ externalIds: string[]; missing: number; known: number }>;
  forget: (ref: StreamRef, runId: RunId, externalIds: string[]) => Promise<RunState>;
  /** The same outside a run, of one record that the source was seen not to have. True when it was known. */
  forgetGone: (ref: StreamRef, externalId: string) => Promise<boolean>;
  /** Quarantined records of the stream that this run did not try again yet, unless they were tried too often. */
  toRetry: (ref: StreamRef, runId: RunId, limit: number) => Promise<string[]>;
  /** Idempotent within one run. */
  retried: (ref: StreamRef, runId: RunId, externalId: string, outcome: RetryOutcome) => Promise<RunState>;
  quarantine: (
    tenantId: TenantId,
    of: { connectionId?: ConnectionId; stream?: string },
  ) => Promise<QuarantinedRecord[]>;
  /** Their tries begin anew. How many there are. */
  requeue: (ref: StreamRef, externalIds?: string[]) => Promise<number>;
  /** Completes or fails the run; only a completed one moves the high-water mark. Idempotent. */
  end: (
    ref: StreamRef,
    runId: RunId,
    state: 'completed' | 'failed' | 'cancelled',
    reason: string | null,
  ) => Promise<SyncRun>;
  list: (tenantId: TenantId, connectionId?: ConnectionId) => Promise<SyncRun[]>;
  /** `not_found` when there is none. */
  run: (tenantId: TenantId, runId: RunId) => Promise<SyncRun & { workflowId: string | null }>;
  /**
   * Forgets what was delivered of a connection, or of one stream of it, ends the runs that are at work there, and empties their
   * quarantine; silent when gone. Whoever still moves a page of such a run cannot commit it.
   */
  clear: (tenantId: TenantId, connectionId: ConnectionId, stream?: string) => Promise<void>;
}
