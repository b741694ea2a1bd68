import type { Row } from './connectors.ts';
import type { ConnectionId, TenantId } from './ids.ts';
import type { Known, LeftOut, StreamRef } from './syncs.ts';
import type { Destination } from './tenants.ts';

/** Part of what a run delivers. The same part of a run is the same delivery, however often it is made. */
export interface SinkBatch {
  runId: string;
  startedAt: string;
  choice: string;
  /** Names the part within its run; parts sort as they were made. */
  part: string;
  signal: AbortSignal;
}

export interface Delivered {
  /** Records that the sink refuses for themselves; the others were taken. */
  refused: LeftOut[];
  /** Ids in the target, of sinks that are another system. */
  targetIds: Map<string, string>;
}

/** Where a tenant chose that a stream goes. Every call may be repeated: keys are `externalId` and content hash. */
export interface SinkPort {
  deliver: (
    to: Destination,
    ref: StreamRef,
    batch: SinkBatch & { rows: { row: Row; hash: string; known: Known }[] },
  ) => Promise<Delivered>;
  remove: (to: Destination, ref: StreamRef, batch: SinkBatch & { externalIds: string[] }) => Promise<void>;
  /** All that came from a connection, or of one stream: knowledge leaves with its source; the tenant's own store is the tenant's. */
  clear: (tenantId: TenantId, connectionId: ConnectionId, stream?: string) => Promise<void>;
}
