import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ApprovalId, ConnectionId, Email, OperationId, PLATFORM, TenantId, UserId } from '../../ports/ids.ts';
import { seedPlatformRole } from './identity.ts';
import { sql } from './sql.ts';
import type { Stores } from './stores.ts';
import { postgresStores } from './stores.ts';
import { agentSettings } from './testing-agents.ts';
import { aConnection, aTenant } from './testing-data.ts';
import type { TestDatabase } from './testing.ts';
import { freshDatabase } from './testing.ts';

let fresh: TestDatabase;
let stores: Stores;
beforeAll(async () => {
  fresh = await freshDatabase();
  stores = postgresStores(fresh.db);
});
afterAll(() => fresh.close());

const uuid = () => randomUUID();
const email = (name: string) => Email.parse(`${name}-${uuid()}@acme.test`);
const opening = (slug: string) => ({
  ...{ name: 'Acme', slug, ownerEmail: email('owner'), plan: 'starter' as const },
});
const newOperation = (scope: TenantId | typeof PLATFORM, idempotencyKey: string | null = null, by = uuid()) => ({
  ...{ id: OperationId.parse(uuid()), scope, workflowId: `w:${uuid()}`, kind: 'onboardTenant' },
  ...{ startedBy: UserId.parse(by), idempotencyKey },
});
const auditLine = (key: string) => ({ key, actor: 'x', action: 'a', resourceType: 't', resourceId: 'r' });

test('of many who reserve one slug at once, one wins and the others learn that it is taken', async () => {
  const outcomes = await Promise.allSettled(
    Array.from({ length: 8 }, () => stores.tenants.reserve(TenantId.parse(uuid()), opening('contested'))),
  );
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'conflict' });
  }
});

test('reserving again for the same id changes nothing, also when both arrive together', async () => {
  const id = TenantId.parse(uuid());
  const input = opening('again');
  const [one, two] = await Promise.all([stores.tenants.reserve(id, input), stores.tenants.reserve(id, input)]);
  expect(two).toEqual(one);
  await expect(stores.tenants.activate(id)).resolves.toMatchObject({ state: 'active' });
  await expect(stores.tenants.activate(id)).resolves.toMatchObject({ state: 'active' });
  await expect(stores.tenants.release(id)).rejects.toMatchObject({ code: 'conflict' });
  await expect(stores.tenants.get(id)).resolves.toMatchObject({ state: 'active', slug: 'again' });
});

test('releasing frees the slug, leaves nothing behind but the story, and is silent when gone', async () => {
  const id = TenantId.parse(uuid());
  await stores.tenants.reserve(id, opening('given-up'));
  const connectionId = await aConnection(stores, id);
  const ref = { tenantId: id, connectionId, stream: 'posts' };
  await stores.knowledge.put(ref, { externalId: '1', title: 't', link: null, hash: 'h', chunks: ['a'] });
  await stores.agents.applyDefaults(id, [{ id: 'auditor', tools: [] }], agentSettings());
  const content = await stores.content.put(id, { a: 1 });
  const operation = newOperation(id);
  await stores.operations.begin(operation);
  await stores.operations.record(operation.id, { step: 's', state: 'completed', message: 'm' }, auditLine('k'));
  await stores.tenants.release(id);
  await stores.tenants.release(id);
  await stores.tenants.release(TenantId.parse(uuid()));
  await expect(stores.connections.list(id)).resolves.toEqual([]);
  await expect(stores.knowledge.count(id)).resolves.toEqual({ documents: 0, chunks: 0 });
  await expect(stores.agents.settings(id, 'auditor')).rejects.toMatchObject({ code: 'not_found' });
  await expect(stores.content.get(id, content.id)).rejects.toMatchObject({ code: 'not_found' });
  await expect(stores.operations.get(id, operation.id)).resolves.toMatchObject({ id: operation.id });
  await expect(stores.audit.list(id, { limit: 10 })).resolves.toMatchObject({ data: [{ action: 'a' }] });
  await expect(stores.tenants.reserve(id, opening('given-up'))).rejects.toMatchObject({ code: 'conflict' });
  await expect(stores.tenants.activate(id)).rejects.toMatchObject({ code: 'not_found' });
  await expect(stores.tenants.reserve(TenantId.parse(uuid()), opening('given-up'))).resolves.toBeDefined();
});

