import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { seedPlatformRole } from '../adapters/postgres/identity.ts';
import { postgresStores } from '../adapters/postgres/stores.ts';
import type { Stores } from '../adapters/postgres/stores.ts';
import { postgresTokenStream } from '../adapters/postgres/token-stream.ts';
import { agentSettings, anAnswer } from '../adapters/postgres/testing-agents.ts';
import { aConnection, aMember, aTenant } from '../adapters/postgres/testing-data.ts';
import { freshDatabase } from '../adapters/postgres/testing.ts';
import type { TestDatabase } from '../adapters/postgres/testing.ts';
import { createReceipts } from '../adapters/receipts.ts';
import { envSecrets } from '../adapters/secrets/env.ts';
import { createCatalogue } from '../agents/index.ts';
import type { AgentRun } from '../ports/agent-runs.ts';
import type { AgentSpec } from '../ports/agents.ts';
import { ApprovalId, Email, RunId } from '../ports/ids.ts';
import type { TenantId } from '../ports/ids.ts';
import type { Principal } from '../ports/identity.ts';
import type { ReceiptPort } from '../ports/receipts.ts';
import type { TokenStreamPort } from '../ports/token-stream.ts';
import { until } from '../workers/testing/until.ts';
import type { ApiDeps } from './deps.ts';
import { openApi } from './testing.ts';
import type { TestApi } from './testing.ts';

const limits = { steps: 10, toolCalls: 5, tokens: 9000, micros: 8000 };
const agent = (id: string, tools: string[]): AgentSpec => ({
  ...{ id, title: `The ${id}`, group: 'marketing', description: `It is a ${id}.`, model: 'fast', tools, limits },
  ...{ instructions: `You are a ${id}.`, reply: null },
});
const catalogue = createCatalogue(
  [agent('Writer', ['list_content', 'crm_read']), agent('Thinker', []), agent('Measured', [])],
  [],
);

let dir: string;
let database: TestDatabase;
let stores: Stores;
let tokenStream: TokenStreamPort;
let receipts: ReceiptPort;
let api: TestApi;
let acme: TenantId;
let rival: TenantId;
let admin: Principal;
let user: Principal;
let stranger: Principal;
let root: Principal;

/** What was asked of Temporal: who runs nothing starts nothing. */
const asked = {
  started: [] as { workflowId: string; args: unknown[] }[],
  said: [] as unknown[][],
  cancelled: [] as string[],
  woken: [] as TenantId[],
};
const temporal = {
  workflow: {
    withDeadline: (_: number, call: () => unknown) => call(),
    start: async (_: unknown, options: { workflowId: string; args: unknown[] }) => void asked.started.push(options),
    getHandle: (id: string) => ({
      startUpdate: async (name: string, { args, updateId }: { args: unknown[]; updateId: string }) => {
        asked.said.push([id, name, args[0], updateId]);
        return { result: async () => ({ step: 3 }) };
      },
      query: async () => ({ step: 2 }),
      cancel: async () => void asked.cancelled.push(id),
    }),
  },
} as unknown as ApiDeps['temporal'];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'agents-api-'));
  database = await freshDatabase();
  stores = postgresStores(database.db);
  receipts = createReceipts(envSecrets({ dir, environment: 'test' }));
  const connectors = {
    list: () => [
      { id: 'wordpress', category: 'cms' },
      { id: 'hubspot', category: 'crm' },
    ],
  };
  const llm = {
    info: (ref: object) => ({ ref }),
    models: () => [],
    default: () => ({ provider: 'openai', model: 'small' }),
    keyState: async (_: TenantId, provider: string) => (provider === 'groq' ? 'none' : 'platform'),
  };
  const workflows = { wakeSpenders: async (tenantId: TenantId) => void asked.woken.push(tenantId) };
  tokenStream = postgresTokenStream(database.db);
  const ports = { ...stores, tokenStream, connectors, llm, receipts, workflows } as unknown as ApiDeps['ports'];
  api = await openApi({ ports, temporal, catalogue });
  [acme, rival] = [await aTenant(stores), await aTenant(stores)];
  admin = await aMember(stores, acme);
  user = await aMember(stores, acme, 'tenant_user', 'user@acme.test');
  stranger = await aMember(stores, rival, 'tenant_admin', 'admin@rival.test');
  const email = Email.parse('root@platform.test');
  root = {
    userId: await seedPlatformRole(database.db, email, 'platform_admin'),
    email,
    role: 'platform_admin',
    tenantId: null,
  };
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await database.close();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(() => {
  asked.started.length = 0;
  asked.said.length = 0;
  asked.woken.length = 0;
});

