import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aTenant } from '../adapters/postgres/testing-data.ts';
import { Email } from '../ports/ids.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { startApproval } from '../workers/testing/starts.ts';

const DAY_MS = 86_400_000;
let ground: Ground;

beforeAll(async () => {
  ground = await openGround({ timeSkipping: true });
  await ground.worker.start();
});
afterAll(() => ground.close());

test('nobody decides: a reminder after two days, and after seven the default, which is no', async () => {
  const { ports } = ground;
  const tenantId = await aTenant(ports);
  const owner = await ports.identity.addMembership(tenantId, Email.parse('owner@acme.test'), 'tenant_admin');
  const { approvalId, run } = await startApproval(ground, tenantId, {
    roles: ['tenant_admin'],
    remindAfterMs: 2 * DAY_MS,
    deadlineMs: 7 * DAY_MS,
    onDeadline: 'reject',
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
