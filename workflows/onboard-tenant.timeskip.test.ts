import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Fault } from '../ports/errors.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { startOnboarding } from '../workers/testing/starts.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await openGround({ timeSkipping: true });
  await ground.worker.start();
});
afterAll(() => ground.close());

test('nobody connects for a week: all is undone, and an undo that keeps failing is tried until it works', async () => {
  const { ports } = ground;
  const { removeMemberships } = ports.identity;
  let refusals = 0;
  ground.withPort({
    identity: {
      removeMemberships: async (id) => {
        refusals += 1;
        if (refusals <= 3) throw new Fault('conflict', 'not now');
        await removeMemberships(id);
      },
    },
  });
  const { tenantId, operationId, tenant, run } = await startOnboarding(ground, [{ connector: 'wordpress', sync: [] }], {
    roles: ['tenant_admin'],
    remindAfterMs: 1,
    deadlineMs: 2,
    onDeadline: 'reject',
  });
  await expect(run.result()).rejects.toMatchObject({ cause: { type: 'not_connected' } });
  expect(refusals).toBe(4);
  await expect(ports.identity.principalsOf(tenant.ownerEmail)).resolves.toEqual([]);
  await expect(ports.operations.get(tenantId, operationId)).resolves.toMatchObject({
    outcome: 'failed',
    error: { code: 'not_connected' },
  });
});