const inAcme = () => ({ 'X-Tenant-Id': acme });
const get = (path: string, as = admin) => api.get(`/api/v1${path}`, { as });
const post = (path: string, body: unknown = {}, as = admin, headers: Record<string, string> = {}) =>
  api.post(`/api/v1${path}`, { as, body, headers });
const put = (path: string, body: unknown, as: Principal, headers: Record<string, string> = {}) =>
  api.ask('PUT', `/api/v1${path}`, { as, body, headers });
/** As the platform sets it, beside the route. */
const set = async (id: string, change: Parameters<typeof agentSettings>[0]) => {
  await stores.agents.applyDefaults(acme, [{ id, tools: [] }], agentSettings());
  const { version } = await stores.agents.settings(acme, id);
  await stores.agents.change(acme, id, version, agentSettings(change), []);
};

const aRun = async (of: Partial<Omit<AgentRun, 'startedBy'>> & { by?: Principal; in?: TenantId } = {}) => {
  const { by = user, in: tenantId = acme, ...run } = of;
  const runId = RunId.parse(randomUUID());
  await stores.agentRuns.begin(tenantId, {
    ...{ runId, kind: 'agent', subject: 'Writer', parentRunId: null, operationId: null, version: 4, sandbox: false },
    ...{ startedBy: by.userId, limits, pin: { id: randomUUID(), sha256: 'pinned', toolsetHash: 'toolset' } },
    ...run,
  });
  return runId;
};

describe('agents as a tenant has them', () => {
  test('each says what it needs and how that stands, for this tenant and this caller', async () => {
    await aConnection(stores, acme, { connectorId: 'wordpress' });
    const [writer, thinker] = (await get('/agents')).json.data as unknown[];
    expect(writer).toMatchObject({
      ...{ id: 'Writer', displayName: 'The Writer', group: 'marketing', active: true, usable: true },
      requires: [
        { category: 'cms', connectorId: 'wordpress', state: 'pending' },
        { category: 'crm', connectionId: null, state: 'missing' },
      ],
      models: [{ provider: 'openai', model: 'small', key: 'platform' }],
    });
    expect(thinker).toMatchObject({ id: 'Thinker', requires: [] });
    const theirs = (await get('/agents/Writer', stranger)).json;
    expect(theirs).toMatchObject({ limits, reply: null, requires: [{ state: 'missing' }, { state: 'missing' }] });
    expect((await get('/agents/Nobody')).status).toBe(404);
  });

  test('the platform sets them by the version that it read; tenants read, and nobody gives a tool that is not the agent’s', async () => {
    const read = (await get('/agents/Thinker/config', user)).json;
    const { version } = read;
    const config = Object.fromEntries(Object.entries(read).filter(([name]) => name !== 'updatedAt'));
    const body = { ...config, displayName: 'Ada', provider: 'groq', model: 'llama', tools: ['ask_person'] };
    expect((await put('/agents/Thinker/config', body, admin)).status).toBe(403);
    const foreign = { ...body, tools: ['ask_person', 'crm_write'], consents: { cms_write: { kind: 'auto' } } };
    const refused = await put('/agents/Thinker/config', foreign, root, inAcme());
    expect([refused.status, refused.json.errors]).toMatchObject([
      400,
      [{ path: 'tools.1' }, { path: 'consents.cms_write' }],
    ]);
    const unnamed = await put('/agents/Thinker/config', { ...body, model: null }, root, inAcme());
    expect([unnamed.status, unnamed.json.errors]).toMatchObject([400, [{ path: 'model' }]]);
    const changed = await put('/agents/Thinker/config', body, root, inAcme());
    expect([changed.status, changed.json]).toMatchObject([
      200,
      { displayName: 'Ada', version: (version as number) + 1 },
    ]);
    expect((await put('/agents/Thinker/config', body, root, inAcme())).json.code).toBe('conflict');
    expect((await get('/agents/Thinker')).json).toMatchObject({
      ...{ displayName: 'Ada', tools: ['ask_person'], models: [{ provider: 'groq', model: 'llama', key: 'none' }] },
    });
    expect((await get('/agents/Thinker', stranger)).json).toMatchObject({ displayName: 'The Thinker', tools: [] });
    const { data } = await stores.audit.list(acme, { limit: 1 });
    expect(data).toMatchObject([{ action: 'agent.configured', resourceId: 'Thinker', actor: root.userId }]);
  });
});

