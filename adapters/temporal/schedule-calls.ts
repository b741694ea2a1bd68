import { createHash, randomUUID } from 'node:crypto';
import {
  isGrpcServiceError,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { Client, ScheduleOptions } from '@temporalio/client';
import proto from '@temporalio/proto';
import { withDeadline } from './client.ts';

const { SCHEDULE_OVERLAP_POLICY_SKIP } = proto.temporal.api.enums.v1.ScheduleOverlapPolicy;
/** gRPC's own number. */
const NOT_FOUND = 5;
const CALL_MS = 10_000;
const MINUTE_MS = 60_000;

/** A place in the interval that is the schedule's own for ever: schedules that all fire on the minute wait for each other. */
export const offsetOf = (id: string, everyMs: number) =>
  createHash('sha256').update(id).digest().readUInt32BE(0) % Math.max(1, everyMs);

/**
 * When tenants' work comes round: never beside itself, and after an outage once for all the ticks that were missed within one
 * interval.
 */
export const rhythmOf = (scheduleId: string, everyMs: number) =>
  ({
    spec: {
      intervals: [{ every: everyMs, offset: offsetOf(scheduleId, everyMs) }],
      jitter: Math.min(everyMs / 10, MINUTE_MS),
    },
    policies: {
      overlap: ScheduleOverlapPolicy.SKIP,
      catchupWindow: Math.max(everyMs, MINUTE_MS),
      pauseOnFailure: false,
    },
  }) satisfies Partial<ScheduleOptions>;

const isGone = (error: unknown): boolean =>
  error instanceof ScheduleNotFoundError || (isGrpcServiceError(error) && (error.code as number) === NOT_FOUND);

/** What every kind of schedule asks of Temporal. */
export const scheduleCalls = (client: Client) => {
  const call = <Result>(fn: () => Promise<Result>) => withDeadline(client, CALL_MS, fn);
  return {
    call,
    /** Creates it, or makes it so; whether it is paused stays as it is. */
    ensure: async (options: ScheduleOptions): Promise<void> => {
      try {
        await call(() => client.schedule.create(options));
      } catch (error) {
        if (!(error instanceof ScheduleAlreadyRunning)) throw error;
        const handle = client.schedule.getHandle(options.scheduleId);
        await call(() => handle.update(({ state }) => ({ ...options, state })));
      }
    },
    /**
     * Goes on, and at once rather than at its next tick. In one message: of two that reach a schedule in one of its tasks it
     * keeps the second alone (`pendingPatch` of the server's scheduler), and the client can only say one thing in each.
     */
    resumeNow: async (scheduleId: string, reason: string): Promise<void> => {
      const { workflowService, options } = client.schedule;
      await workflowService.patchSchedule({
        ...{ namespace: options.namespace, identity: options.identity, scheduleId, requestId: randomUUID() },
        patch: { unpause: reason, triggerImmediately: { overlapPolicy: SCHEDULE_OVERLAP_POLICY_SKIP } },
      });
    },
    unlessGone: async (fn: () => Promise<void>): Promise<void> => {
      try {
        await call(fn);
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    },
  };
};
