import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aTenant } from '../adapters/postgres/testing-data.ts';
import { Fault } from '../ports/errors.ts';
import { Email, UserId } from '../ports/ids.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { startApproval } from '../workers/testing/starts.ts';
import { decideSignal } from './approval.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
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

test('C86: over a weekend nothing is due: the reminder, the next in line and the deadline come in working hours', async () => {
  const { ports } = ground;
  const tenantId = await aTenant(ports);
  const boss = await ports.identity.addMembership(tenantId, Email.parse('boss@acme.test'), 'tenant_admin');
  const time = (await ground.connection.testService?.getCurrentTime({}))?.time;
  const today = Math.floor(Number(time?.seconds) / (DAY_MS / 1000)) * DAY_MS;
  // A weekend of today and the two days after it, whatever day it is.
  const weekday = (days: number) => new Date(today + days * DAY_MS).getUTCDay() || 7;
  const { run } = await startApproval(ground, tenantId, {
    ...{ roles: ['tenant_user'], remindAfterMs: HOUR_MS, deadlineMs: 10 * HOUR_MS, onDeadline: 'reject' },
    ...{ escalations: [{ afterMs: 2 * HOUR_MS, roles: ['tenant_admin'] }] },
    businessHours: { timeZone: 'UTC', from: 8, to: 16, days: [3, 4, 5, 6].map(weekday) },
  });
  await expect(run.result()).resolves.toMatchObject({ outcome: 'expired' });
  const { events } = await run.fetchHistory();
  const fired = events?.filter(({ timerFiredEventAttributes }) => timerFiredEventAttributes) ?? [];
  const hours = fired.map(({ eventTime }) => (Number(eventTime?.seconds) - today / 1000) / 3600);
  const monday = 3 * 24;
  expect(hours.map(Math.floor)).toEqual([monday + 9, monday + 10, monday + 24 + 10]);
  const inbox = await ports.notifier.inbox(tenantId, boss);
  expect(inbox.map(({ kind }) => kind)).toEqual(['approval.escalated']);
});

test('C86: a word that cannot be signed is signed later, and decides all the same', async () => {
  const { ports } = ground;
  const tenantId = await aTenant(ports);
  const { sign } = ports.receipts;
  let denied = 0;
  const undo = ground.withPort({
    receipts: {
      sign: async (...given) => {
        denied += 1;
        if (denied === 1) throw new Fault('secrets_denied', 'The secret store gives nothing; look at its policy.');
        return sign(...given);
      },
    },
  });
  const policy = { roles: ['tenant_admin' as const], onDeadline: 'reject' as const };
  const times = { remindAfterMs: DAY_MS, deadlineMs: 2 * DAY_MS };
  const { approvalId, content, run } = await startApproval(ground, tenantId, { ...policy, ...times });
  const actor = { userId: UserId.parse(randomUUID()), role: 'tenant_admin' as const };
  await run.signal(decideSignal, {
    ...{ kind: 'approve', contentHash: content.sha256, contentId: content.id, commentId: null, actor },
  });
  await expect(run.result().finally(undo)).resolves.toEqual({ outcome: 'approved', contentId: content.id });
  await expect(ports.approvals.get(tenantId, approvalId)).resolves.toMatchObject({ state: 'approved' });
  await expect(ports.approvals.votes(tenantId, approvalId)).resolves.toMatchObject([{ receipt: expect.any(String) }]);
});