describe('starting a run', () => {
  test('it is started once for a key, within its declared limits, and its history holds no word of the task', async () => {
    const work = { brief: 'canary-brief', inputs: [{ text: 'canary-input' }], limits: { steps: 3, micros: 99_999 } };
    const key = { 'Idempotency-Key': randomUUID() };
    const told = await post('/agents/Writer/runs', work, user, key);
    expect([told.status, told.json]).toMatchObject([202, { kind: 'runAgent', outcome: 'running', reply: null }]);
    expect((await post('/agents/Writer/runs', work, user, key)).json).toEqual(told.json);
    expect(asked.started).toHaveLength(1);
    const [{ workflowId, args } = { workflowId: '', args: [] }] = asked.started;
    expect(workflowId).toBe(`runAgent:${acme}:${String(told.json.runId)}`);
    expect(args).toMatchObject([
      { agentId: 'Writer', startedBy: user.userId, sandbox: false, limits: { ...limits, steps: 3 } },
    ]);
    expect(JSON.stringify(args)).not.toContain('canary');
    // It can be read at once, before its first step.
    expect(told.headers.get('location')).toBe(`/api/v1/runs/${String(told.json.runId)}`);
    const { status, json } = await get(`/runs/${String(told.json.runId)}`, user);
    expect([status, json]).toMatchObject([200, { state: 'running', subject: 'Writer', progress: { step: 2 } }]);
    expect((await post('/agents/Writer/test', { brief: 'x' }, user)).status).toBe(202);
    expect(asked.started[1]?.args).toMatchObject([{ sandbox: true }]);
  });

  test('whom the access list does not name, and an agent that is switched off, start nothing', async () => {
    await set('Writer', { access: { roles: ['tenant_admin'], users: [] } });
    for (const path of ['/agents/Writer/runs', '/agents/Writer/test'])
      expect((await post(path, {}, user)).json.code).toBe('forbidden');
    expect((await get('/agents/Writer', user)).json).toMatchObject({ usable: false });
    await set('Writer', { access: { roles: [], users: [user.userId] } });
    expect((await post('/agents/Writer/runs', {}, user)).status).toBe(202);
    expect((await post('/agents/Writer/runs', {}, admin)).status).toBe(403);
    await set('Writer', { active: false });
    expect((await post('/agents/Writer/runs', {}, user)).json.code).toBe('conflict');
    await set('Writer', {});
    expect(asked.started).toHaveLength(1);
    expect((await post('/agents/Writer/runs', { tenantId: rival }, user)).status).toBe(400);
  });
});