test('an address may act as its platform role first, then its tenants by age; a removed role stands no more', async () => {
  const [older, newer] = [await aTenant(stores), await aTenant(stores)];
  const person = email('person');
  await expect(stores.identity.principalsOf(person)).resolves.toEqual([]);
  await stores.identity.addMembership(newer, person, 'tenant_user');
  const userId = await stores.identity.addMembership(older, person, 'tenant_admin');
  await stores.identity.addMembership(older, person, 'tenant_admin');
  await seedPlatformRole(fresh.db, person, 'platform_admin');
  const principals = await stores.identity.principalsOf(person);
  expect(principals).toEqual([
    { userId, email: person, role: 'platform_admin', tenantId: null },
    { userId, email: person, role: 'tenant_admin', tenantId: older },
    { userId, email: person, role: 'tenant_user', tenantId: newer },
  ]);
  for (const principal of principals) await expect(stores.identity.stands(principal)).resolves.toBe(true);
  const forged = [
    { userId, email: person, role: 'super_admin' as const, tenantId: null },
    { userId, email: person, role: 'platform_admin' as const, tenantId: older },
    { userId, email: person, role: 'tenant_admin' as const, tenantId: newer },
    { userId, email: person, role: 'tenant_admin' as const, tenantId: null },
  ];
  for (const principal of forged) await expect(stores.identity.stands(principal)).resolves.toBe(false);
  await stores.identity.removeMemberships(older);
  await stores.identity.removeMemberships(older);
  await expect(stores.identity.stands({ userId, email: person, role: 'tenant_admin', tenantId: older })).resolves.toBe(
    false,
  );
  await stores.tenants.release(newer);
  await expect(stores.identity.principalsOf(person)).resolves.toHaveLength(1);
  await expect(stores.identity.addMembership(older, person, 'super_admin')).rejects.toMatchObject({
    code: 'invalid_request',
  });
});

test('one Idempotency-Key begins one operation of its person, even after it was handed over', async () => {
  const input = newOperation(PLATFORM, 'key');
  const again = { ...input, id: OperationId.parse(uuid()) };
  const [one, two] = await Promise.all([stores.operations.begin(input), stores.operations.begin(again)]);
  expect(two.id).toBe(one.id);
  const tenantId = await aTenant(stores);
  await stores.operations.assign(one.id, tenantId);
  await expect(stores.operations.begin(again)).resolves.toMatchObject({ id: one.id, tenantId });
  const other = { ...again, kind: 'somethingElse' };
  await expect(stores.operations.begin(other)).rejects.toMatchObject({ code: 'idempotency_mismatch' });
  const someoneElse = await stores.operations.begin(newOperation(PLATFORM, 'key'));
  expect(someoneElse.id).not.toBe(one.id);
});

test('an operation is handed to its tenant with its events, once, and seen by nobody else', async () => {
  const [acme, rival] = [await aTenant(stores), await aTenant(stores)];
  const { id } = await stores.operations.begin(newOperation(PLATFORM));
  await stores.operations.record(id, { step: 'reserve', state: 'started', message: 'm' });
  await expect(stores.operations.get(acme, id)).rejects.toMatchObject({ code: 'not_found' });
  await stores.operations.assign(id, acme);
  await stores.operations.assign(id, acme);
  await expect(stores.operations.assign(id, rival)).rejects.toMatchObject({ code: 'conflict' });
  await expect(stores.operations.get(acme, id)).resolves.toMatchObject({ tenantId: acme });
  await expect(stores.operations.get(PLATFORM, id)).resolves.toMatchObject({ tenantId: acme });
  await expect(stores.operations.get(rival, id)).rejects.toMatchObject({ code: 'not_found' });
  const events = await fresh.db.inTenant(acme, (tx) =>
    tx.any(sql.typeAlias('count')`SELECT count(*) FROM operation_events WHERE operation_id = ${id}`),
  );
  expect(events).toEqual([{ count: 1 }]);
});

