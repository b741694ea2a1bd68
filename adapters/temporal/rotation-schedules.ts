import { ScheduleOverlapPolicy } from '@temporalio/client';
import type { Client, ScheduleOptions } from '@temporalio/client';
import { PLATFORM } from '../../ports/ids.ts';
import { QUEUES, rotateDueId, WORKFLOWS } from '../../ports/operations.ts';
import { ROTATED_CLASSES } from '../../ports/secret-classes.ts';
import type { RotatedClass } from '../../ports/secret-classes.ts';
import type { WorkflowPort } from '../../ports/workflows.ts';
import { offsetOf, scheduleCalls } from './schedule-calls.ts';

const DAY_MS = 86_400_000;
/** The note on a schedule that a policy switched off. What a person paused has another, and stays so. */
const BY_POLICY = 'switched off by its policy';

/** Looked at every day, however long the interval: what a day could not rotate is due again on the next. */
function optionsOf(secretClass: RotatedClass, enabled: boolean) {
  const scheduleId = rotateDueId(secretClass);
  const searchAttributes = { TenantId: [PLATFORM], Operation: [WORKFLOWS.rotateSecret] };
  return {
    scheduleId,
    spec: { intervals: [{ every: DAY_MS, offset: offsetOf(scheduleId, DAY_MS) }] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: DAY_MS, pauseOnFailure: false },
    ...(enabled ? {} : { state: { paused: true, note: BY_POLICY } }),
    searchAttributes,
    action: {
      type: 'startWorkflow',
      workflowType: WORKFLOWS.rotateSecret,
      workflowId: scheduleId,
      taskQueue: QUEUES.operations,
      args: [{ due: secretClass }],
      searchAttributes: { ...searchAttributes, BlockedBy: ['none'] },
    },
  } satisfies ScheduleOptions;
}

/** One schedule for each class of secrets that a policy has rotated. */
export function temporalRotationSchedules(
  client: Client,
): Pick<WorkflowPort, 'ensureRotationSchedule' | 'listRotationSchedules'> {
  const { call, ensure, unlessGone } = scheduleCalls(client);
  return {
    ensureRotationSchedule: async (secretClass, { everyDays, enabled }) => {
      const handle = client.schedule.getHandle(rotateDueId(secretClass));
      if (everyDays === null) return unlessGone(() => handle.delete());
      await ensure(optionsOf(secretClass, enabled));
      await call(async () => {
        const { state } = await handle.describe();
        if (!enabled && !state.paused) await handle.pause(BY_POLICY);
        if (enabled && state.paused && state.note === BY_POLICY) await handle.unpause('switched on by its policy');
      });
    },
    listRotationSchedules: () =>
      call(async () => {
        const nextAt = new Map<string, string | null>();
        const query = `TenantId = "${PLATFORM}" AND Operation = "${WORKFLOWS.rotateSecret}"`;
        for await (const { scheduleId, state, info } of client.schedule.list({ query })) {
          // A paused schedule still computes its times, and keeps none of them.
          nextAt.set(scheduleId, state.paused ? null : (info.nextActionTimes[0]?.toISOString() ?? null));
        }
        return ROTATED_CLASSES.map((secretClass) => ({
          secretClass,
          nextAt: nextAt.get(rotateDueId(secretClass)) ?? null,
        }));
      }),
  };
}
