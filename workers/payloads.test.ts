import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Context, heartbeat } from '@temporalio/activity';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { WorkflowFailedError } from '@temporalio/client';
import { Fault } from '../ports/errors.ts';
import { openSmallGround } from './testing/small.ts';
import type { SmallGround } from './testing/small.ts';
import { until } from './testing/until.ts';

let ground: SmallGround;
let peak = 0;
const queue = { taskQueue: 'operations' };

beforeAll(async () => {
  ground = await openSmallGround();
  await ground.start({
    echo: async (text: string) => text,
    fail: async (text: string) =>
      Promise.reject(new Fault('provider_down', text, { cause: new Error('secret-cause') })),
    beat: async (text: string) => {
      heartbeat(text);
      await Context.current().sleep(3000);
      return text;
    },
    blob: async (bytes: number) => {
      peak = bytes;
      return 'x'.repeat(bytes);
    },
  });
});
afterAll(async () => ground[Symbol.asyncDispose]());

/** All that the server keeps of these runs, as text: payloads decoded from base64, as anyone with its database could. */
async function raw(...ids: string[]): Promise<string> {
  const texts = await Promise.all(
    ids.map(async (id) => {
      const json = historyToJSON(await ground.space.client.workflow.getHandle(id).fetchHistory());
      const blobs = [...json.matchAll(/"data":\s*"([^"]*)"/g)].map(([, data = '']) =>
        Buffer.from(data, 'base64').toString(),
      );
      return json + blobs.join('\n');
    }),
  );
  return texts.join('\n');
}

const rootOf = (error: unknown): Error =>
  error instanceof Error && error.cause instanceof Error ? rootOf(error.cause) : (error as Error);

describe('payloads on their way through Temporal', () => {
  test('open wherever they belong, and history shows none of them: inputs, results, failures, signals, updates, queries, memos, children of another tenant, continue-as-new', async () => {
    const { workflow } = ground.space.client;
    const listener = await workflow.start('listener', {
      ...queue,
      workflowId: 'listener:t2:1',
      args: ['secret-first'],
      memo: { note: 'secret-memo' },
    });
    const traveller = await workflow.start('traveller', {
      ...queue,
      workflowId: 'traveller:platform:1',
      args: ['child:t1:1', 'listener:t2:1'],
    });
    await expect(traveller.result()).resolves.toEqual([
      'secret-input',
      'secret-local',
      'ApplicationFailure: secret-input',
      'ApplicationFailure: secret-leaf',
    ]);
    await expect(listener.executeUpdate('ask', { args: ['secret-ask'] })).resolves.toBe(
      'answer to secret-ask, number 3',
    );
    await expect(listener.query('heard', 'secret')).resolves.toEqual(['secret-first', 'secret-signal', 'secret-ask']);
    await listener.signal('tell', 'end');
    await expect(listener.result()).resolves.toContain('secret-signal');
    expect((await listener.describe()).memo).toEqual({ note: 'secret-memo' });

    const children = ['child:t1:1-fine', 'child:t1:1-failing', 'child:t1:1-nesting', 'child:t1:1-leaf'];
    const stored = await raw('listener:t2:1', 'traveller:platform:1', ...children);
    expect(stored).toContain(Buffer.from('binary/encrypted').toString('base64'));
    expect(stored).not.toMatch(/secret|payloads\.test/);
  });

  test('C76: text and stack of a failure stand encrypted in history, and its cause not at all', async () => {
    const { workflow } = ground.space.client;
    const options = { ...queue, workflowId: 'failing:t1:1', args: ['secret-failure'] };
    const error: unknown = await workflow.execute('failing', options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WorkflowFailedError);
    expect(rootOf(error)).toMatchObject({
      message: 'secret-failure',
      type: 'provider_down',
      details: [{ fields: [] }],
    });
    const stored = await raw('failing:t1:1');
    expect(stored).toContain('Encoded failure');
    expect(stored).not.toMatch(/secret|payloads\.test/);
  });

  test('a schedule’s arguments open in the run that it starts', async () => {
    const { schedule, workflow } = ground.space.client;
    const action = {
      ...queue,
      type: 'startWorkflow' as const,
      workflowType: 'child',
      workflowId: 'child:t1:scheduled',
      args: ['secret-schedule', false],
    };
    const handle = await schedule.create({
      scheduleId: 'child:t1:scheduled',
      spec: { intervals: [{ every: '1 hour' }] },
      action,
    });
    await handle.trigger();
    const started = await until(
      'the schedule ran',
      () => handle.describe(),
      ({ info }) => info.recentActions.length > 0,
    );
    const id = started.info.recentActions[0]?.action.workflow.workflowId ?? '';
    await expect(workflow.getHandle(id).result()).resolves.toBe('secret-schedule');
    expect(started.action.args).toEqual(['secret-schedule', false]);
    expect(await raw(id)).not.toContain('secret');
  });

  test('an activity that says nothing for longer than its heartbeat timeout lives: somebody beats for it', async () => {
    const options = { ...queue, workflowId: 'beating:t1:1', args: ['alive'] };
    await expect(ground.space.client.workflow.execute('beating', options)).resolves.toBe('alive');
  });
});

