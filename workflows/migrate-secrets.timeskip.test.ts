import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { OperationId, PLATFORM, UserId } from '../ports/ids.ts';
import { migrateSecretsId, QUEUES } from '../ports/operations.ts';
import type { SecretMovePort } from '../ports/secrets.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { migrateSecrets } from './migrate-secrets.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await openGround({ timeSkipping: true });
  await ground.worker.start();
});
afterAll(() => ground.close());

test('confirmed by nobody within thirty days, it ends and the old store keeps everything', async () => {
  const { ports, client } = ground;
  let erased = 0;
  const secretMove: SecretMovePort = {
    survey: async () => ({ paths: 1, moved: 1, byClass: { credential: 1 } }),
    move: async () => ({ paths: 1, moved: 0, already: 1, refused: [], next: null }),
    compare: async () => ({ same: 1, different: [], next: null }),
    erase: async () => ({ erased: (erased += 1), next: null }),
  };
  ground.withPort({ secretMove });
  const operationId = OperationId.parse(randomUUID());
  const startedBy = UserId.parse(randomUUID());
  const workflowId = migrateSecretsId();
  const row = { id: operationId, scope: PLATFORM, workflowId, startedBy, idempotencyKey: null } as const;
  await ports.operations.begin({ ...row, kind: 'migrateSecrets' });
  const report = await client.workflow.execute(migrateSecrets, {
    workflowId,
    taskQueue: QUEUES.operations,
    args: [{ operationId, actor: startedBy, dryRun: false }],
  });
  expect(report).toMatchObject({ stage: 'ended', same: 1, erased: 0 });
  expect(erased).toBe(0);
  await expect(ports.operations.get(PLATFORM, operationId)).resolves.toMatchObject({ outcome: 'completed' });
  await expect(ports.operations.eventsAfter(0, [operationId])).resolves.toContainEqual(
    expect.objectContaining({ step: 'erase', state: 'undone' }),
  );
});
