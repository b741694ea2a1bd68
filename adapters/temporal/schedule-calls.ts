import { createHash } from 'node:crypto';
import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Client, ScheduleOptions } from '@temporalio/client';
import { withDeadline } from './client.ts';

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
    unlessGone: async (fn: () => Promise<void>): Promise<void> => {
      try {
        await call(fn);
      } catch (error) {
        if (!(error instanceof ScheduleNotFoundError)) throw error;
      }
    },
  };
};
