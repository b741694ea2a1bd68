import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aTenant } from '../adapters/postgres/testing-data.ts';
import type { ApprovalPolicy, Decision } from '../ports/approvals.ts';
import { UserId } from '../ports/ids.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { startApproval } from '../workers/testing/starts.ts';
import { until } from '../workers/testing/until.ts';
import { decideUpdate } from './approval.ts';

const DAY_MS = 86_400_000;
const POLICY: ApprovalPolicy = {
  roles: ['tenant_admin'],
  remindAfterMs: DAY_MS,
  deadlineMs: 2 * DAY_MS,
  onDeadline: 'reject',
};
let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
  await ground.worker.start();
});
afterAll(() => ground.close());

const ask = async () => {
  const { ports } = ground;
  const tenantId = await aTenant(ports);
  const { approvalId, content, run } = await startApproval(ground, tenantId, POLICY);
  await until(
    'the approval is open',
    () => ports.approvals.get(tenantId, approvalId),
    ({ state }) => state === 'pending',
  );
  const decision = (change: Partial<Decision> = {}): Decision => ({
    kind: 'approve',
    contentHash: content.sha256,
    contentId: content.id,
    commentId: null,
    actor: { userId: UserId.parse(randomUUID()), role: 'tenant_admin' },
    ...change,
  });
  const decide = (given: Decision) => run.executeUpdate(decideUpdate, { args: [given] });
  return { tenantId, approvalId, content, run, decision, decide };
};

const refusedAs = (type: string) => expect.objectContaining({ cause: expect.objectContaining({ type }) });

test('C86: of two decisions at once the first is taken and the other is told', async () => {
  const { decide, decision, run } = await ask();
  // The first decision stays unfinished until the second was judged: a workflow that has closed would refuse it anyhow.
  const { close } = ground.ports.approvals;
  const judged = Promise.withResolvers<void>();
  const undo = ground.withPort({ approvals: { close: (...given) => judged.promise.then(() => close(...given)) } });
  const decisions = [decide(decision()), decide(decision({ kind: 'reject' }))];
  for (const deciding of decisions) void deciding.catch(judged.resolve);
  const both = await Promise.allSettled(decisions).finally(undo);
  expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { cause: { type: 'approval_closed' } },
  });
  const taken = both.find((each) => each.status === 'fulfilled');
  await expect(run.result()).resolves.toEqual(taken?.value);
});

test('C86: a role that the policy does not name may not decide', async () => {
  const { decide, decision, run } = await ask();
  const actor = { userId: UserId.parse(randomUUID()), role: 'tenant_user' as const };
  await expect(decide(decision({ actor }))).rejects.toEqual(refusedAs('forbidden'));
  await decide(decision());
  await expect(run.result()).resolves.toMatchObject({ outcome: 'approved' });
});

test('C87: a decision about other content than was shown is refused, and the approval stays open', async () => {
  const { tenantId, approvalId, decide, decision } = await ask();
  await expect(decide(decision({ contentHash: '0'.repeat(64) }))).rejects.toEqual(refusedAs('approval_stale'));
  await expect(ground.ports.approvals.get(tenantId, approvalId)).resolves.toMatchObject({ state: 'pending' });
});

test('C87: what is approved is the edited content, under the hash of what was shown', async () => {
  const { tenantId, decide, decision } = await ask();
  const edited = await ground.ports.content.put(tenantId, {
    proposedPost: { title: 'Edited', content: '<p>Edited</p>' },
  });
  await expect(decide(decision({ kind: 'edit', contentId: edited.id }))).resolves.toEqual({
    outcome: 'approved',
    contentId: edited.id,
  });
});

test('the decider is answered when the projection already says so', async () => {
  const { tenantId, approvalId, decide, decision } = await ask();
  const given = decision({ kind: 'reject' });
  await decide(given);
  await expect(ground.ports.approvals.get(tenantId, approvalId)).resolves.toMatchObject({
    state: 'rejected',
    decidedBy: given.actor.userId,
  });
});

test('a cancelled approval is withdrawn', async () => {
  const { tenantId, approvalId, run } = await ask();
  await run.cancel();
  await expect(run.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  await expect(ground.ports.approvals.get(tenantId, approvalId)).resolves.toMatchObject({ state: 'withdrawn' });
});
