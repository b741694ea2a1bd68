import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { openSmallGround } from './testing/small.ts';
import { freePort } from '../scripts/lib/ports.ts';
import { startTemporal } from './testing/server.ts';
import { until } from './testing/until.ts';

const queue = { taskQueue: 'operations' };

test('C75: a bug in workflow code retries the task, and a fixed worker finishes the same run', async () => {
  let calls = 0;
  const activities = { echo: async (text: string) => `${text} ${++calls}` };
  await using ground = await openSmallGround();
  const buggy = await ground.start(activities, 'buggy.ts');
  const handle = await ground.space.client.workflow.start('order', {
    ...queue,
    workflowId: 'order:t1:1',
    args: ['said'],
  });

  const failedTasks = async () =>
    (await handle.fetchHistory()).events?.filter(({ workflowTaskFailedEventAttributes: failed }) => failed) ?? [];
  await until('a workflow task failed', failedTasks, (events) => events.length > 0);
  expect((await handle.describe()).status.name).toBe('RUNNING');
  await buggy.stop();

  await ground.start(activities, 'fixed.ts');
  await expect(handle.result()).resolves.toBe('said 1 and done');
  expect((await handle.describe()).runId).toBe(handle.firstExecutionRunId);
  expect(calls).toBe(1);
});

test('workers that started before Temporal begin when it comes, and carry on after it was killed', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'bizosaas-temporal-'));
  const own = { dbFile: path.join(folder, 'temporal.db'), port: await freePort() };
  let server = await startTemporal(own);
  try {
    const ground = await openSmallGround({ address: server.address });
    await server.kill();
    const starting = ground.start({ echo: async (text: string) => text }, 'fixed.ts');
    server = await startTemporal(own);
    const workers = await starting;
    expect(workers.health()).toEqual({
      operations: 'RUNNING',
      connectors: 'RUNNING',
      agents: 'RUNNING',
      tokens: 'RUNNING',
      transfers: 'RUNNING',
    });

    const { workflow } = ground.space.client;
    await expect(workflow.execute('order', { ...queue, workflowId: 'order:t1:1', args: ['before'] })).resolves.toBe(
      'before and done',
    );
    await server.kill();
    server = await startTemporal(own);
    await expect(workflow.execute('order', { ...queue, workflowId: 'order:t1:2', args: ['after'] })).resolves.toBe(
      'after and done',
    );
    await ground[Symbol.asyncDispose]();
  } finally {
    await server.kill();
    await rm(folder, { recursive: true, force: true });
  }
});

test('workers are stopped any number of times, also while they wait for Temporal', async () => {
  const ground = await openSmallGround();
  const workers = await ground.start({ echo: async () => null }, 'fixed.ts');
  await Promise.all([workers.stop(), workers.stop()]);
  expect(workers.health()).toMatchObject({ operations: 'CONNECTING' });
  await ground[Symbol.asyncDispose]();
});
