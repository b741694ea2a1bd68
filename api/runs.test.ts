import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Payload } from '@temporalio/common';
import { aMember, aTenant } from '../adapters/postgres/testing-data.ts';
import { payloadCodec } from '../adapters/temporal/codec.ts';
import { openKeyRing } from '../adapters/temporal/key-ring.ts';
import type { TenantId } from '../ports/ids.ts';
import type { Principal } from '../ports/identity.ts';
import { runAgentId } from '../ports/operations.ts';
import { agentsOf, anAgent } from '../workers/testing/agents.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { until } from '../workers/testing/until.ts';
import { openApi } from './testing.ts';
import type { Told, TestApi } from './testing.ts';

const WAIT = { Prefer: 'wait' };
const catalogue = agentsOf(anAgent({ tools: ['remember', 'recall'] }));

let ground: Ground;
let api: TestApi;
let tenantId: TenantId;
let admin: Principal;
let user: Principal;

beforeAll(async () => {
  ground = await openGround({ catalogue });
  await ground.worker.start();
  const { ports, client } = ground;
  api = await openApi({ ports, temporal: client, catalogue });
  tenantId = await aTenant(ports);
  admin = await aMember(ports, tenantId);
  user = await aMember(ports, tenantId, 'tenant_user', 'user@acme.test');
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await ground.close();
});

const models = () => ground.emulator.control.models;
const get = (path: string, as = user) => api.get(`/api/v1${path}`, { as });
const post = (path: string, body: unknown = {}, as = user, headers: Record<string, string> = {}) =>
  api.post(`/api/v1${path}`, { as, body, headers });
const run = (script: string, headers: Record<string, string> = {}, path = 'runs') =>
  post(`/agents/Tester/${path}`, { brief: `Play [[script:${script}]]` }, user, headers);
const runOf = (told: Told) => String(told.json.runId);
const ended = (id: string) =>
  until(
    'the run has ended',
    () => get(`/runs/${id}`),
    ({ json }) => json.state !== 'running',
  );

test('an agent is run, its reply awaited, and its whole story read: money, words, calls, receipt; its history holds none of the words', async () => {
  models().script('told', [
    { calls: [{ name: 'remember', arguments: { fact: 'canary-fact' } }] },
    { text: 'canary-reply', usage: { input: 100, cached: 40, output: 7 } },
  ]);
  const told = await run('told', WAIT);
  expect([told.status, told.json]).toMatchObject([200, { outcome: 'completed', reply: { text: 'canary-reply' } }]);
  const id = runOf(told);
  const { json } = await get(`/runs/${id}`);
  expect(json).toMatchObject({
    state: 'completed',
    version: 1,
    usage: { modelCalls: 2, toolCalls: 1, unpricedCalls: 0 },
  });
  const { costMicros } = json.usage as { costMicros: number };
  expect(costMicros).toBeGreaterThan(0);
  const budgets = (await get('/budgets')).json.data;
  expect(budgets).toMatchObject([
    { subject: 'tenant', spentMicros: costMicros, reservedMicros: 0 },
    { subject: 'Tester', spentMicros: costMicros },
  ]);
  expect((await get(`/runs/${id}/transcript`)).text).toContain('canary-fact');
  expect((await get(`/runs/${id}/tool-calls`)).json.data).toMatchObject([{ tool: 'remember', ok: true }]);
  const receipt = await get(`/runs/${id}/receipt`);
  const facts = await ground.ports.receipts.read('run', String(receipt.json.receipt));
  expect(facts).toMatchObject({ runId: id, state: 'completed', pinHash: expect.any(String), usage: { costMicros } });
  expect(receipt.text).not.toContain('canary');
  const history = await ground.client.workflow.getHandle(`runAgent:${tenantId}:${id}`).fetchHistory();
  const payloads = await Promise.all(payloadsIn(history).map(opened));
  expect(payloads.filter((text) => text.includes(tenantId)).length).toBeGreaterThan(4);
  expect(payloads.join()).not.toContain('canary');
  expect((await get('/agents/Tester/metrics')).json).toMatchObject({ runs: 1, succeeded: 1, toolCalls: 1, costMicros });
});

/** Every payload, wherever it stands in the history. */
const payloadsIn = (value: unknown): Payload[] => {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  if ('metadata' in value && 'data' in value) return [value as Payload];
  return Object.values(value).flatMap(payloadsIn);
};
/** Search attributes are kept in clear. */
const opened = async (payload: Payload): Promise<string> => {
  const [one] = await payloadCodec(openKeyRing(ground.ports.secrets))
    .decode([payload])
    .catch(() => [payload]);
  return Buffer.from(one?.data ?? []).toString();
};

