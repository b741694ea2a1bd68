import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Client, ScheduleClient, ScheduleOptions } from '@temporalio/client';
import proto from '@temporalio/proto';
import { openSmallGround } from '../../workers/testing/small.ts';
import type { SmallGround } from '../../workers/testing/small.ts';
import { until } from '../../workers/testing/until.ts';
import { dataConverter } from './data-converter.ts';
import { temporalOpenRuns } from './open-runs.ts';

const { WORKFLOW_EXECUTION_STATUS_COMPLETED: COMPLETED } = proto.temporal.api.enums.v1.WorkflowExecutionStatus;
/** A ring whose keys come and go as a test says. */
const byId: Record<string, Buffer> = {};
let current = '';
const keys = {
  current: async () => ({ kid: current, key: byId[current] ?? Buffer.alloc(0) }),
  find: async (kid: string) => byId[kid] ?? null,
};
const writeWith = (kid: string) => {
  byId[kid] ??= Buffer.alloc(32, kid);
  current = kid;
};

let ground: SmallGround;
beforeAll(async () => {
  writeWith('a');
  ground = await openSmallGround({ converter: dataConverter(keys) });
  await ground.start({ echo: async (text: string) => text });
});
afterAll(async () => ground[Symbol.asyncDispose]());

const runs = (client: Client = ground.space.client) => temporalOpenRuns(client, keys);
const renew = (moment: string, client?: Client) => runs(client).renewPayloads({ begun: moment, given: moment });
/** After all that happened so far: Temporal counts some of it in seconds. */
const soon = () => new Date(Date.now() + 2000).toISOString();

const aSchedule = async (change: Partial<ScheduleOptions> = {}) => {
  const id = `child:t1:${randomUUID()}`;
  const handle = await ground.space.client.schedule.create({
    scheduleId: id,
    spec: { intervals: [{ every: '1 hour' }] },
    searchAttributes: { TenantId: ['t1'] },
    action: {
      ...{ type: 'startWorkflow', workflowType: 'child', workflowId: id, taskQueue: 'operations' },
      args: ['scheduled', false],
      searchAttributes: { TenantId: ['t1'] },
    },
    ...change,
  });
  return { id, handle };
};
const kids = async (id: string) => {
  const { raw } = await ground.space.client.schedule.getHandle(id).describe();
  const payloads = raw.schedule?.action?.startWorkflow?.input?.payloads ?? [];
  return [...new Set(payloads.map(({ metadata }) => Buffer.from(metadata?.['kid'] ?? []).toString()))];
};
const shown = async (id: string) => {
  const { spec, policies, action, searchAttributes, state } = await ground.space.client.schedule
    .getHandle(id)
    .describe();
  // What is not set is said in another way once it was written again.
  return { spec, policies, action: { ...action, priority: null }, searchAttributes, state };
};
const ids = async () => {
  const found: string[] = [];
  for await (const { scheduleId } of ground.space.client.schedule.list()) found.push(scheduleId);
  return found;
};
const isListed = (id: string) => until(`${id} is listed`, ids, (all) => all.includes(id));

/** Runs of a schedule of every second, until one has succeeded and the schedule knows. */
const succeeded = (id: string, count: number) =>
  until(
    `${count} runs of ${id}`,
    () => ground.space.client.schedule.getHandle(id).describe(),
    ({ raw }) =>
      (raw.info?.recentActions ?? []).filter((each) => each.startWorkflowStatus === COMPLETED).length >= count,
  );
const lastRun = async (id: string) => {
  const { info } = await ground.space.client.schedule.getHandle(id).describe();
  return ground.space.client.workflow.getHandle(info.recentActions.at(-1)?.action.workflow.workflowId ?? '');
};
const everySecond = { spec: { intervals: [{ every: '1s' }] } };

test('open runs are counted that began before a moment; the one that asks is not', async () => {
  const { workflow } = ground.space.client;
  const options = (id: string) => ({ taskQueue: 'operations', workflowId: `listener:t1:${id}`, args: ['first'] });
  const one = await workflow.start('listener', options('one'));
  const two = await workflow.start('listener', options('two'));
  const ended = await workflow.start('listener', options('ended'));
  await ended.signal('tell', 'end');
  await ended.result();
  const later = await workflow.start('listener', options('later'));
  const before = (await later.describe()).startTime.toISOString();
  await until(
    'both are listed',
    () => runs().openSince(before, 'nobody'),
    (count) => count === 2,
  );
  await until(
    'all are listed',
    () => runs().openSince(new Date(Date.now() + 1000).toISOString(), ''),
    (count) => count === 3,
  );
  await expect(runs().openSince(before, one.workflowId)).resolves.toBe(1);
  for (const run of [one, two, later]) await run.signal('tell', 'end');
});

