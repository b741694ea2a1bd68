import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { seedPlatformRole } from '../adapters/postgres/identity.ts';
import { aTenant } from '../adapters/postgres/testing-data.ts';
import type { ApprovalPolicy, Decision } from '../ports/approvals.ts';
import { Email, PLATFORM, UserId } from '../ports/ids.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { startApproval } from '../workers/testing/starts.ts';
import { until } from '../workers/testing/until.ts';
import { decideSignal, decideUpdate, delegateUpdate } from './approval.ts';
import type { ApprovalInput } from './approval.ts';

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

const admin = (): Decision['actor'] => ({ userId: UserId.parse(randomUUID()), role: 'tenant_admin' });

const ask = async (change: Partial<ApprovalPolicy> = {}, more: Partial<ApprovalInput> = {}) => {
  const { ports } = ground;
  const tenantId = await aTenant(ports);
  const { approvalId, content, run } = await startApproval(ground, tenantId, { ...POLICY, ...change }, more);
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
    actor: admin(),
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

test('C86: with four eyes nobody decides about their own wish, not even by handing it on to themselves', async () => {
  const own = admin();
  const { decide, decision, run } = await ask({ fourEyes: true }, { requestedBy: own.userId });
  await expect(decide(decision({ actor: own }))).rejects.toEqual(refusedAs('forbidden'));
  const toOneself = run.executeUpdate(delegateUpdate, { args: [{ to: own.userId, by: admin() }] });
  await expect(toOneself).rejects.toEqual(refusedAs('forbidden'));
  await expect(decide(decision())).resolves.toMatchObject({ outcome: 'approved' });
});

test('C86: a quorum is of different people: whoever clicks twice is one, and each has a receipt of their own', async () => {
  const { tenantId, approvalId, content, decide, decision, run } = await ask({ quorum: 2 });
  const { approvals, receipts } = ground.ports;
  const [first, second] = [decision(), decision()];
  const clicks = await Promise.allSettled([decide(first), decide(first)]);
  expect(clicks.filter(({ status }) => status === 'fulfilled')).toEqual([
    { status: 'fulfilled', value: { outcome: 'pending', contentId: content.id, missing: 1 } },
  ]);
  expect(clicks).toContainEqual({ status: 'rejected', reason: refusedAs('conflict') });
  await expect(approvals.get(tenantId, approvalId)).resolves.toMatchObject({ state: 'pending' });
  await decide(second);
  await expect(run.result()).resolves.toEqual({ outcome: 'approved', contentId: content.id });
  const votes = await approvals.votes(tenantId, approvalId);
  expect(votes.map(({ userId }) => userId)).toEqual([first.actor.userId, second.actor.userId]);
  await expect(receipts.read('approval', votes[1]?.receipt ?? '')).resolves.toMatchObject({
    ...{ sub: second.actor.userId, tenantId, approvalId, kind: 'approve', role: 'tenant_admin' },
    ...{ contentHash: content.sha256, givenHash: content.sha256, at: votes[1]?.at },
  });
  expect(votes[0]?.receipt).not.toBe(votes[1]?.receipt);
});

test('C86: one no is a no, whatever the quorum, and after it nobody is asked', async () => {
  const { decide, decision, run } = await ask({ quorum: 3 });
  await decide(decision());
  await expect(decide(decision({ kind: 'reject' }))).resolves.toMatchObject({ outcome: 'rejected' });
  await expect(run.result()).resolves.toMatchObject({ outcome: 'rejected' });
});

test('C87: an edit is other content: who approved before is asked again, and the old hash is stale', async () => {
  const { tenantId, approvalId, content, decide, decision, run } = await ask({ quorum: 2 });
  const early = decision();
  await decide(early);
  const edited = await ground.ports.content.put(tenantId, { proposedPost: { title: 'Edited', content: '<p>E</p>' } });
  const edit = decision({ kind: 'edit', contentId: edited.id, givenHash: edited.sha256 });
  await expect(decide(edit)).resolves.toEqual({ outcome: 'pending', contentId: edited.id, missing: 1 });
  await expect(decide(decision())).rejects.toEqual(refusedAs('approval_stale'));
  await expect(ground.ports.approvals.get(tenantId, approvalId)).resolves.toMatchObject({ contentHash: edited.sha256 });
  await expect(ground.ports.approvals.waiting(tenantId)).resolves.toMatchObject([{ voters: [edit.actor.userId] }]);
  await decide({ ...early, contentHash: edited.sha256, contentId: edited.id });
  await expect(run.result()).resolves.toEqual({ outcome: 'approved', contentId: edited.id });
  expect(content.id).not.toBe(edited.id);
});

test('somebody to whom it was handed on may decide, whatever their role; somebody who may not decide hands nothing on', async () => {
  const { tenantId, approvalId, decide, decision, run } = await ask();
  const user: Decision['actor'] = { userId: UserId.parse(randomUUID()), role: 'tenant_user' };
  const handOn = (by: Decision['actor']) => run.executeUpdate(delegateUpdate, { args: [{ to: user.userId, by }] });
  await expect(handOn(user)).rejects.toEqual(refusedAs('forbidden'));
  await handOn(admin());
  await expect(ground.ports.approvals.delegates(tenantId, approvalId)).resolves.toEqual([user.userId]);
  await expect(decide(decision({ actor: user }))).resolves.toMatchObject({ outcome: 'approved' });
});

test('a question is answered in words and not approved; the answer is what comes of it', async () => {
  const { tenantId, decide, decision, run } = await ask({ quorum: 2 }, { kind: 'question' });
  await expect(decide(decision())).rejects.toEqual(refusedAs('invalid_request'));
  const answer = await ground.ports.content.put(tenantId, { answer: 'In May.' });
  const respond = decision({ kind: 'respond', contentId: answer.id, givenHash: answer.sha256 });
  await expect(decide(respond)).resolves.toEqual({ outcome: 'approved', contentId: answer.id });
  await expect(run.result()).resolves.toEqual({ outcome: 'approved', contentId: answer.id });
});

test('C86: who cannot wait decides by signal; one that is refused changes nothing', async () => {
  const { tenantId, approvalId, decision, run } = await ask();
  await run.signal(decideSignal, decision({ contentHash: '0'.repeat(64) }));
  await run.signal(decideSignal, decision({ kind: 'reject' }));
  await run.signal(decideSignal, decision());
  await expect(run.result()).resolves.toMatchObject({ outcome: 'rejected' });
  await expect(ground.ports.approvals.votes(tenantId, approvalId)).resolves.toHaveLength(1);
});

test('C86: once it was escalated the next in line may decide too, and not before', async () => {
  const { notifier } = ground.ports;
  const root = await seedPlatformRole(ground.database.db, Email.parse('root@bizosaas.test'), 'platform_admin');
  const { tenantId, approvalId, decide, decision } = await ask({
    ...{ roles: ['platform_admin'], escalations: [{ afterMs: 1500, roles: ['tenant_admin'] }] },
  });
  await expect(decide(decision())).rejects.toEqual(refusedAs('forbidden'));
  await until(
    'it was escalated',
    () => ground.ports.approvals.get(tenantId, approvalId),
    ({ level }) => level === 1,
  );
  await expect(decide(decision())).resolves.toMatchObject({ outcome: 'approved' });
  // Who runs the platform is in no tenant, and is told all the same.
  const subject = expect.stringContaining(tenantId);
  await until(
    'the platform was told',
    () => notifier.inbox(PLATFORM, root),
    (inbox) => inbox.length > 0,
  );
  await expect(notifier.inbox(PLATFORM, root)).resolves.toMatchObject([{ kind: 'approval.requested', subject }]);
});
