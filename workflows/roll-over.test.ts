import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aRunningConnection, authorizeHubspot, submitSite } from '../workers/testing/connections.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { until } from '../workers/testing/until.ts';
import { refreshUpdate, rollOverSignal } from './connection.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
  await ground.worker.start();
});
afterAll(async () => ground.close());

const runOf = async (workflowId: string) => (await ground.client.workflow.getHandle(workflowId).describe()).runId;
/** Asks every connection that is open now, as a rotation of the payload key does. */
const renewed = async (workflowId: string, before: string) => {
  const moment = new Date(Date.now() + 1000).toISOString();
  return until(
    `${workflowId} goes on as a new run`,
    async () => {
      if ((await runOf(workflowId)) === before)
        await ground.ports.workflows.renewPayloads({ begun: moment, given: moment });
      return runOf(workflowId);
    },
    (runId) => runId !== before,
    { everyMs: 200 },
  );
};

test('a connection that works goes on as a new run when its payloads are to be renewed, and knows what it knew', async () => {
  const opened = await aRunningConnection(ground, 'hubspot', { schedules: false });
  const { view } = await authorizeHubspot(ground, opened);
  await renewed(opened.workflowId, await runOf(opened.workflowId));
  await expect(opened.status()).resolves.toEqual(view);
  const args: [{ observedVersion: number }] = [{ observedVersion: view.secretVersion }];
  await until('it refreshes', () => opened.handle.executeUpdate(refreshUpdate, { args }), Boolean);
  await expect(opened.becomes('healthy')).resolves.toMatchObject({ secretVersion: view.secretVersion + 1 });
});

test('one that nobody has made yet goes on waiting, and can still be made', async () => {
  const opened = await aRunningConnection(ground, 'wordpress');
  await renewed(opened.workflowId, await runOf(opened.workflowId));
  await expect(opened.status()).resolves.toMatchObject({ state: 'pending' });
  await expect(submitSite(ground, opened)).resolves.toMatchObject({ state: 'healthy' });
});

test('C67: told in the middle of a change, it finishes that first, and nobody’s answer is lost', async () => {
  const opened = await aRunningConnection(ground, 'wordpress');
  const before = await runOf(opened.workflowId);
  const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
  const { promise: told, resolve: tell } = Promise.withResolvers<void>();
  const { verify } = ground.ports.connectors;
  const undo = ground.withPort({
    connectors: {
      verify: async (...given) => {
        isAsked();
        await told;
        return verify(...given);
      },
    },
  });
  const answer = submitSite(ground, opened);
  await asked;
  await opened.handle.signal(rollOverSignal);
  tell();
  await expect(answer.finally(undo)).resolves.toMatchObject({ state: 'healthy' });
  await until(
    'it goes on',
    () => runOf(opened.workflowId),
    (runId) => runId !== before,
  );
  await expect(opened.status()).resolves.toMatchObject({ state: 'healthy' });
});
