import type { Lane, WriteReceipt } from './connectors.ts';
import type { ContentRef } from './content.ts';
import type { ConnectionId, Scope, TenantId } from './ids.ts';
import type { Note } from './notifications.ts';
import type { RotatedClass } from './secret-classes.ts';
import type { StreamRef } from './syncs.ts';
import type { Destination } from './tenants.ts';

/** A change whose content lies in the content store. */
export interface AwaitedWrite {
  tenantId: TenantId;
  connectionId: ConnectionId;
  stream: string;
  /** Who goes first when the vendor's budget is short; `interactive` unless said. */
  lane?: Lane;
  effectKey: string;
  action: { kind: 'create'; contentId: string } | { kind: 'update'; externalId: string; contentId: string };
}

/** One schedule of a crew, by a name that the tenant chose. */
export interface CrewScheduleRef {
  tenantId: TenantId;
  crewId: string;
  name: string;
}

/** What activities and adapters may ask of Temporal. (The API uses the typed client.) */
export interface WorkflowPort {
  /**
   * Asks the connection's workflow, the only refresher, for a token newer than `observedVersion`. Callers of one process coalesce.
   * Faults: `reauth_required`, `unavailable`.
   */
  refreshToken: (tenantId: TenantId, id: ConnectionId, observedVersion: number) => Promise<{ version: number }>;
  /** Creates or updates the stream's schedule: hashed offset per tenant, jitter, overlap SKIP, explicit catch-up window. Idempotent. */
  ensureSyncSchedule: (ref: StreamRef, input: { connectorId: string; everyMs: number } & Destination) => Promise<void>;
  /** Because of its connection. Silent when there is none, and for one that a person paused: that stays as it is. */
  pauseSyncSchedule: (ref: StreamRef, reason: string) => Promise<void>;
  /** Undoes just that, and has the stream synced at once: it is behind. */
  resumeSyncSchedule: (ref: StreamRef, reason: string) => Promise<void>;
  deleteSyncSchedule: (ref: StreamRef) => Promise<void>;
  listSyncSchedules: (
    tenantId: TenantId,
  ) => Promise<{ connectionId: string; stream: string; paused: boolean; note: string | null; nextAt: string | null }[]>;
  /** Ticks that brought no sync: as the one before was still at work (`overlap`), or as nobody was there (`missed`). */
  skippedSyncs: (ref: StreamRef) => Promise<{ overlap: number; missed: number }>;
  /** Whether a workflow of this id is at work. */
  isOpen: (workflowId: string) => Promise<boolean>;
  /**
   * One change of a tenant's system by its own workflow, awaited for `waitMs` at most; its own fault when it failed. An effect
   * key names the change: asked again it is the same one. Null: it goes on, and may wait for people.
   */
  write: (write: AwaitedWrite, waitMs: number) => Promise<WriteReceipt | null>;
  /** What runs now and depends on the connection, from visibility. `waiting`: it is blocked until the connection works again. */
  listDependants: (
    tenantId: TenantId,
    id: ConnectionId,
  ) => Promise<{ kind: string; workflowId: string; waiting: boolean; startedAt: string }[]>;
  /** Tells those that wait for the connection that it works again. Those that ended meanwhile need not know. */
  resumeDependants: (tenantId: TenantId, id: ConnectionId) => Promise<void>;
  /** Tells the tenant's runs that wait for a model provider to try again: a key, or money, may be there now. */
  wakeModels: (tenantId: TenantId) => Promise<void>;
  /** Tells the tenant's runs that ask people for more money to look again: a budget was raised. */
  wakeSpenders: (tenantId: TenantId) => Promise<void>;
  /** Has people told, by a workflow of its own. The note's key names the fact: a second telling is silent. */
  tellPeople: (scope: Scope, note: Note) => Promise<void>;
  /** Creates, updates or deletes (null) the schedule of a class's rotations. Idempotent. */
  ensureRotationSchedule: (
    secretClass: RotatedClass,
    policy: { everyDays: number | null; enabled: boolean },
  ) => Promise<void>;
  /** Creates or changes it: hashed offset, jitter, overlap SKIP. `brief`: what the crew is to do, by reference. Idempotent. */
  ensureCrewSchedule: (ref: CrewScheduleRef, input: { everyMs: number; brief: ContentRef | null }) => Promise<void>;
  /** Silent when gone. */
  deleteCrewSchedule: (ref: CrewScheduleRef) => Promise<void>;
  /** Null: there is none. `skipped`: ticks without a run, as the one before was still at work. */
  crewSchedule: (
    ref: CrewScheduleRef,
  ) => Promise<{ everyMs: number; paused: boolean; nextAt: string | null; skipped: number } | null>;
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
  /** Tells an endpoint's inbox that something came: it is started, or looks again. */
  wakeInbox: (scope: Scope, endpointId: string) => Promise<void>;
  /** The schedule that wakes inboxes which nobody woke. Idempotent. */
  ensureInboxSweep: () => Promise<void>;
  /** The source says that the stream changed: an incremental sync starts, or the one at work goes round again. */
  wakeSync: (ref: StreamRef, input: { connectorId: string } & Destination) => Promise<void>;
  /** Throws `unavailable` when Temporal does not answer, or does not yet know what a start needs. */
  health: () => Promise<void>;
}
