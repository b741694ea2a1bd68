import { once } from 'node:events';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import { ask, logIn } from './caller.ts';
import { openDeployment } from './deployment.ts';
import type { Deployment } from './deployment.ts';
import { anOwner, aWorkplace } from './work.ts';

const { EventType } = proto.temporal.api.enums.v1;
const LONG_MS = 90_000;

let deployment: Deployment;
beforeAll(async () => {
  deployment = await openDeployment();
}, LONG_MS);
afterAll(async () => deployment?.[Symbol.asyncDispose]());
beforeEach(() => deployment.ground.emulator.control.reset());

/** Asks as a load balancer does: a new connection each time. Null when the door is closed. */
const isReady = async (url: string): Promise<number | null> => {
  try {
    const request = get(`${url}/readyz`, { agent: false });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    await once(response.resume(), 'end');
    return response.statusCode ?? 0;
  } catch {
    return null;
  }
};

test('C2: an API told to stop is not ready first, then closes the door, answers what it had begun, and ends', async () => {
  const { ground, startApi } = deployment;
  const { control } = ground.emulator;
  const place = await aWorkplace(ground, 'live', { posts: 12 });
  const api = await startApi();
  const token = await logIn(api.url, await anOwner(ground, place.tenantId));
  place.holdPage('posts', 1);
  const begun = ask<{ data: unknown[] }>(api.url, '/api/v1/connectors/wordpress/data/posts', { token });
  await control.waitFor({ path: place.listOf('posts') });

  const seen = [await isReady(api.url)];
  api.signal('SIGTERM');
  while (seen.at(-1) !== null) seen.push(await isReady(api.url));
  expect(seen.filter((status, index) => status !== seen[index - 1])).toEqual([200, 503, null]);
  // More than the one that was under way: the door stays open until whoever sends traffic has seen it.
  expect(seen.filter((status) => status === 503).length).toBeGreaterThan(3);
  expect(api.alive()).toBe(true);

  control.faults.release();
  const answered = await begun;
  expect([answered.status, answered.body.data.length]).toEqual([200, 12]);
  await expect(api.exited).resolves.toEqual({ code: 0, signal: null });
});

const eventsOf = async (run: Pick<WorkflowHandle, 'fetchHistory'>) => (await run.fetchHistory()).events ?? [];

test(
  'C2: a worker told to stop lets work end that ends soon, hands the rest to the next worker, and no workflow fails',
  async () => {
    const { ground, startWorker } = deployment;
    const { control } = ground.emulator;
    const [soon, never] = await Promise.all([
      aWorkplace(ground, 'soon', { posts: 150 }),
      aWorkplace(ground, 'never', { posts: 12 }),
    ]);
    const worker = await startWorker();
    soon.holdPage('posts', 2);
    const sync = await soon.sync('posts', 'knowledge');
    await control.waitFor({ path: soon.listOf('posts') }, 2);
    control.fault({ match: { path: '/openai/' }, kind: 'hang' });
    control.models.script('stopped', [{ text: 'Done.' }]);
    const { run: agent } = await never.agent('stopped');
    await control.waitFor({ path: '/openai/' });

    worker.signal('SIGTERM');
    control.faults.release();
    await expect(worker.exited).resolves.toEqual({ code: 0, signal: null });

    await startWorker();
    await expect(sync.run.result()).resolves.toMatchObject({ pages: 2, read: 150, delivered: 150 });
    await expect(agent.result()).resolves.toMatchObject({ used: { steps: 1 } });
    // No second attempt of what ended in time, and none that was only missed by its heartbeats.
    expect(soon.pagesAsked('posts')).toEqual([0, 99]);
    const events = [...(await eventsOf(sync.run)), ...(await eventsOf(agent))];
    const late = events.filter(({ activityTaskStartedEventAttributes: started }) => started?.lastFailure);
    expect(late.map(({ activityTaskStartedEventAttributes: started }) => started?.lastFailure)).toEqual([
      expect.objectContaining({ timeoutFailureInfo: null, applicationFailureInfo: expect.anything() }),
    ]);
    const bad = [
      EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
      EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED,
      EventType.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT,
      EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
    ];
    expect(events.filter(({ eventType }) => eventType != null && bad.includes(eventType))).toEqual([]);
  },
  LONG_MS,
);
