import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aTenant } from '../adapters/postgres/testing-data.ts';
import { ApprovalId, Email } from '../ports/ids.ts';
import { approvalWorkflowId, QUEUES } from '../ports/operations.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { approval } from './approval.ts';

const DAY_MS = 86_400_000;
let ground: Ground;

beforeAll(async () => {
  ground = await openGround({ timeSkipping: true });
  await ground.worker.start();
});
afterAll(() => ground.close());

test('nobody decides: a reminder after two days, and after seven the default, which is no', async () => {
  const { ports, client } = ground;
  const tenantId = await aTenant(ports);
  const owner = await ports.identity.addMembership(tenantId, Email.parse('owner@acme.test'), 'tenant_admin');
  const content = await ports.content.put(tenantId, { proposedPost: { title: 'Hello', content: '<p>Hello</p>' } });
  const approvalId = ApprovalId.parse(randomUUID());
  const run = await client.workflow.start(approval, {
    workflowId: approvalWorkflowId(tenantId, approvalId),
    taskQueue: QUEUES.operations,
    args: [
      {
        tenantId,
        approvalId,
        operationId: null,
        subject: 'Approve the post',
        content,
        policy: { roles: ['tenant_admin'], remindAfterMs: 2 * DAY_MS, deadlineMs: 7 * DAY_MS, onDeadline: 'reject' },
      },
    ],
  });
  await expect(run.result()).resolves.toMatchObject({ outcome: 'expired' });
  const { startTime, closeTime } = await run.describe();
  expect(Number(closeTime) - Number(startTime)).toBeGreaterThanOrEqual(7 * DAY_MS);
  const inbox = await ports.notifier.inbox(tenantId, owner);
  expect(inbox.map(({ kind }) => kind).toSorted()).toEqual(['approval.reminder', 'approval.requested']);
  await expect(ports.approvals.get(tenantId, approvalId)).resolves.toMatchObject({
    state: 'expired',
    decidedBy: null,
    remindedAt: expect.any(String),
  });
});
