import { createHash } from 'node:crypto';
import { ScheduleAlreadyRunning, ScheduleNotFoundError } from '@temporalio/client';
import type { Client, ScheduleOptions } from '@temporalio/client';
import { withDeadline } from './client.ts';

const CALL_MS = 10_000;

/** A place in the interval that is the schedule's own for ever: schedules that all fire on the minute wait for each other. */
export const offsetOf = (id: string, everyMs: number) =>
  createHash('sha256').update(id).digest().readUInt32BE(0) % Math.max(1, everyMs);

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
