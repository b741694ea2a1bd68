import type { Client, ScheduleOptions } from '@temporalio/client';
import { QUEUES, syncStreamId, WORKFLOWS } from '../../ports/operations.ts';
import type { StreamRef } from '../../ports/syncs.ts';
import type { WorkflowPort } from '../../ports/workflows.ts';
import { rhythmOf, scheduleCalls } from './schedule-calls.ts';

type Schedules = Pick<
  WorkflowPort,
  | 'ensureSyncSchedule'
  | 'pauseSyncSchedule'
  | 'resumeSyncSchedule'
  | 'deleteSyncSchedule'
  | 'listSyncSchedules'
  | 'skippedSyncs'
>;

/** The beginning of the note on a schedule that was paused because of its connection. */
const BY_CONNECTION = 'connection: ';
const isOurs = (note: string | undefined) => note?.startsWith(BY_CONNECTION) ?? false;

const idOf = ({ tenantId, connectionId, stream }: StreamRef) => syncStreamId(tenantId, connectionId, stream);

function optionsOf(ref: StreamRef, input: Parameters<WorkflowPort['ensureSyncSchedule']>[1]) {
  const { tenantId, connectionId, stream } = ref;
  const { connectorId, everyMs, sink, target } = input;
  const scheduleId = idOf(ref);
  const searchAttributes = {
    TenantId: [tenantId],
    Operation: [WORKFLOWS.syncStream],
    ConnectorId: [connectorId],
    ConnectionId: [connectionId],
  };
  return {
    scheduleId,
    ...rhythmOf(scheduleId, everyMs),
    searchAttributes,
    action: {
      type: 'startWorkflow',
      workflowType: WORKFLOWS.syncStream,
      workflowId: scheduleId,
      taskQueue: QUEUES.operations,
      args: [
        {
          ...{ tenantId, connectionId, connectorId, stream, sink, mode: 'incremental', operationId: null },
          ...(target && { target }),
        },
      ],
      searchAttributes: { ...searchAttributes, BlockedBy: ['none'] },
    },
  } satisfies ScheduleOptions;
}

/** Schedules of syncs: one for each stream, with the id of the workflow that it starts. */
export function temporalSchedules(client: Client): Schedules {
  const { call, ensure, resumeNow, unlessGone } = scheduleCalls(client);
  const handleOf = (ref: StreamRef) => client.schedule.getHandle(idOf(ref));

  return {
    ensureSyncSchedule: (ref, input) => ensure(optionsOf(ref, input)),
    // What a person paused stays so, and keeps its note.
    pauseSyncSchedule: (ref, reason) =>
      unlessGone(async () => {
        const { state } = await handleOf(ref).describe();
        if (!state.paused || isOurs(state.note)) await handleOf(ref).pause(`${BY_CONNECTION}${reason}`);
      }),
    resumeSyncSchedule: (ref, reason) =>
      unlessGone(async () => {
        const { state } = await handleOf(ref).describe();
        if (!state.paused || !isOurs(state.note)) return;
        await resumeNow(idOf(ref), reason);
      }),
    deleteSyncSchedule: (ref) => unlessGone(() => handleOf(ref).delete()),
    skippedSyncs: async (ref) => {
      const skipped = { overlap: 0, missed: 0 };
      await unlessGone(async () => {
        const { info } = await handleOf(ref).describe();
        skipped.overlap = info.numActionsSkippedOverlap;
        skipped.missed = info.numActionsMissedCatchupWindow;
      });
      return skipped;
    },
    listSyncSchedules: (tenantId) =>
      call(async () => {
        const found = [];
        const query = `TenantId = "${tenantId}" AND Operation = "${WORKFLOWS.syncStream}"`;
        for await (const summary of client.schedule.list({ query })) {
          const [connectionId = '', stream = ''] = summary.scheduleId.split(':')[2]?.split('/') ?? [];
          found.push({
            connectionId,
            stream,
            paused: summary.state.paused,
            note: summary.state.note ?? null,
            // A paused schedule still computes its times, and keeps none of them.
            nextAt: summary.state.paused ? null : (summary.info.nextActionTimes[0]?.toISOString() ?? null),
          });
        }
        return found;
      }),
  };
}
