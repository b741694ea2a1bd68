import type { Ports } from '../ports/index.ts';
import type { StreamRef } from '../ports/syncs.ts';
import type { StreamChoice } from '../ports/tenants.ts';
import type { ConnectionRef } from './connections.ts';

const refOf = ({ tenantId, connectionId }: ConnectionRef, { stream }: StreamChoice): StreamRef => ({
  tenantId,
  connectionId,
  stream,
});

/** The schedules of a connection, always as a set. */
export const createScheduleActivities = ({ workflows }: Pick<Ports, 'workflows'>) => ({
  ensureSchedules: async (
    ref: ConnectionRef,
    connectorId: string,
    sync: StreamChoice[],
    everyMs: number,
  ): Promise<void> => {
    for (const choice of sync)
      await workflows.ensureSyncSchedule(refOf(ref, choice), { sink: choice.sink, connectorId, everyMs });
  },
  pauseSchedules: async (ref: ConnectionRef, sync: StreamChoice[], reason: string): Promise<void> => {
    for (const choice of sync) await workflows.pauseSyncSchedule(refOf(ref, choice), reason);
  },
  resumeSchedules: async (ref: ConnectionRef, sync: StreamChoice[], reason: string): Promise<void> => {
    for (const choice of sync) await workflows.resumeSyncSchedule(refOf(ref, choice), reason);
  },
  deleteSchedules: async (ref: ConnectionRef, sync: StreamChoice[]): Promise<void> => {
    for (const choice of sync) await workflows.deleteSyncSchedule(refOf(ref, choice));
  },
});
