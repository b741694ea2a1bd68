import { ScheduleAlreadyRunning, ScheduleNotFoundError } from '@temporalio/client';
import type { Client, ScheduleDescription, ScheduleOptions } from '@temporalio/client';
import type { SearchAttributes } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { KeyRing } from '../../ports/key-ring.ts';
import { scheduleCalls } from './schedule-calls.ts';

/** The end of the id of a copy, which stands in for a schedule while that is made anew. */
const COPY = '~copy';
const { WORKFLOW_EXECUTION_STATUS_COMPLETED } = proto.temporal.api.enums.v1.WorkflowExecutionStatus;

/** What a copy keeps of its schedule, and does not have itself: so it starts nothing, and no list of schedules shows it. */
interface Kept extends Record<string, unknown> {
  paused: boolean;
  searchAttributes: SearchAttributes;
}

/** The ids of the keys with which the schedule's own payloads are written. */
const kidsOf = ({ raw }: ScheduleDescription): string[] => {
  const { input, memo } = raw.schedule?.action?.startWorkflow ?? {};
  const payloads = [...(input?.payloads ?? []), ...Object.values(memo?.fields ?? {})];
  return payloads.map(({ metadata }) => Buffer.from(metadata?.['kid'] ?? []).toString());
};

/**
 * A schedule hands the result of its last success, and the failure since, to the next run, as they were written then. True
 * when those may be older than the moment: once their key is given up, no run of this schedule would ever open.
 */
const remembersOlder = ({ info, raw }: ScheduleDescription, moment: number): boolean => {
  if (info.numActionsTaken === 0 || info.createdAt.getTime() >= moment) return false;
  const isNewSuccess = ({ startWorkflowStatus, actualTime }: proto.temporal.api.schedule.v1.IScheduleActionResult) =>
    startWorkflowStatus === WORKFLOW_EXECUTION_STATUS_COMPLETED && Number(actualTime?.seconds ?? 0) * 1000 >= moment;
  return !(raw.info?.recentActions ?? []).some(isNewSuccess);
};

const optionsOf = ({ spec, policies, action, searchAttributes, state }: ScheduleDescription) => ({
  ...{ spec, policies, action, searchAttributes, state },
});

/**
 * Has a schedule hold payloads of the key in use now, and remember none that are older than the moment (in milliseconds).
 * False: it must be made anew, and cannot be while a run of it is at work. May be broken off anywhere, and done again.
 */
export function renewedSchedules(client: Client, keys: KeyRing): (id: string, moment: number) => Promise<boolean> {
  const { call, unlessGone } = scheduleCalls(client);
  const at = (id: string) => client.schedule.getHandle(id);
  const create = async (options: ScheduleOptions) => {
    try {
      await call(() => client.schedule.create(options));
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    }
  };
  const describe = async (id: string): Promise<ScheduleDescription | null> => {
    try {
      return await call(() => at(id).describe());
    } catch (error) {
      if (error instanceof ScheduleNotFoundError) return null;
      throw error;
    }
  };

  const copy = (from: ScheduleDescription) =>
    create({
      ...{ ...optionsOf(from), searchAttributes: {}, scheduleId: `${from.scheduleId}${COPY}` },
      state: { ...from.state, paused: true },
      memo: { paused: from.state.paused, searchAttributes: from.searchAttributes } satisfies Kept,
    });
  /** From its copy, so that it is never gone for good. */
  const makeAnew = async (id: string) => {
    const kept = await describe(`${id}${COPY}`);
    if (kept === null) return;
    const { paused, searchAttributes } = kept.memo as Kept;
    await unlessGone(() => at(id).delete());
    await create({ ...optionsOf(kept), scheduleId: id, searchAttributes, state: { ...kept.state, paused } });
    await unlessGone(() => at(kept.scheduleId).delete());
  };

  return async (id, moment) => {
    // Somebody was broken off.
    if (id.endsWith(COPY)) return makeAnew(id.slice(0, -COPY.length)).then(() => true);
    const found = await describe(id);
    if (found === null) return true;
    if (remembersOlder(found, moment)) {
      if (found.info.runningActions.length > 0) return false;
      await copy(found);
      await makeAnew(id);
      return true;
    }
    const { kid } = await keys.current();
    if (kidsOf(found).some((one) => one !== kid)) await unlessGone(() => at(id).update(optionsOf));
    return true;
  };
}
