import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import type { ApprovalPolicy, Decision } from '../../ports/approvals.ts';
import { ApprovalId, TenantId, UserId } from '../../ports/ids.ts';
import { createBallot } from './approval-ballot.ts';
import type { ApprovalInput } from './approval-messages.ts';

const aPerson = () => UserId.parse(randomUUID());
const open = (policy: Partial<ApprovalPolicy> = {}, more: Partial<ApprovalInput> = {}) =>
  createBallot({
    ...{ tenantId: TenantId.parse(randomUUID()), approvalId: ApprovalId.parse(randomUUID()), operationId: null },
    ...{ subject: 's', content: { id: 'shown', sha256: 'shown', bytes: 1 } },
    policy: { roles: ['tenant_admin'], remindAfterMs: 1, deadlineMs: 2, onDeadline: 'reject', ...policy },
    ...more,
  });
const word = (change: Partial<Decision> = {}): Decision => ({
  ...{ kind: 'approve', contentHash: 'shown', contentId: 'shown', commentId: null },
  actor: { userId: aPerson(), role: 'tenant_admin' },
  ...change,
});
const refused = (type: string) => expect.objectContaining({ type });

test('C86: when time is up nothing more is taken, not even while the end is still being written', () => {
  const ballot = open();
  ballot.judge(word());
  ballot.end();
  expect(() => ballot.judge(word())).toThrow(refused('approval_closed'));
  expect(() => ballot.judgeDelegation({ to: aPerson(), by: word().actor })).toThrow(refused('approval_closed'));
});

test('C87: who changes their mind about an edit and back is still one person', () => {
  const ballot = open({ quorum: 3 });
  const one = word();
  ballot.take(one);
  ballot.take(word({ kind: 'edit', contentId: 'b', givenHash: 'b' }));
  ballot.take({ ...one, kind: 'edit', contentHash: 'b', contentId: 'shown', givenHash: 'shown' });
  expect(ballot.missing()).toBe(2);
  ballot.take({ ...one, kind: 'edit', contentHash: 'shown', contentId: 'b', givenHash: 'b' });
  expect(ballot.missing()).toBe(1);
  expect(ballot.decision()).toBeUndefined();
});

test('of escalations given in any order the nearest comes first', () => {
  const ballot = open({
    escalations: [
      { afterMs: 9000, roles: ['super_admin'] },
      { afterMs: 2000, roles: ['platform_admin'] },
    ],
  });
  const platform = word({ actor: { userId: aPerson(), role: 'platform_admin' } });
  const above = word({ actor: { userId: aPerson(), role: 'super_admin' } });
  expect(() => ballot.judge(platform)).toThrow(refused('forbidden'));
  ballot.escalate();
  ballot.judge(platform);
  expect(() => ballot.judge(above)).toThrow(refused('forbidden'));
  ballot.escalate();
  ballot.judge(above);
});

test('people whom the policy names decide whatever their role; of those to whom it is handed on there is an end', () => {
  const named = word({ actor: { userId: aPerson(), role: 'tenant_user' } });
  const ballot = open({ users: [named.actor.userId] });
  ballot.judge(named);
  const handOn = () => ({ to: aPerson(), by: named.actor });
  for (let n = 0; n < 20; n += 1) ballot.delegate(handOn());
  expect(() => ballot.judgeDelegation(handOn())).toThrow(refused('conflict'));
});