describe('runs', () => {
  test('people see their own, admins all but other people’s conversations, and nobody another tenant’s', async () => {
    const [own, others] = [await aRun({ subject: 'Seen' }), await aRun({ subject: 'Seen', by: admin })];
    const chat = await aRun({ subject: 'Seen', kind: 'conversation' });
    const foreign = await aRun({ subject: 'Seen', in: rival, by: stranger });
    const list = async (as: Principal) =>
      ((await get('/runs?subject=Seen', as)).json.data as AgentRun[]).map(({ runId }) => runId).sort();
    expect(await list(user)).toEqual([own]);
    expect(await list(admin)).toEqual([own, others].sort());
    expect(await list(stranger)).toEqual([foreign]);
    const seen = async (as: Principal) => {
      const told = [own, others, chat, foreign].map(async (id) => (await get(`/runs/${id}`, as)).status);
      return Promise.all(told);
    };
    expect(await seen(user)).toEqual([200, 404, 200, 404]);
    expect(await seen(admin)).toEqual([200, 200, 404, 404]);
    expect(await seen(stranger)).toEqual([404, 404, 404, 200]);
    for (const part of ['transcript', 'tool-calls', 'receipt'])
      expect((await get(`/runs/${chat}/${part}`, admin)).status).toBe(404);
    for (const word of ['pause', 'resume', 'cancel'])
      expect((await post(`/runs/${own}/${word}`, {}, stranger)).status).toBe(404);
    expect((await post(`/runs/${own}/steer`, { text: 'x' }, stranger)).status).toBe(404);
    expect(asked.said).toEqual([]);
  });

  test('one is shown with its parts, what all of them used, its reply and what was said and called', async () => {
    const reply = await stores.content.put(acme, { text: 'Done.' });
    const crew = await aRun({ kind: 'crew', subject: 'Team' });
    const parts = [await aRun({ parentRunId: crew }), await aRun({ parentRunId: crew, subject: 'Thinker' })];
    const deep = await aRun({ parentRunId: parts[0] ?? null });
    for (const runId of [...parts, deep]) {
      const run = { tenantId: acme, runId };
      await stores.transcripts.journal(
        { run, step: 0, id: 'a' },
        {
          agentId: 'Writer',
          answer: anAnswer(),
          promptHash: 'h',
        },
      );
    }
    const call = { id: 'c', name: 'crm_read', arguments: '{}' };
    const run = { tenantId: acme, runId: deep };
    await stores.transcripts.append(run, 0, [
      { role: 'user', content: 'Go' },
      { role: 'assistant', content: '', toolCalls: [call], kept: { provider: 'anthropic', blocks: 'signed-thoughts' } },
      { role: 'tool', toolCallId: 'c', content: 'x' },
    ]);
    await stores.agentRuns.end({ tenantId: acme, runId: crew }, { state: 'completed', error: null, replyId: reply.id });
    const told = await get(`/runs/${crew}`, user);
    expect(told.json).toMatchObject({
      ...{ kind: 'crew', state: 'completed', progress: null, reply: { text: 'Done.' } },
      usage: { modelCalls: 3, costMicros: 1500 },
      parts: [
        { runId: parts[0], usage: { modelCalls: 2, costMicros: 1000 } },
        { runId: parts[1], subject: 'Thinker', usage: { costMicros: 500 } },
      ],
    });
    const first = await get(`/runs/${deep}/transcript?limit=2`, user);
    expect(first.json.data).toMatchObject([
      { seq: 0, role: 'user', content: 'Go' },
      { seq: 1, toolCalls: [call] },
    ]);
    expect(first.text).not.toContain('signed-thoughts');
    const rest = await get(`/runs/${deep}/transcript?cursor=${String(first.json.nextCursor)}`, user);
    expect(rest.json).toMatchObject({ data: [{ seq: 2, role: 'tool', toolCallId: 'c' }], nextCursor: null });
  });

  test('the log of calls is read by run and by agent, and of another tenant’s nothing', async () => {
    const runId = await aRun();
    const call = {
      seq: 2,
      agentId: 'Logged',
      tool: 't',
      effect: 'write' as const,
      argsHash: 'h',
      ok: true,
      receipt: '7',
    };
    await stores.transcripts.recordTool(
      { tenantId: acme, runId },
      { ...call, approvalId: null, flagged: false, ms: 1, bytes: 1 },
      { role: 'tool', toolCallId: 'c', content: 'canary-result' },
    );
    expect((await get(`/runs/${runId}/tool-calls`, user)).json.data).toMatchObject([{ tool: 't', receipt: '7' }]);
    expect((await get('/tool-calls?agentId=Logged')).json.data).toMatchObject([{ runId }]);
    expect((await get('/tool-calls', user)).status).toBe(403);
    expect((await get('/tool-calls?agentId=Logged', stranger)).json.data).toEqual([]);
  });

  test('a receipt says who approved which hash, what was done and what it cost; signed, and without a word of content', async () => {
    const runId = await aRun();
    const run = { tenantId: acme, runId };
    expect((await get(`/runs/${runId}/receipt`, user)).json.code).toBe('conflict');
    const content = await stores.content.put(acme, { tool: 'cms_write', arguments: { title: 'canary-title' } });
    const approvalId = ApprovalId.parse(randomUUID());
    await stores.approvals.open({
      ...{ id: approvalId, tenantId: acme, operationId: null, connectionId: null, workflowId: 'w', kind: 'decision' },
      ...{ subject: 'canary-subject', contentId: content.id, contentHash: content.sha256, requestedBy: null },
      policy: { roles: ['tenant_admin'], remindAfterMs: 1000, deadlineMs: 60_000, onDeadline: 'reject' },
      deadlineAt: new Date(Date.now() + 60_000).toISOString(),
    });
    const vote = {
      userId: admin.userId,
      kind: 'approve' as const,
      contentHash: content.sha256,
      givenHash: content.sha256,
      receipt: 'signed',
    };
    await stores.approvals.vote(acme, approvalId, { ...vote, at: new Date().toISOString() });
    await stores.approvals.close(acme, approvalId, 'approved', admin.userId);
    await stores.transcripts.append(run, 0, [{ role: 'user', content: 'canary-brief' }]);
    await stores.spending.reserve({ run, step: 0, id: 'a' }, { agentId: 'Writer', micros: 1, from: [] });
    const answer = anAnswer({ content: 'canary-answer' });
    await stores.transcripts.journal({ run, step: 0, id: 'a' }, { agentId: 'Writer', answer, promptHash: 'prompted' });
    const called = {
      seq: 1,
      agentId: 'Writer',
      tool: 'cms_write',
      effect: 'write',
      argsHash: 'exactly-these',
    } as const;
    const rest = { ok: true, receipt: '17', approvalId, flagged: false, ms: 1, bytes: 1 };
    const result = { role: 'tool' as const, toolCallId: 'c', content: 'canary-result' };
    await stores.transcripts.recordTool(run, { ...called, ...rest }, result);
    await stores.agentRuns.end(run, {
      state: 'failed',
      error: { code: 'bug', message: 'canary-error' },
      replyId: null,
    });
    const told = await get(`/runs/${runId}/receipt`, user);
    const facts = await receipts.read('run', String(told.json.receipt));
    expect(facts).toEqual({ tenantId: acme, ...(told.json.facts as object) });
    expect(facts).toMatchObject({
      ...{ runId, state: 'failed', errorCode: 'bug', version: 4, pinHash: 'pinned', toolsetHash: 'toolset', limits },
      ...{ startedBy: user.userId, usage: { costMicros: 500, inputTokens: 30 }, parts: [] },
      models: [{ step: 0, provider: 'openai', model: 'm', promptHash: 'prompted', attempts: 1 }],
      tools: [{ tool: 'cms_write', effect: 'write', argsHash: 'exactly-these', receipt: '17', approvalId }],
      approvals: [
        {
          id: approvalId,
          state: 'approved',
          contentHash: content.sha256,
          votes: [{ userId: admin.userId, kind: 'approve', givenHash: content.sha256 }],
        },
      ],
    });
    expect(JSON.stringify(facts)).not.toContain('canary');
    expect((await get(`/runs/${runId}/receipt`, user)).json.receipt).toBe(told.json.receipt);
  });

  test('what people say to a run at work reaches its workflow, once for each key, by reference', async () => {
    const runId = await aRun();
    const id = `runAgent:${acme}:${runId}`;
    const key = randomUUID();
    const actor = { userId: user.userId, role: 'tenant_user' };
    const steer = () => post(`/runs/${runId}/steer`, { text: 'canary-words' }, user, { 'Idempotency-Key': key });
    expect((await steer()).json).toEqual({ progress: { step: 3 } });
    expect((await steer()).status).toBe(200);
    expect(asked.said).toMatchObject([
      [id, 'steer', { actor, content: { sha256: expect.any(String) } }, expect.any(String)],
    ]);
    expect(JSON.stringify(asked.said)).not.toContain('canary');
    await post(`/runs/${runId}/pause`, {}, user);
    await post(`/runs/${runId}/resume`, {}, user);
    await post(`/runs/${runId}/limits`, { steps: 20 }, user);
    await post(`/runs/${runId}/model`, { provider: 'groq', model: 'm' }, admin);
    expect(asked.said.slice(1).map((said) => said.slice(0, 3))).toMatchObject([
      [id, 'pause', { actor }],
      [id, 'resume', { actor }],
      [id, 'setLimits', { actor, limits: { steps: 20 } }],
      [id, 'swapModel', { actor: { role: 'tenant_admin' }, model: { provider: 'groq', model: 'm' } }],
    ]);
    expect((await post(`/runs/${runId}/limits`, {}, user)).status).toBe(400);
    expect((await post(`/runs/${runId}/limits`, { steps: 0 }, user)).status).toBe(400);
    expect((await post(`/runs/${runId}/model`, { provider: 'groq', model: 'm' }, user)).status).toBe(403);
    const crew = await aRun({ kind: 'crew' });
    expect((await post(`/runs/${crew}/pause`, {}, user)).status).toBe(200);
    expect((await post(`/runs/${crew}/limits`, { steps: 2 }, user)).json.code).toBe('unsupported');
    expect((await post(`/runs/${runId}/cancel`, {}, user)).status).toBe(202);
    expect(asked.cancelled).toEqual([id]);
    await stores.agentRuns.end({ tenantId: acme, runId }, { state: 'cancelled', error: null, replyId: null });
    for (const word of ['pause', 'cancel'])
      expect((await post(`/runs/${runId}/${word}`, {}, user)).json.code).toBe('conflict');
  });
});

