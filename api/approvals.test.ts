import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { WorkflowNotFoundError } from '@temporalio/client';
import { aMember, aTenant } from '../adapters/postgres/testing-data.ts';
import { freshDatabase } from '../adapters/postgres/testing.ts';
import type { TestDatabase } from '../adapters/postgres/testing.ts';
import { postgresStores } from '../adapters/postgres/stores.ts';
import type { Stores } from '../adapters/postgres/stores.ts';
import type { ApprovalPolicy, Decision } from '../ports/approvals.ts';
import { ApprovalId } from '../ports/ids.ts';
import type { UserId } from '../ports/ids.ts';
import type { Principal } from '../ports/identity.ts';
import type { ApiDeps } from './deps.ts';
import { openApi } from './testing.ts';
import type { TestApi } from './testing.ts';

let database: TestDatabase;
let stores: Stores;
let api: TestApi;
/** What reached the workflow, as it would. */
let heard: { message: string; args: unknown[] }[];
let answer: unknown;
let away: Error | null;

const temporal = {
  workflow: {
    withDeadline: (_: number, call: () => unknown) => call(),
    getHandle: () => ({
      startUpdate: async (message: string, { args }: { args: unknown[] }) => {
        heard.push({ message, args });
        return { result: async () => answer };
      },
      signal: async ({ name }: { name: string }, ...args: unknown[]) => {
        if (away) throw away;
        heard.push({ message: `signal ${name}`, args });
      },
    }),
  },
} as unknown as ApiDeps['temporal'];

beforeAll(async () => {
  database = await freshDatabase();
  stores = postgresStores(database.db);
  const receipts = { keys: async () => ({ keys: [{ kty: 'OKP' }] }) };
  api = await openApi({ ports: { ...stores, receipts } as unknown as ApiDeps['ports'], temporal });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await database.close();
});

let admin: Principal;
let user: Principal;
beforeEach(async () => {
  [heard, away, answer] = [[], null, { outcome: 'approved', contentId: 'x' }];
  const tenantId = await aTenant(stores);
  admin = await aMember(stores, tenantId, 'tenant_admin', `admin-${tenantId}@acme.test`);
  user = await aMember(stores, tenantId, 'tenant_user', `user-${tenantId}@acme.test`);
});

const tenantOf = ({ tenantId }: Principal) => tenantId as NonNullable<Principal['tenantId']>;
const CALL = {
  tool: 'refund_write',
  title: 'Refund',
  arguments: { order: 'A1', amount: 10 },
  preview: { refunds: 10 },
  schema: {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: {
      order: { type: 'string', pattern: '^(([a-z])+.)+[A-Z]([a-z])+$' },
      amount: { type: 'integer', maximum: 100 },
    },
    required: ['order', 'amount'],
    additionalProperties: false,
  },
};
const ask = async (
  content: unknown = CALL,
  policy: Partial<ApprovalPolicy> = {},
  more: { requestedBy?: UserId; kind?: 'question' } = {},
) => {
  const id = ApprovalId.parse(randomUUID());
  const tenantId = tenantOf(admin);
  const ref = await stores.content.put(tenantId, content);
  await stores.approvals.open({
    ...{ id, tenantId, operationId: null, connectionId: null, workflowId: `approval:${tenantId}:${id}` },
    ...{ kind: 'decision', subject: 'Refund', contentId: ref.id, contentHash: ref.sha256, requestedBy: null },
    policy: { roles: ['tenant_admin'], remindAfterMs: 1, deadlineMs: 2, onDeadline: 'reject', ...policy },
    deadlineAt: new Date(Date.now() + 60_000).toISOString(),
    ...more,
  });
  const decide = (body: object, as = admin, headers: Record<string, string> = {}) =>
    api.post(`/api/v1/approvals/${id}/decisions`, { as, headers, body: { contentHash: ref.sha256, ...body } });
  return { id, ref, decide };
};
const mine = async (as: Principal) => {
  const { json } = await api.get('/api/v1/approvals?mine=true', { as });
  return (json['data'] as { id: string }[]).map(({ id }) => id);
};