describe('C66: payloads that are too large', () => {
  test('an activity’s result over 64 KB fails the activity at once, with its name', async () => {
    const options = { ...queue, workflowId: 'hauling:t1:1', args: [70_000] };
    const error: unknown = await ground.space.client.workflow
      .execute('hauling', options)
      .catch((thrown: unknown) => thrown);
    expect(peak).toBe(70_000);
    expect(rootOf(error)).toMatchObject({ type: 'payload_too_large', nonRetryable: true });
    expect(rootOf(error).message).toContain('activity blob');
  });

  test('an activity’s input of 2.5 MB, which would terminate the run, never leaves the workflow: it fails, and its clean-up runs', async () => {
    const run = await ground.space.client.workflow.start('sending', {
      ...queue,
      workflowId: 'sending:t1:1',
      args: [2_500_000],
    });
    const error: unknown = await run.result().catch((thrown: unknown) => thrown);
    expect(rootOf(error)).toMatchObject({ type: 'payload_too_large', nonRetryable: true });
    const { status, historyLength } = await run.describe();
    expect(status.name).toBe('FAILED');
    const { events } = await run.fetchHistory();
    expect(events?.filter((event) => event.activityTaskCompletedEventAttributes)).toHaveLength(1);
    expect(historyLength).toBeLessThan(20);
  });

  test('a start of 5 MB is refused in milliseconds, where the server would keep the client for half a minute', async () => {
    const began = performance.now();
    const options = { ...queue, workflowId: 'failing:t1:large', args: ['x'.repeat(5_000_000)] };
    await expect(ground.space.client.workflow.start('failing', options)).rejects.toMatchObject({
      code: 'payload_too_large',
    });
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

describe('C79: the same thing asked twice', () => {
  test('a start with the id of one at work is refused', async () => {
    const { workflow } = ground.space.client;
    const options = { ...queue, workflowId: 'listener:t3:1', args: ['first'] };
    const first = await workflow.start('listener', options);
    await expect(workflow.start('listener', options)).rejects.toMatchObject({
      name: 'WorkflowExecutionAlreadyStartedError',
    });
    await first.signal('tell', 'end');
    await first.result();
  });

  test('an update with the id of an earlier one is not done again: both get the first answer', async () => {
    const { workflow } = ground.space.client;
    const handle = await workflow.start('listener', { ...queue, workflowId: 'listener:t3:2', args: ['first'] });
    const ask = (updateId: string) => handle.executeUpdate('ask', { updateId, args: ['u'] });
    const answers = [await ask('u1'), await ask('u1'), await ask('u2')];
    expect(answers).toEqual(['answer to u, number 2', 'answer to u, number 2', 'answer to u, number 3']);
    await handle.signal('tell', 'end');
    await handle.result();
  });
});