test('figures are asked of a time of at most a year, and are the tenant’s own', async () => {
  await aRun({ subject: 'Measured' });
  const { json } = await get('/agents/metrics');
  expect(json.data).toContainEqual(expect.objectContaining({ agentId: 'Measured', runs: 1 }));
  expect((await get('/agents/Measured/metrics', user)).json).toMatchObject({
    agentId: 'Measured',
    runs: 1,
    latencyP50Ms: null,
  });
  expect((await get('/agents/Thinker/metrics', stranger)).json).toMatchObject({ agentId: 'Thinker', runs: 0 });
  const [late, early] = ['2026-11-01T00:00:00.000Z', '2024-01-01T00:00:00.000Z'];
  expect((await get(`/agents/metrics?from=${late}&to=${early}`)).status).toBe(400);
  expect((await get(`/agents/metrics?from=${early}&to=${late}`)).status).toBe(400);
});

test('C88: a budget that is decided binds this month already; above its plan only the platform raises it', async () => {
  const month = new Date().toISOString().slice(0, 7);
  const plan = 50_000_000;
  const first = { subject: 'tenant', decided: null, limitMicros: plan, reservedMicros: 0, spentMicros: 0 };
  expect((await get('/budgets', user)).json).toEqual({ month, planMicros: plan, data: [first] });
  expect((await put('/budgets/tenant', { limitMicros: 1000 }, user)).status).toBe(403);
  const told = await put('/budgets/tenant', { limitMicros: 1000 }, admin);
  expect([told.status, told.json]).toMatchObject([200, { subject: 'tenant', decided: 1000, limitMicros: 1000 }]);
  const from = [
    { scope: `month/${month}`, limitMicros: plan },
    { scope: `agent/Writer/${month}`, limitMicros: null },
  ];
  const run = { tenantId: acme, runId: RunId.parse(randomUUID()) };
  const asking = (step: number) => ({ run, step, id: 'a' });
  await expect(stores.spending.reserve(asking(0), { agentId: 'Writer', micros: 1001, from })).resolves.toMatchObject({
    ok: false,
  });
  await expect(stores.spending.reserve(asking(1), { agentId: 'Writer', micros: 600, from })).resolves.toMatchObject({
    ok: true,
  });
  expect((await put('/budgets/Thinker', { limitMicros: 5 }, admin)).status).toBe(200);
  expect((await put('/budgets/Nobody', { limitMicros: 5 }, admin)).status).toBe(404);
  expect((await get('/budgets')).json.data).toMatchObject([
    { subject: 'tenant', reservedMicros: 600 },
    { subject: 'Thinker', decided: 5, limitMicros: 5, reservedMicros: 0 },
    { subject: 'Writer', decided: null, limitMicros: null, reservedMicros: 600 },
  ]);
  expect((await put('/budgets/tenant', { limitMicros: plan + 1 }, admin)).status).toBe(403);
  expect((await put('/budgets/tenant', { limitMicros: plan + 1 }, root, inAcme())).status).toBe(200);
  expect((await put('/budgets/tenant', { limitMicros: null }, admin)).json).toMatchObject({
    decided: null,
    limitMicros: plan,
  });
  // Told only where there is more now than before: 1000 → the platform's plan + 1, and back to the plan is less again.
  expect(asked.woken).toEqual([acme]);
  expect((await get('/budgets', stranger)).json.data).toMatchObject([{ limitMicros: plan, reservedMicros: 0 }]);
  const { data } = await stores.audit.list(acme, { limit: 1 });
  expect(data).toMatchObject([{ action: 'budget.changed', resourceId: 'tenant' }]);
});

