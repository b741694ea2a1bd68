import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rotateDueId } from '../../ports/operations.ts';
import { openGround } from '../../workers/testing/ground.ts';
import type { Ground } from '../../workers/testing/ground.ts';
import { until } from '../../workers/testing/until.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround();
  await ground.worker.start();
});
afterAll(() => ground.close());

const CLASS = 'oauth_client_secret';
const handle = () => ground.client.schedule.getHandle(rotateDueId(CLASS));
const ensure = (everyDays: number | null, enabled = true) =>
  ground.ports.workflows.ensureRotationSchedule(CLASS, { everyDays, enabled });
const nextAt = async () =>
  (await ground.ports.workflows.listRotationSchedules()).find(({ secretClass }) => secretClass === CLASS)?.nextAt ??
  null;

test('a class is looked at every day, at a moment of its own; what was missed in an outage is made up for once', async () => {
  await ensure(180);
  await ensure(90);
  const { spec, policies } = await handle().describe();
  expect(spec.intervals).toEqual([{ every: 86_400_000, offset: expect.any(Number) }]);
  expect(policies).toEqual({ overlap: 'SKIP', catchupWindow: 86_400_000, pauseOnFailure: false });
  await until('it is listed', nextAt, (moment) => moment !== null);
});

test('what it starts reads its input and looks', async () => {
  await ensure(180);
  await handle().trigger();
  const { info } = await until(
    'a look',
    () => handle().describe(),
    ({ info: { recentActions } }) => recentActions.length > 0,
  );
  const [look] = info.recentActions;
  const run = ground.client.workflow.getHandle(look?.action.workflow.workflowId ?? '');
  await expect(run.result()).resolves.toBeUndefined();
});

test('a policy that is switched off pauses it, and switched on lets it go on; what a person paused stays so', async () => {
  const paused = async () => (await handle().describe()).state.paused;
  await ensure(180, false);
  expect(await paused()).toBe(true);
  await until('it is looked at no more', nextAt, (moment) => moment === null);
  await ensure(180);
  expect(await paused()).toBe(false);
  await handle().pause('a person has reasons');
  await ensure(180);
  await ensure(180, false);
  await ensure(180);
  expect((await handle().describe()).state).toMatchObject({ paused: true, note: 'a person has reasons' });
});

test('without an interval there is none; made while switched off it never fires', async () => {
  await ensure(180);
  await ensure(null);
  await ensure(null);
  await expect(handle().describe()).rejects.toThrow();
  await ensure(30, false);
  expect((await handle().describe()).state).toMatchObject({ paused: true });
});