test('a run that is paused waits, hears what it is told, and goes on; a tenant_user may lower its limits and not raise them', async () => {
  models().script('heard', [
    { calls: [{ name: 'recall', arguments: { query: 'x' } }], delayMs: 400 },
    { text: 'Shorter then.' },
  ]);
  const id = runOf(await run('heard'));
  expect((await post(`/runs/${id}/pause`)).json.progress).toMatchObject({ waiting: 'paused' });
  await post(`/runs/${id}/steer`, { text: 'Be shorter.' });
  expect((await post(`/runs/${id}/limits`, { steps: 1000 })).json.code).toBe('forbidden');
  expect((await post(`/runs/${id}/limits`, { steps: 5 })).json.progress).toMatchObject({ limits: { steps: 5 } });
  expect((await post(`/runs/${id}/limits`, { steps: 9 }, admin)).json.progress).toMatchObject({ limits: { steps: 9 } });
  expect((await get(`/runs/${id}`)).json).toMatchObject({
    ...{ state: 'running', progress: { waiting: 'paused', staged: 1 } },
  });
  expect((await post(`/runs/${id}/resume`)).status).toBe(200);
  expect((await ended(id)).json).toMatchObject({ state: 'completed', reply: { text: 'Shorter then.' } });
  expect(JSON.stringify(models().prompts('heard').at(-1))).toContain('Be shorter.');
  expect((await post(`/runs/${id}/pause`)).json.code).toBe('conflict');
});

test('a run that is cancelled says so, as do its operation and its part in the figures', async () => {
  models().script('endless', [
    { calls: [{ name: 'recall', arguments: { query: 'n{{step}}' } }], repeat: true, delayMs: 100 },
  ]);
  const told = await run('endless');
  const id = runOf(told);
  await until(
    'it is at work',
    () => get(`/runs/${id}`),
    ({ json }) => (json.usage as { modelCalls: number }).modelCalls > 0,
  );
  expect((await post(`/runs/${id}/cancel`)).status).toBe(202);
  expect((await ended(id)).json).toMatchObject({ state: 'cancelled' });
  const operation = () => get(`/operations/${String(told.json.id)}`);
  await until('its operation has ended', operation, ({ json }) => json.outcome === 'cancelled');
});

test('whoever waits for a run that is cancelled is told so, now and under the same key', async () => {
  models().script('awaited', [
    { calls: [{ name: 'recall', arguments: { query: 'n{{step}}' } }], repeat: true, delayMs: 100 },
  ]);
  const once = { ...WAIT, 'Idempotency-Key': 'awaited' };
  const waits = run('awaited', once);
  const { json } = await until(
    'it is at work',
    () => get('/runs?subject=Tester&limit=1'),
    (list) => (list.json.data as { state: string }[])[0]?.state === 'running',
  );
  await post(`/runs/${(json.data as { runId: string }[])[0]?.runId}/cancel`);
  const told = await waits;
  expect([told.status, told.json]).toMatchObject([
    409,
    { code: 'conflict', detail: expect.stringMatching(/cancelled/) },
  ]);
  await expect(run('awaited', once)).resolves.toMatchObject({ status: 409 });
});

test('an agent that is tried changes nothing, and its trial is in no figure', async () => {
  models().script('tried', [{ calls: [{ name: 'remember', arguments: { fact: 'never kept' } }] }, { text: 'Tried.' }]);
  const before = (await get('/agents/Tester/metrics')).json.runs;
  const told = await run('tried', WAIT, 'test');
  expect([told.status, told.json.reply]).toEqual([200, { text: 'Tried.' }]);
  expect((await get(`/runs/${runOf(told)}`)).json).toMatchObject({ sandbox: true });
  expect((await get('/agents/Tester/metrics')).json.runs).toBe(before);
  const facts = await ground.ports.memory.recall(tenantId, 'Tester', null, 10);
  expect(facts.map(({ fact }) => fact)).not.toContain('never kept');
});

test('the failure of a run that somebody waits for is the answer', async () => {
  models().script('refused', [{ text: '', faults: [{ kind: 'bad', times: 'always' }] }]);
  const told = await run('refused', WAIT);
  expect([told.status, told.json.code]).toEqual([422, 'llm_bad_request']);
  const { data } = (await get('/runs?subject=Tester&limit=1')).json as { data: { runId: string }[] };
  expect(data).toMatchObject([{ state: 'failed', error: { code: 'llm_bad_request' } }]);
  const id = runAgentId(tenantId, data[0]?.runId as never);
  await expect(ground.client.workflow.getHandle(id).describe()).resolves.toMatchObject({ status: { name: 'FAILED' } });
});