test('C87: edited arguments are judged by the schema that was shown before the workflow hears of them', async () => {
  const { decide } = await ask();
  const wrong = await decide({ kind: 'edit', arguments: { order: 'A1', amount: 1000, to: 'mallory' } });
  expect([wrong.status, wrong.json['code']]).toEqual([400, 'invalid_request']);
  expect(wrong.json['errors']).toEqual(expect.arrayContaining([expect.objectContaining({ path: 'arguments.amount' })]));
  expect(heard).toEqual([]);
  // The schema is another system's, and so is its pattern, which would think about this for years.
  const order = 'a'.repeat(60);
  const right = await decide({ kind: 'edit', arguments: { order, amount: 5 } });
  expect([right.status, right.json['outcome']]).toEqual([200, 'approved']);
  const [decision] = heard[0]?.args as [Decision];
  const edited = await stores.content.get(tenantOf(admin), decision.contentId);
  expect(edited).toEqual({ ...CALL, arguments: { order, amount: 5 }, preview: null });
  const again = await stores.content.put(tenantOf(admin), edited);
  expect(decision).toMatchObject({ kind: 'edit', givenHash: again.sha256 });
});

test('a schema that refers elsewhere, or content without arguments, cannot be edited', async () => {
  const elsewhere = await ask({ ...CALL, schema: { $ref: 'https://evil.test/schema' } });
  expect((await elsewhere.decide({ kind: 'edit', arguments: {} })).status).toBe(422);
  const post = await ask({ proposedPost: { title: 't', content: 'c' } });
  expect((await post.decide({ kind: 'edit', arguments: {} })).status).toBe(422);
  expect((await (await ask()).decide({ kind: 'edit' })).status).toBe(400);
  expect(heard).toEqual([]);
});

test('C86: what is one’s own to decide now: not others’ roles, not one’s own wish, not what one has said yes to', async () => {
  const forAdmins = await ask();
  const ofAdmin = await ask(CALL, { fourEyes: true }, { requestedBy: admin.userId });
  const forUser = await ask(CALL, { roles: ['super_admin'], users: [user.userId] });
  const escalating = await ask(CALL, { escalations: [{ afterMs: 1000, roles: ['tenant_user'] }] });
  const handedOn = await ask();
  const tenantId = tenantOf(admin);
  await stores.approvals.delegate(tenantId, handedOn.id, user.userId, admin.userId);
  expect(await mine(admin)).toEqual([forAdmins.id, escalating.id, handedOn.id]);
  expect(await mine(user)).toEqual([forUser.id, handedOn.id]);
  await stores.approvals.escalate(tenantId, escalating.id, 1);
  await stores.approvals.vote(tenantId, forAdmins.id, {
    ...{ userId: admin.userId, kind: 'approve', contentHash: forAdmins.ref.sha256, givenHash: forAdmins.ref.sha256 },
    ...{ receipt: 'signed', at: new Date().toISOString() },
  });
  expect(await mine(admin)).toEqual([escalating.id, handedOn.id]);
  expect(await mine(user)).toEqual([forUser.id, escalating.id, handedOn.id]);
  const { json } = await api.get(`/api/v1/approvals/${forAdmins.id}`, { as: admin });
  expect(json).toMatchObject({
    votes: [{ userId: admin.userId, receipt: 'signed' }],
    refusal: expect.stringMatching(/others/),
  });
  const own = await ofAdmin.decide({ kind: 'approve' });
  expect([own.status, own.json['code']]).toEqual([403, 'forbidden']);
});

test('C86: a second yes of one person is a conflict, and with more to come the first is told how many', async () => {
  const { id, ref, decide } = await ask(CALL, { quorum: 2 });
  answer = { outcome: 'pending', contentId: ref.id, missing: 1 };
  expect((await decide({ kind: 'approve' })).json).toEqual({ outcome: 'pending', missing: 1, receipt: null });
  await stores.approvals.vote(tenantOf(admin), id, {
    ...{ userId: admin.userId, kind: 'approve', contentHash: ref.sha256, givenHash: ref.sha256 },
    ...{ receipt: 'signed', at: new Date().toISOString() },
  });
  const again = await decide({ kind: 'approve' });
  expect([again.status, again.json['code']]).toEqual([409, 'conflict']);
});

test('C86: a link opens its approval once, for a login of its tenant alone that may decide it, and others leave it whole', async () => {
  const { id } = await ask();
  const token = randomBytes(32).toString('base64url');
  const hash = createHash('sha256').update(token).digest('hex');
  const expiresAt = new Date(Date.now() + 60_000).toISOString();
  await stores.approvals.putLink(tenantOf(admin), id, hash, expiresAt);
  const use = (as?: Principal) => api.post('/api/v1/approvals/links', { as, body: { token } });
  expect((await use()).status).toBe(401);
  const stranger = await aMember(stores, await aTenant(stores), 'tenant_admin', `s-${id}@rival.test`);
  expect((await use(stranger)).status).toBe(404);
  const refused = await use(user);
  expect([refused.status, refused.json['code']]).toEqual([403, 'forbidden']);
  const opened = await use(admin);
  expect([opened.status, opened.json['id'], opened.json['content']]).toEqual([200, id, CALL]);
  expect((await use(admin)).status).toBe(404);
  expect((await api.get(`/api/v1/approvals?token=${token}`, { as: admin })).status).toBe(400);
});