describe('consents, memory and chats', () => {
  test('people are asked within times that come and leave them time', async () => {
    const read = (await get('/agents/Thinker/config')).json;
    const { version } = read;
    const config = Object.fromEntries(Object.entries(read).filter(([name]) => name !== 'updatedAt'));
    const ask = (change: object) => {
      const times = { remindAfterMs: 60_000, deadlineMs: 60_000 };
      const policy = { roles: ['tenant_admin'], ...times, onDeadline: 'reject', ...change };
      const consents = { ask_person: { kind: 'ask', policy } };
      return put('/agents/Thinker/config', { ...config, version, consents }, root, inAcme());
    };
    const wrong = [{ deadlineMs: 9e15 }, { deadlineMs: 0 }, { remindAfterMs: -1 }];
    const late = { escalations: [{ afterMs: 9e15, roles: ['tenant_admin'] }] };
    for (const change of [...wrong, late]) expect((await ask(change)).status).toBe(400);
    expect((await ask({})).status).toBe(200);
    // What was kept before there were bounds is still read.
    const policy = {
      roles: ['tenant_admin' as const],
      remindAfterMs: 1,
      deadlineMs: 9e15,
      onDeadline: 'reject' as const,
    };
    await set('Thinker', { consents: { ask_person: { kind: 'ask', policy } } });
    expect((await get('/agents/Thinker/config')).status).toBe(200);
    await set('Thinker', {});
  });

  test('what an agent remembers is read by those who may delete it, also when it is switched off or not for them', async () => {
    await set('Thinker', { active: false, access: { roles: ['tenant_user'], users: [] } });
    expect((await get('/agents/Thinker/memory', admin)).status).toBe(200);
    expect((await get('/agents/Thinker/memory', user)).status).toBe(409);
    await set('Thinker', {});
  });

  test('a stream shows its own answer’s text and no other’s, and ends when the chat is gone', async () => {
    const id = RunId.parse(randomUUID());
    await stores.conversations.open(acme, { id, agentId: 'Thinker', userId: user.userId, title: 't' });
    const say = (messageId: string, role: 'user' | 'assistant', step: number | null, state: 'done' | null) =>
      stores.conversations.say(acme, id, {
        messageId,
        role,
        content: messageId,
        saidInto: null,
        step,
        state,
        error: null,
      });
    const piece = (step: number, text: string) => ({ step, kind: 'text' as const, text });
    const done = (step: number) => ({ step, kind: 'done' as const, text: '' });
    const stream = (messageId: string) =>
      api.get(`/api/v1/conversations/${id}/messages/${messageId}`, {
        as: user,
        headers: { Accept: 'text/event-stream' },
      });
    for (const name of ['m1', 'm2', 'm3', 'm4']) await say(name, 'user', null, null);
    await say('m1', 'assistant', 0, 'done');
    await tokenStream.push(acme, id, [piece(0, 'one-a'), done(0), piece(1, 'one-b'), done(1)]);
    await say('m2', 'assistant', 2, 'done');
    await tokenStream.push(acme, id, [piece(2, 'two-a'), done(2)]);
    await say('m3', 'assistant', 3, null);
    const texts = async (messageId: string) =>
      [...(await stream(messageId)).text.matchAll(/"text":"([^"]*)"|^event: (answer|gone)/gm)].map(
        (it) => it[1] ?? it[2],
      );
    await expect(texts('m1')).resolves.toEqual(['one-a', 'one-b', 'answer']);
    await expect(texts('m2')).resolves.toEqual(['two-a', 'answer']);
    await tokenStream.push(acme, id, [piece(3, 'three')]);
    const soFar = jest.spyOn(stores.conversations, 'answerSoFar');
    // One that is being written, and one that waits for its turn.
    const late = [texts('m3'), texts('m4')];
    await until(
      'both are watched',
      () => ['m3', 'm4'].map((name) => soFar.mock.calls.filter((call) => call[2] === name).length),
      (times) => times.every((count) => count > 2),
    );
    await stores.conversations.remove(acme, id);
    await expect(Promise.all(late)).resolves.toEqual([['three', 'gone'], ['gone']]);
  });

  test('a chat’s title is cut between characters', async () => {
    await post('/agents/Thinker/chat', { text: '𝒳'.repeat(100) }, user);
    const { data } = (await get('/conversations?limit=1', user)).json as { data: { title: string }[] };
    expect(data[0]?.title).toBe(`${'𝒳'.repeat(79)}…`);
  });
});
