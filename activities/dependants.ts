import type { TenantId } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';
import type { StreamRef } from '../ports/syncs.ts';
import type { StreamChoice } from '../ports/tenants.ts';
import { categoryOfTool } from '../ports/tools.ts';
import type { ConnectionRef } from './connections.ts';

const refOf = ({ tenantId, connectionId }: ConnectionRef, { stream }: StreamChoice): StreamRef => ({
  tenantId,
  connectionId,
  stream,
});

type Needs = Pick<Ports, 'workflows' | 'connections' | 'connectors'>;

/** What depends on a connection, always as a set: its schedules, and what runs and waits for it. */
export const createDependantActivities = ({ workflows, connections, connectors }: Needs) => ({
  ensureSchedules: async (
    ref: ConnectionRef,
    connectorId: string,
    sync: StreamChoice[],
    everyMs: number,
  ): Promise<void> => {
    for (const choice of sync)
      await workflows.ensureSyncSchedule(refOf(ref, choice), {
        ...{ sink: choice.sink, connectorId, everyMs },
        ...(choice.target && { target: choice.target }),
      });
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
  resumeDependants: ({ tenantId, connectionId }: ConnectionRef): Promise<void> =>
    workflows.resumeDependants(tenantId, connectionId),

  /** Through which of the tenant's connections an agent's tool reaches its system; null when it has none. */
  connectionOfTool: async (tenantId: TenantId, tool: string): Promise<ConnectionRef | null> => {
    const category = categoryOfTool(tool);
    if (category === null) return null;
    const candidates = connectors.list().filter((info) => info.category === category);
    const mine = (await connections.list(tenantId)).filter(({ state }) => state !== 'disconnected');
    for (const { id } of candidates) {
      const found = mine.find(({ connectorId }) => connectorId === id);
      if (found) return { tenantId, connectionId: found.id };
    }
    return null;
  },
});