describe('schedules', () => {
  test('are written again with the key in use now, and nothing else of them changes', async () => {
    writeWith('a');
    const { id } = await aSchedule({ state: { paused: true, note: 'connection: dead' } });
    const before = await shown(id);
    await isListed(id);
    writeWith('b');
    await expect(renew(soon())).resolves.toEqual({ left: 0 });
    await expect(kids(id)).resolves.toEqual(['b']);
    await expect(shown(id)).resolves.toEqual(before);
  });

  test('that remember what an old key wrote are made anew: the next run opens, though that key is gone', async () => {
    writeWith('c');
    const { id, handle } = await aSchedule(everySecond);
    await succeeded(id, 2);
    await handle.pause('connection: dead');
    await until(
      'the last run has ended',
      () => handle.describe(),
      ({ info }) => info.runningActions.length === 0,
    );
    const before = await shown(id);
    await isListed(id);
    writeWith('d');
    await renew(soon());
    await expect(shown(id)).resolves.toEqual(before);
    await until('its copy is gone', ids, (all) => all.every((one) => !one.includes('~')));
    delete byId['c'];
    await handle.unpause();
    await succeeded(id, 1);
    await expect((await lastRun(id)).result()).resolves.toBe('scheduled');
    await handle.delete();
    byId['c'] = Buffer.alloc(32, 'c');
  });

  test('that have succeeded since are left as they are', async () => {
    writeWith('e');
    const { id, handle } = await aSchedule(everySecond);
    const { info } = await handle.describe();
    const moment = new Date(info.createdAt.getTime() + 1).toISOString();
    await succeeded(id, 3);
    await isListed(id);
    await renew(moment);
    expect((await handle.describe()).info.createdAt).toEqual(info.createdAt);
    await handle.delete();
  });

  test('with a run at work wait for its end', async () => {
    writeWith('e');
    const id = `listener:t1:${randomUUID()}`;
    const action = { workflowType: 'listener', workflowId: id, taskQueue: 'operations', args: ['first'] };
    const { handle } = await aSchedule({
      ...everySecond,
      scheduleId: id,
      action: { type: 'startWorkflow', ...action },
    });
    await until(
      'it runs',
      () => handle.describe(),
      ({ info }) => info.runningActions.length === 1,
    );
    await handle.pause('by a person');
    await isListed(id);
    await expect(renew(soon())).resolves.toEqual({ left: 1 });
    const run = await lastRun(id);
    await run.signal('tell', 'end');
    await run.result();
    await until(
      'its end is known',
      () => renew(soon()),
      ({ left }) => left === 0,
    );
  });

  test.each([1, 2, 3, 4])(
    'C11: broken off before call %i, no schedule is lost: the next attempt makes it whole',
    async (nth) => {
      writeWith('e');
      const { id, handle } = await aSchedule(everySecond);
      await succeeded(id, 1);
      await handle.pause('by a person');
      await until(
        'the last run has ended',
        () => handle.describe(),
        ({ info }) => info.runningActions.length === 0,
      );
      const before = await shown(id);
      await isListed(id);
      const moment = soon();
      await expect(renew(moment, breaking(ground.space.client, nth))).rejects.toThrow('broken off');
      await isListed(nth === 1 ? id : `${id}~copy`);
      await renew(moment);
      await expect(shown(id)).resolves.toEqual(before);
      await until('its copy is gone', ids, (all) => all.every((one) => !one.includes('~')));
      const { info } = await handle.describe();
      expect(info.numActionsTaken).toBe(0);
      await handle.delete();
    },
  );
});

/** A client whose nth change of a schedule never happens. */
function breaking(client: Client, nth: number): Client {
  let left = nth;
  const orBreak = <Result>(work: () => Promise<Result>): Promise<Result> => {
    left -= 1;
    return left === 0 ? Promise.reject(new Error('broken off')) : work();
  };
  const schedule = Object.assign(Object.create(client.schedule) as ScheduleClient, {
    create: (options: ScheduleOptions) => orBreak(() => client.schedule.create(options)),
    getHandle: (id: string) => {
      const handle = client.schedule.getHandle(id);
      return Object.assign(Object.create(handle) as typeof handle, { delete: () => orBreak(() => handle.delete()) });
    },
  });
  return Object.assign(Object.create(client) as Client, { connection: client.connection, schedule });
}