test('a decision is handed on to somebody of the tenant, by somebody who may decide', async () => {
  const { id } = await ask();
  const handOn = (to: string, as = admin) => api.post(`/api/v1/approvals/${id}/delegate`, { as, body: { to } });
  expect((await handOn(user.email, user)).status).toBe(403);
  const stranger = await aMember(stores, await aTenant(stores), 'tenant_admin', `d-${id}@rival.test`);
  expect((await handOn(stranger.email)).status).toBe(404);
  expect(heard).toEqual([]);
  expect((await handOn(user.email)).status).toBe(200);
  expect(heard).toEqual([
    { message: 'delegate', args: [{ to: user.userId, by: { userId: admin.userId, role: 'tenant_admin' } }] },
  ]);
});

test('a question is answered, and who does not wait hands the decision over by signal', async () => {
  const question = await ask({ question: 'When?' }, {}, { kind: 'question' });
  expect((await question.decide({ kind: 'approve' })).json['code']).toBe('invalid_request');
  const told = await question.decide({ kind: 'respond', answer: 'In May.' }, admin, { Prefer: 'respond-async' });
  expect([told.status, told.json]).toEqual([202, { outcome: 'pending', missing: null, receipt: null }]);
  const [{ message, args } = { message: '', args: [] }] = heard;
  const [decision] = args as [Decision];
  expect([message, decision.kind]).toEqual(['signal decide', 'respond']);
  await expect(stores.content.get(tenantOf(admin), decision.contentId)).resolves.toEqual({ answer: 'In May.' });
});

test('the keys of receipts are public', async () => {
  expect((await api.get('/api/v1/receipts/keys')).json).toEqual({ keys: [{ kty: 'OKP' }] });
});

test('what is to be decided about is shown to those whom it concerns alone', async () => {
  const contentOf = async ({ id }: { id: string }, as: Principal) =>
    (await api.get(`/api/v1/approvals/${id}`, { as })).json['content'];
  const other = await ask();
  expect(await contentOf(other, admin)).toEqual(CALL);
  expect(await contentOf(other, user)).toBeNull();
  await stores.approvals.delegate(tenantOf(admin), other.id, user.userId, admin.userId);
  expect(await contentOf(other, user)).toEqual(CALL);
  for (const theirs of [
    await ask(CALL, { escalations: [{ afterMs: 1000, roles: ['tenant_user'] }] }),
    await ask(CALL, { users: [user.userId] }),
    await ask(CALL, { fourEyes: true }, { requestedBy: user.userId }),
  ])
    expect(await contentOf(theirs, user)).toEqual(CALL);
});

test('an inbox is worked through page by page: what was decided meanwhile takes nothing out of the next', async () => {
  const asked = [await ask(), await ask(CALL, { roles: ['super_admin'] }), await ask(), await ask()];
  const page = async (query: string) => {
    const { status, json } = await api.get(`/api/v1/approvals?limit=1&${query}`, { as: admin });
    const [shown] = json['data'] as { id: string }[];
    return { status, id: shown?.id, next: json['nextCursor'] as string | null };
  };
  const first = await page('mine=true');
  await stores.approvals.close(tenantOf(admin), asked[0]?.id as ApprovalId, 'approved', admin.userId);
  const second = await page(`mine=true&cursor=${first.next}`);
  const third = await page(`mine=true&cursor=${second.next}`);
  expect([first.id, second.id, third.id]).toEqual([asked[0]?.id, asked[2]?.id, asked[3]?.id]);
  expect(third.next).toBeNull();
  expect((await page('state=pending')).id).toBe(asked[3]?.id);
});

test('whoever decides without waiting just when it closes is told that it is closed', async () => {
  const { decide } = await ask();
  away = new WorkflowNotFoundError('gone', 'w', undefined);
  const told = await decide({ kind: 'approve' }, admin, { Prefer: 'respond-async' });
  expect([told.status, told.json['code']]).toEqual([409, 'approval_closed']);
});
