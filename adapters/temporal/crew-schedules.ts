import type { Client, ScheduleOptions } from '@temporalio/client';
import { SCHEDULE } from '../../ports/ids.ts';
import { crewScheduleId, QUEUES, WORKFLOWS } from '../../ports/operations.ts';
import type { CrewScheduleRef, WorkflowPort } from '../../ports/workflows.ts';
import { rhythmOf, scheduleCalls } from './schedule-calls.ts';

const idOf = ({ tenantId, crewId, name }: CrewScheduleRef) => crewScheduleId(tenantId, `${crewId}/${name}`);

function optionsOf(ref: CrewScheduleRef, { everyMs, brief }: Parameters<WorkflowPort['ensureCrewSchedule']>[1]) {
  const { tenantId, crewId } = ref;
  const scheduleId = idOf(ref);
  const searchAttributes = { TenantId: [tenantId], Operation: [WORKFLOWS.runCrew] };
  return {
    scheduleId,
    ...rhythmOf(scheduleId, everyMs),
    searchAttributes,
    action: {
      type: 'startWorkflow',
      workflowType: WORKFLOWS.runCrew,
      workflowId: scheduleId,
      taskQueue: QUEUES.operations,
      // Without a run id: each run takes one of its own.
      args: [{ tenantId, crewId, brief, startedBy: SCHEDULE }],
      searchAttributes: { ...searchAttributes, BlockedBy: ['none'] },
    },
  } satisfies ScheduleOptions;
}

/** Schedules of crews: any number for each crew of a tenant, by names. */
export function temporalCrewSchedules(
  client: Client,
): Pick<WorkflowPort, 'ensureCrewSchedule' | 'deleteCrewSchedule' | 'crewSchedule'> {
  const { ensure, unlessGone } = scheduleCalls(client);
  const handleOf = (ref: CrewScheduleRef) => client.schedule.getHandle(idOf(ref));
  return {
    ensureCrewSchedule: (ref, input) => ensure(optionsOf(ref, input)),
    deleteCrewSchedule: (ref) => unlessGone(() => handleOf(ref).delete()),
    async crewSchedule(ref) {
      let found: Awaited<ReturnType<WorkflowPort['crewSchedule']>> = null;
      await unlessGone(async () => {
        const { spec, state, info } = await handleOf(ref).describe();
        found = {
          everyMs: spec.intervals?.[0]?.every ?? 0,
          paused: state.paused,
          // A paused schedule still computes its times, and keeps none of them.
          nextAt: state.paused ? null : (info.nextActionTimes[0]?.toISOString() ?? null),
          skipped: info.numActionsSkippedOverlap,
        };
      });
      return found;
    },
  };
}
