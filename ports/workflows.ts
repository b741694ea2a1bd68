import type { ConnectionId, TenantId } from './ids.ts';
import type { StreamRef } from './syncs.ts';

/** What activities and adapters may ask of Temporal. (The API uses the typed client.) */
export interface WorkflowPort {
  /**
   * Asks the connection's workflow, the only refresher, for a token newer than `observedVersion`. Callers of one process coalesce.
   * Faults: `reauth_required`, `unavailable`.
   */
  refreshToken: (tenantId: TenantId, id: ConnectionId, observedVersion: number) => Promise<{ version: number }>;
  /** Creates or updates the stream's schedule: hashed offset per tenant, jitter, overlap SKIP, explicit catch-up window. Idempotent. */
  ensureSyncSchedule: (ref: StreamRef, input: { sink: string; connectorId: string; everyMs: number }) => Promise<void>;
  /** Silent when there is none. */
  pauseSyncSchedule: (ref: StreamRef, reason: string) => Promise<void>;
  resumeSyncSchedule: (ref: StreamRef, reason: string) => Promise<void>;
  deleteSyncSchedule: (ref: StreamRef) => Promise<void>;
  listSyncSchedules: (
    tenantId: TenantId,
  ) => Promise<{ connectionId: string; stream: string; paused: boolean; note: string | null; nextAt: string | null }[]>;
  /** Throws `unavailable` when Temporal does not answer, or does not yet know what a start needs. */
  health: () => Promise<void>;
}
