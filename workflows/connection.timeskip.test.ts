import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aConnection, aTenant } from '../adapters/postgres/testing-data.ts';
import { connectionWorkflowId, QUEUES } from '../ports/operations.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { connection } from './connection.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await openGround({ timeSkipping: true });
  await ground.worker.start();
});
afterAll(() => ground.close());

test('a connection that nobody makes is given up after seven days, not before', async () => {
  const tenantId = await aTenant(ground.ports);
  const connectionId = await aConnection(ground.ports, tenantId);
  const run = await ground.client.workflow.start(connection, {
    workflowId: connectionWorkflowId(tenantId, connectionId),
    taskQueue: QUEUES.operations,
    args: [{ tenantId, connectionId, connectorId: 'wordpress', sync: [], notify: null }],
  });
  await run.result();
  const { startTime, closeTime } = await run.describe();
  expect(Number(closeTime) - Number(startTime)).toBeGreaterThanOrEqual(7 * 86_400_000);
  await expect(ground.ports.connections.get(tenantId, connectionId)).resolves.toMatchObject({
    state: 'disconnected',
    reason: { code: 'not_connected' },
  });
});