test('a step and its audit line are written once, together, in the scope that owns the operation now', async () => {
  const acme = await aTenant(stores);
  const { id } = await stores.operations.begin(newOperation(PLATFORM));
  const done = { step: 'reserve', state: 'completed' as const, message: 'done', data: { n: 1 } };
  await stores.operations.assign(id, acme);
  await Promise.all([1, 2, 3].map(() => stores.operations.record(id, done, auditLine(`reserve-${id}`))));
  await stores.operations.record(id, { ...done, state: 'undone' });
  const events = await stores.operations.eventsAfter(0, [id]);
  expect(events).toMatchObject([{ ...done, operationId: id }, { state: 'undone' }]);
  await expect(stores.operations.eventsAfter(events[0]?.seq ?? 0, [id])).resolves.toHaveLength(1);
  await expect(stores.audit.list(acme, { limit: 10 })).resolves.toMatchObject({ data: [{ seq: 1 }] });
  // The line is refused (its metadata cannot be kept): so is the event.
  const bad = { ...auditLine('bad'), metadata: { text: 'a\0b' } };
  await expect(stores.operations.record(id, { ...done, step: 'next' }, bad)).rejects.toMatchObject({
    code: 'invalid_request',
  });
  await expect(stores.operations.eventsAfter(0, [id])).resolves.toHaveLength(2);
});

test('the first outcome stays; a discarded operation is gone with its events', async () => {
  const { id } = await stores.operations.begin(newOperation(PLATFORM));
  await stores.operations.settle(id, 'failed', { code: 'not_approved', message: 'No.' });
  await stores.operations.settle(id, 'completed', null);
  await expect(stores.operations.get(PLATFORM, id)).resolves.toMatchObject({
    ...{ outcome: 'failed', error: { code: 'not_approved', message: 'No.' } },
  });
  await stores.operations.record(id, { step: 's', state: 'failed', message: 'm' });
  await stores.operations.discard(id);
  await stores.operations.discard(id);
  await expect(stores.operations.get(PLATFORM, id)).rejects.toMatchObject({ code: 'not_found' });
  await expect(stores.operations.eventsAfter(0, [id])).resolves.toEqual([]);
});

test('lists page through everything once, while new rows arrive', async () => {
  const tenantId = await aTenant(stores);
  const begun: string[] = [];
  for (let n = 0; n < 5; n += 1) begun.unshift((await stores.operations.begin(newOperation(tenantId))).id);
  const first = await stores.operations.list(tenantId, { limit: 3 });
  await stores.operations.begin(newOperation(tenantId));
  const second = await stores.operations.list(tenantId, { limit: 3, cursor: first.nextCursor ?? '' });
  expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(begun);
  expect(second.nextCursor).toBeNull();
});

test('a key answers as it did the first time; another body is a mismatch; a crash blocks it for a minute only', async () => {
  const { begin, finish, abandon } = stores.idempotency;
  const outcomes = await Promise.all(Array.from({ length: 5 }, () => begin('a', 'k', 'hash')));
  expect(outcomes.map(({ kind }) => kind).sort()).toEqual([...Array<string>(4).fill('in_progress'), 'new']);
  await expect(begin('a', 'k', 'other')).resolves.toEqual({ kind: 'mismatch' });
  await expect(begin('b', 'k', 'other')).resolves.toEqual({ kind: 'new' });
  const answer = { status: 202, headers: { location: '/x' }, body: { text: 'ü\0' } };
  await finish('a', 'k', answer);
  await finish('a', 'k', { ...answer, status: 500 });
  await abandon('a', 'k');
  await expect(begin('a', 'k', 'hash')).resolves.toEqual({ kind: 'replay', ...answer });
  await abandon('b', 'k');
  await expect(begin('b', 'k', 'hash')).resolves.toEqual({ kind: 'new' });
  await fresh.db.inTenant(PLATFORM, (tx) =>
    tx.query(
      sql.typeAlias('nothing')`UPDATE idempotency_keys SET lapses_at = now() - interval '1 second' WHERE scope = 'b'`,
    ),
  );
  await expect(begin('b', 'k', 'hash')).resolves.toEqual({ kind: 'new' });
  await expect(begin('b', 'k', 'hash')).resolves.toEqual({ kind: 'in_progress' });
});

