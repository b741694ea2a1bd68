import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Fault } from '../ports/errors.ts';
import { Email, OperationId, PLATFORM, TenantId, UserId } from '../ports/ids.ts';
import { onboardTenantId, QUEUES } from '../ports/operations.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { onboardTenant } from './onboard-tenant.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await openGround({ timeSkipping: true });
  await ground.worker.start();
});
afterAll(() => ground.close());

test('nobody connects for a week: all is undone, and an undo that keeps failing is tried until it works', async () => {
  const { ports, client } = ground;
  const tenantId = TenantId.parse(randomUUID());
  const operationId = OperationId.parse(randomUUID());
  const startedBy = UserId.parse(randomUUID());
  const workflowId = onboardTenantId('late');
  await ports.operations.begin({
    id: operationId,
    scope: PLATFORM,
    workflowId,
    kind: 'onboardTenant',
    startedBy,
    idempotencyKey: null,
  });
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
  const tenant = {
    name: 'Late',
    slug: 'late',
    ownerEmail: Email.parse('owner@late.test'),
    plan: 'starter' as const,
    connectors: [{ connector: 'wordpress', sync: [] }],
  };
  const run = await client.workflow.start(onboardTenant, {
    workflowId,
    taskQueue: QUEUES.operations,
    args: [
      {
        operationId,
        tenantId,
        startedBy,
        tenant,
        approvalPolicy: { roles: ['tenant_admin'], remindAfterMs: 1, deadlineMs: 2, onDeadline: 'reject' },
        syncEveryMs: 3_600_000,
      },
    ],
  });
  await expect(run.result()).rejects.toMatchObject({ cause: { type: 'not_connected' } });
  expect(refusals).toBe(4);
  await expect(ports.identity.principalsOf(tenant.ownerEmail)).resolves.toEqual([]);
  await expect(ports.operations.get(tenantId, operationId)).resolves.toMatchObject({
    outcome: 'failed',
    error: { code: 'not_connected' },
  });
});
