import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Vote } from '../../ports/approvals.ts';
import { ApprovalId, UserId } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { Stores } from './stores.ts';
import { postgresStores } from './stores.ts';
import { aTenant } from './testing-data.ts';
import type { TestDatabase } from './testing.ts';
import { freshDatabase } from './testing.ts';

let fresh: TestDatabase;
let approvals: Stores['approvals'];
let stores: Stores;
beforeAll(async () => {
  fresh = await freshDatabase();
  stores = postgresStores(fresh.db);
  approvals = stores.approvals;
});
afterAll(() => fresh.close());

const aPerson = () => UserId.parse(randomUUID());
const later = () => new Date(Date.now() + 60_000).toISOString();
const open = async (tenantId: TenantId) => {
  const id = ApprovalId.parse(randomUUID());
  await approvals.open({
    ...{ id, tenantId, operationId: null, connectionId: null, workflowId: 'w', kind: 'decision', subject: 's' },
    ...{ contentId: randomUUID(), contentHash: 'shown', requestedBy: aPerson(), deadlineAt: later() },
    policy: { roles: ['tenant_admin'], quorum: 2, remindAfterMs: 1, deadlineMs: 2, onDeadline: 'reject' },
  });
  return id;
};
const vote = (change: Partial<Vote> = {}): Vote => ({
  ...{ userId: aPerson(), kind: 'approve', contentHash: 'shown', givenHash: 'shown', receipt: 'r', at: later() },
  ...change,
});

test('C86: one person’s word on one content is kept once, with its first receipt', async () => {
  const tenantId = await aTenant(stores);
  const id = await open(tenantId);
  const mine = vote();
  await Promise.all([approvals.vote(tenantId, id, mine), approvals.vote(tenantId, id, mine)]);
  await approvals.vote(tenantId, id, { ...mine, receipt: 'another' });
  await expect(approvals.votes(tenantId, id)).resolves.toEqual([mine]);
});

test('C87: what others said of content that was edited meanwhile does not count for the edited one', async () => {
  const tenantId = await aTenant(stores);
  const id = await open(tenantId);
  const [early, editor] = [vote(), vote({ kind: 'edit', givenHash: 'edited' })];
  await approvals.vote(tenantId, id, early);
  await expect(approvals.waiting(tenantId)).resolves.toMatchObject([{ voters: [early.userId] }]);
  await approvals.vote(tenantId, id, editor);
  await approvals.amend(tenantId, id, { id: randomUUID(), sha256: 'edited' });
  const [standing] = await approvals.waiting(tenantId);
  expect(standing).toMatchObject({ approval: { id, contentHash: 'edited' }, voters: [editor.userId], delegates: [] });
  await approvals.close(tenantId, id, 'expired', null);
  await approvals.amend(tenantId, id, { id: randomUUID(), sha256: 'too late' });
  await expect(approvals.get(tenantId, id)).resolves.toMatchObject({ contentHash: 'edited' });
  await expect(approvals.waiting(tenantId)).resolves.toEqual([]);
});

test('an escalation never goes back, and somebody to whom it was handed on is named once', async () => {
  const tenantId = await aTenant(stores);
  const id = await open(tenantId);
  const [to, by] = [aPerson(), aPerson()];
  await approvals.escalate(tenantId, id, 2);
  await approvals.escalate(tenantId, id, 1);
  await approvals.delegate(tenantId, id, to, by);
  await approvals.delegate(tenantId, id, to, by);
  await expect(approvals.waiting(tenantId)).resolves.toMatchObject([{ approval: { level: 2 }, delegates: [to] }]);
  await expect(approvals.delegates(tenantId, id)).resolves.toEqual([to]);
});

test('C86: a link opens its approval once, however many use it at once; a lapsed or unknown one opens nothing', async () => {
  const tenantId = await aTenant(stores);
  const id = await open(tenantId);
  await approvals.putLink(tenantId, id, 'hash', later());
  const used = await Promise.all(Array.from({ length: 8 }, () => approvals.useLink(tenantId, 'hash', aPerson())));
  expect(used.filter((each) => each !== null)).toEqual([id]);
  await expect(approvals.useLink(tenantId, 'hash', aPerson())).resolves.toBeNull();
  await approvals.putLink(tenantId, id, 'lapsed', new Date(Date.now() - 1000).toISOString());
  await expect(approvals.useLink(tenantId, 'lapsed', aPerson())).resolves.toBeNull();
  await expect(approvals.useLink(tenantId, 'unknown', aPerson())).resolves.toBeNull();
});

test('of another tenant there are no votes, no delegates and no links', async () => {
  const [tenantId, other] = [await aTenant(stores), await aTenant(stores)];
  const id = await open(tenantId);
  await approvals.vote(tenantId, id, vote());
  await approvals.delegate(tenantId, id, aPerson(), aPerson());
  await approvals.putLink(tenantId, id, 'theirs', later());
  await expect(approvals.votes(other, id)).resolves.toEqual([]);
  await expect(approvals.delegates(other, id)).resolves.toEqual([]);
  await expect(approvals.waiting(other)).resolves.toEqual([]);
  await expect(approvals.useLink(other, 'theirs', aPerson())).resolves.toBeNull();
  await expect(approvals.useLink(tenantId, 'theirs', aPerson())).resolves.toBe(id);
});

test('lists go through all approvals, also while what was shown is decided; a cursor of nowhere is refused', async () => {
  const tenantId = await aTenant(stores);
  const ids: ApprovalId[] = [];
  for (let n = 0; n < 5; n += 1) ids.push(await open(tenantId));
  const waiting = async (cursor?: string) =>
    (await approvals.waiting(tenantId, { limit: 2, cursor })).map(({ approval }) => approval.id);
  const list = async (cursor?: string) =>
    (await approvals.list(tenantId, 'pending', { limit: 2, cursor })).map(({ id }) => id);
  await expect(waiting()).resolves.toEqual(ids.slice(0, 2));
  await approvals.close(tenantId, ids[1] as ApprovalId, 'approved', aPerson());
  await expect(waiting(ids[1])).resolves.toEqual(ids.slice(2, 4));
  await expect(waiting(ids[3])).resolves.toEqual(ids.slice(4));
  await expect(list()).resolves.toEqual([ids[4], ids[3]]);
  await approvals.close(tenantId, ids[3] as ApprovalId, 'approved', aPerson());
  await expect(list(ids[3])).resolves.toEqual([ids[2], ids[0]]);
  for (const cursor of [randomUUID(), 'nowhere', await open(await aTenant(stores))])
    await expect(waiting(cursor)).rejects.toMatchObject({ code: 'invalid_request' });
});
