import type { ConnectionId, Scope, TenantId } from './ids.ts';
import type { Note } from './notifications.ts';
import type { RotatedClass } from './secret-classes.ts';
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
  /** Because of its connection. Silent when there is none, and for one that a person paused: that stays as it is. */
  pauseSyncSchedule: (ref: StreamRef, reason: string) => Promise<void>;
  /** Undoes just that. */
  resumeSyncSchedule: (ref: StreamRef, reason: string) => Promise<void>;
  deleteSyncSchedule: (ref: StreamRef) => Promise<void>;
  listSyncSchedules: (
    tenantId: TenantId,
  ) => Promise<{ connectionId: string; stream: string; paused: boolean; note: string | null; nextAt: string | null }[]>;
  /** What runs now and depends on the connection, from visibility. `waiting`: it is blocked until the connection works again. */
  listDependants: (
    tenantId: TenantId,
    id: ConnectionId,
  ) => Promise<{ kind: string; workflowId: string; waiting: boolean; startedAt: string }[]>;
  /** Tells those that wait for the connection that it works again. Those that ended meanwhile need not know. */
  resumeDependants: (tenantId: TenantId, id: ConnectionId) => Promise<void>;
  /** Has people told, by a workflow of its own. The note's key names the fact: a second telling is silent. */
  tellPeople: (scope: Scope, note: Note) => Promise<void>;
  /** Creates, updates or deletes (null) the schedule of a class's rotations. Idempotent. */
  ensureRotationSchedule: (
    secretClass: RotatedClass,
    policy: { everyDays: number | null; enabled: boolean },
  ) => Promise<void>;
  /** When each class is looked at next; null: paused, or none. */
  listRotationSchedules: () => Promise<{ secretClass: RotatedClass; nextAt: string | null }[]>;
  /** How many workflows are open that began before this moment (ISO 8601), the one named aside. */
  openSince: (before: string, except: string) => Promise<number>;
  /**
   * Asks every connection whose run began before `begun` to go on as a new run, and has every schedule written again and
   * forget what its runs gave before `given`: all with the payload key in use now. `left`: schedules that could not be, as a
   * run of theirs is at work. Any number of times. Both ISO 8601.
   */
  renewPayloads: (before: { begun: string; given: string }) => Promise<{ left: number }>;
  /** Throws `unavailable` when Temporal does not answer, or does not yet know what a start needs. */
  health: () => Promise<void>;
}