test('an effect is claimed once; after a crash its end is unknown; committed, it keeps its first receipt', async () => {
  const tenantId = await aTenant(stores);
  const { claim, commit, release } = stores.effects;
  const claims = await Promise.all(Array.from({ length: 5 }, () => claim(tenantId, 'k', 'create')));
  expect(claims.map(({ state }) => state).sort()).toEqual(['claimed', ...Array<string>(4).fill('unknown')]);
  await release(tenantId, 'k');
  await release(tenantId, 'k');
  await expect(claim(tenantId, 'k', 'create')).resolves.toEqual({ state: 'claimed' });
  await commit(tenantId, 'k', { externalId: '7', link: null });
  await commit(tenantId, 'k', { externalId: '8', link: null });
  await release(tenantId, 'k');
  await expect(claim(tenantId, 'k', 'create')).resolves.toEqual({ state: 'committed', externalId: '7', link: null });
  await expect(commit(tenantId, 'other', { externalId: '1', link: null })).rejects.toMatchObject({ code: 'not_found' });
});

test('the first closing of an approval stays, and a reminder is marked once', async () => {
  const tenantId = await aTenant(stores);
  const decider = UserId.parse(uuid());
  const connectionId = ConnectionId.parse(uuid());
  const opened = {
    ...{ id: ApprovalId.parse(uuid()), tenantId, operationId: null, connectionId, workflowId: 'w' },
    ...{ kind: 'decision' as const, requestedBy: null },
    ...{ subject: 's', contentId: uuid(), contentHash: 'h', deadlineAt: '2026-12-01T00:00:00.000Z' },
    policy: { roles: ['tenant_admin' as const], remindAfterMs: 1, deadlineMs: 2, onDeadline: 'reject' as const },
  };
  const one = await stores.approvals.open(opened);
  await expect(stores.approvals.open({ ...opened, subject: 'other' })).resolves.toEqual(one);
  await expect(stores.approvals.pendingThrough(tenantId, connectionId)).resolves.toEqual([one]);
  await expect(stores.approvals.pendingThrough(tenantId, ConnectionId.parse(uuid()))).resolves.toEqual([]);
  await expect(stores.approvals.pendingThrough(await aTenant(stores), connectionId)).resolves.toEqual([]);
  await stores.approvals.remind(tenantId, opened.id);
  const { remindedAt } = await stores.approvals.get(tenantId, opened.id);
  await stores.approvals.remind(tenantId, opened.id);
  await stores.approvals.close(tenantId, opened.id, 'approved', decider);
  await stores.approvals.close(tenantId, opened.id, 'expired', null);
  const closed = await stores.approvals.get(tenantId, opened.id);
  expect(closed).toMatchObject({ state: 'approved', decidedBy: decider, remindedAt });
  await expect(stores.approvals.list(tenantId, 'approved')).resolves.toEqual([closed]);
  await expect(stores.approvals.list(tenantId, 'pending')).resolves.toEqual([]);
  await expect(stores.approvals.pendingThrough(tenantId, connectionId)).resolves.toEqual([]);
  await expect(stores.approvals.get(await aTenant(stores), opened.id)).rejects.toMatchObject({ code: 'not_found' });
});

test('equal content of one tenant has one reference, whatever the order of its keys; another tenant has its own', async () => {
  const [acme, rival] = [await aTenant(stores), await aTenant(stores)];
  const [one, two] = await Promise.all([
    stores.content.put(acme, { a: 1, b: { c: [1, 2], d: null } }),
    stores.content.put(acme, { b: { d: null, c: [1, 2] }, a: 1 }),
  ]);
  expect(two).toEqual(one);
  expect((await stores.content.put(rival, { a: 1, b: { c: [1, 2], d: null } })).id).not.toBe(one.id);
  await expect(stores.content.get(rival, one.id)).rejects.toMatchObject({ code: 'not_found' });
  await stores.content.clear(acme);
  await stores.content.clear(acme);
  await expect(stores.content.get(acme, one.id)).rejects.toMatchObject({ code: 'not_found' });
});
