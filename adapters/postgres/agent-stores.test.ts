import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AgentRun } from '../../ports/agent-runs.ts';
import { RunId, UserId } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import { sql } from './sql.ts';
import type { Stores } from './stores.ts';
import { postgresStores } from './stores.ts';
import { agentSettings, anAnswer } from './testing-agents.ts';
import { aTenant } from './testing-data.ts';
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
const aRunId = () => RunId.parse(uuid());
const limits = { steps: 5, toolCalls: 5, tokens: 1000, micros: 1000 };

type Begun = Partial<AgentRun> & { subject: string; pin?: null };
const begin = async (tenantId: TenantId, of: Begun) => {
  const run = {
    ...{ runId: aRunId(), kind: 'agent' as const, parentRunId: null, operationId: null, version: 1, sandbox: false },
    ...{ startedBy: uuid(), limits, pin: { id: uuid(), sha256: 'pinned', toolsetHash: 'tools' } },
    ...of,
  };
  await stores.agentRuns.begin(tenantId, run);
  return { tenantId, runId: run.runId };
};
const toolResult = (content: string) => ({ role: 'tool' as const, toolCallId: 'c', content });
const toolCall = (seq: number, of: { tool?: string; ok?: boolean; agentId?: string; receipt?: string } = {}) => ({
  ...{
    seq,
    agentId: 'a',
    tool: 't',
    effect: 'read' as const,
    argsHash: 'h',
    ok: true,
    receipt: null,
    approvalId: null,
  },
  ...{ flagged: false, ms: 1.4, bytes: 2 },
  ...of,
});

test('default agent settings keep what the tenant changed, and clearing is silent', async () => {
  const tenantId = await aTenant(stores);
  const agent = (id: string, tools: string[] = []) => ({ id, tools });
  const settings = agentSettings({ temperature: 0.2, maxTokens: 100 });
  await stores.agents.applyDefaults(tenantId, [agent('a'), agent('b')], settings);
  await stores.agents.applyDefaults(tenantId, [agent('a', ['read_content']), agent('c')], {
    ...settings,
    maxTokens: 5,
  });
  await expect(stores.agents.settings(tenantId, 'a')).resolves.toMatchObject({ ...settings, version: 1 });
  await expect(stores.agents.settings(tenantId, 'c')).resolves.toMatchObject({ ...settings, maxTokens: 5 });
  await expect(stores.agents.list(tenantId)).resolves.toMatchObject([
    { agentId: 'a' },
    { agentId: 'b' },
    { agentId: 'c' },
  ]);
  await stores.agents.clear(tenantId);
  await stores.agents.clear(tenantId);
  await expect(stores.agents.settings(tenantId, 'a')).rejects.toMatchObject({ code: 'not_found' });
});

test('an agent is changed by the version that was read: of two who change it at once, one is told', async () => {
  const [tenantId, rival] = [await aTenant(stores), await aTenant(stores)];
  for (const id of [tenantId, rival])
    await stores.agents.applyDefaults(id, [{ id: 'a', tools: ['read_content'] }], agentSettings());
  const chosen = agentSettings({
    ...{
      displayName: 'Ada',
      systemPrompt: 'You are Ada.',
      instructions: 'Short.',
      tools: ['ask_person'],
      active: true,
    },
    fallbacks: [{ provider: 'groq', model: 'm' }],
    access: { roles: ['tenant_admin'], users: [] },
    consents: { read_content: { kind: 'never' } },
  });
  const change = (settings = chosen) => stores.agents.change(tenantId, 'a', 1, settings, ['ask_person']);
  const outcomes = await Promise.allSettled([change(), change()]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  await expect(change()).rejects.toMatchObject({ code: 'conflict' });
  await expect(stores.agents.settings(tenantId, 'a')).resolves.toMatchObject({ ...chosen, version: 2 });
  await expect(stores.agents.settings(rival, 'a')).resolves.toMatchObject({ ...agentSettings(), version: 1 });
  // What the tenant chose is not undone by what is declared later.
  await stores.agents.applyDefaults(tenantId, [{ id: 'a', tools: ['list_content'] }], agentSettings());
  await expect(stores.agents.withTools(tenantId, ['list_content'])).resolves.toEqual([]);
  await expect(stores.agents.withTools(tenantId, ['ask_person'])).resolves.toEqual(['a']);
  await expect(stores.agents.change(tenantId, 'b', 1, chosen, [])).rejects.toMatchObject({ code: 'not_found' });
});

test('the active agents that have a tool are found by what they declare now, of this tenant alone', async () => {
  const tenantId = await aTenant(stores);
  await stores.agents.applyDefaults(tenantId, [{ id: 'writer', tools: [] }], agentSettings());
  await stores.agents.applyDefaults(
    tenantId,
    [{ id: 'idle', tools: ['list_content'] }],
    agentSettings({ active: false }),
  );
  await expect(stores.agents.withTools(tenantId, ['list_content', 'read_content'])).resolves.toEqual([]);
  const reader = { id: 'reader', tools: ['list_content', 'read_content'] };
  await stores.agents.applyDefaults(tenantId, [reader, { id: 'writer', tools: ['read_content'] }], agentSettings());
  await expect(stores.agents.withTools(tenantId, ['list_content'])).resolves.toEqual(['reader']);
  await expect(stores.agents.withTools(tenantId, ['read_content'])).resolves.toEqual(['reader', 'writer']);
  await expect(stores.agents.withTools(tenantId, [])).resolves.toEqual([]);
  await expect(stores.agents.withTools(await aTenant(stores), ['read_content'])).resolves.toEqual([]);
});

test('C90: a paid answer is journalled and settled once, together; messages and tool calls stay as they are', async () => {
  const run = { tenantId: await aTenant(stores), runId: aRunId() };
  const budget = () => stores.spending.get(run.tenantId, 'run/x');
  const nowhere = { step: 0, from: 0, upto: 0 };
  const asking = { run, step: 0, id: 'first' };
  const asked = { agentId: 'a', micros: 900, from: [{ scope: 'run/x', limitMicros: null }] };
  await expect(stores.transcripts.turn(run, nowhere)).resolves.toEqual({ answer: null, messages: [] });
  await expect(stores.spending.reserve(asking, asked)).resolves.toEqual({ ok: true, earlier: 0 });
  await expect(stores.spending.reserve(asking, asked)).resolves.toEqual({ ok: true, earlier: 1 });
  const entry = { agentId: 'a', answer: anAnswer(), promptHash: 'h' };
  // The answer cannot be kept: then it is not paid for either.
  const bad = { ...entry, promptHash: 'a\0b' };
  await expect(stores.transcripts.journal(asking, bad)).rejects.toMatchObject({ code: 'invalid_request' });
  await expect(budget()).resolves.toMatchObject({ reservedMicros: 900, spentMicros: 0 });
  await stores.transcripts.journal(asking, entry);
  await expect(budget()).resolves.toMatchObject({ reservedMicros: 0, spentMicros: 500 });
  const second = { ...entry, answer: anAnswer({ content: 'two', costMicros: 7 }) };
  await expect(stores.transcripts.journal(asking, second)).resolves.toEqual(anAnswer());
  await expect(budget()).resolves.toMatchObject({ reservedMicros: 0, spentMicros: 500 });
  // Another asking that overlapped goes by the answer that stands, and is paid for by itself.
  const other = { ...asking, id: 'second' };
  await stores.spending.reserve(other, asked);
  await expect(stores.transcripts.journal(other, second)).resolves.toEqual(anAnswer());
  await expect(budget()).resolves.toMatchObject({ reservedMicros: 0, spentMicros: 507 });
  await expect(stores.transcripts.turn(run, nowhere)).resolves.toEqual({ answer: anAnswer(), messages: [] });
  const unpriced = anAnswer({ priced: false, costMicros: 9, model: { provider: 'groq', model: 'new' } });
  await stores.transcripts.journal({ ...asking, step: 1 }, { ...entry, answer: unpriced });
  await expect(stores.transcripts.modelCalls(run)).resolves.toMatchObject([
    { step: 0, provider: 'openai', model: 'm', finish: 'stop', promptHash: 'h', attempts: 3 },
    { step: 1, provider: 'groq', model: 'new', attempts: 1 },
  ]);
  const [one, two] = [
    { role: 'user' as const, content: '1' },
    { role: 'user' as const, content: '2' },
  ];
  await stores.transcripts.append(run, 0, [one]);
  await stores.transcripts.append(run, 0, [two, two]);
  await expect(stores.transcripts.load(run, 0, 2)).resolves.toEqual([one, two]);
  await expect(stores.transcripts.load(run, 0, 1)).resolves.toEqual([one]);
  await expect(stores.transcripts.load(run, 1, 2)).resolves.toEqual([two]);
  await expect(stores.transcripts.load(run, 1, 1)).resolves.toEqual([]);
  await expect(stores.transcripts.load(run, 0, 3)).rejects.toMatchObject({ code: 'not_found' });
  const first = await stores.transcripts.lines(run, { limit: 1 });
  expect(first.data).toMatchObject([{ seq: 0, message: one }]);
  const rest = await stores.transcripts.lines(run, { limit: 5, cursor: first.nextCursor ?? '' });
  expect(rest).toMatchObject({ data: [{ seq: 1, message: two }], nextCursor: null });
  await stores.transcripts.recordTool(run, toolCall(2), toolResult('said'));
  await stores.transcripts.recordTool(run, toolCall(2, { tool: 'other' }), toolResult('said again'));
  await expect(stores.transcripts.load(run, 2, 3)).resolves.toEqual([toolResult('said')]);
  await expect(stores.transcripts.usage(run)).resolves.toEqual({
    ...{ modelCalls: 2, toolCalls: 1, inputTokens: 60, cachedTokens: 20, outputTokens: 8, reasoningTokens: 2 },
    ...{ costMicros: 509, unpricedCalls: 1 },
  });
});

test('the log of tool calls is read by run, by agent or whole, newest first, and keeps what a vendor gave as it can', async () => {
  const tenantId = await aTenant(stores);
  const [one, two] = [
    { tenantId, runId: aRunId() },
    { tenantId, runId: aRunId() },
  ];
  for (const seq of [1, 2, 3]) await stores.transcripts.recordTool(one, toolCall(seq), toolResult(''));
  await stores.transcripts.recordTool(two, toolCall(1, { agentId: 'b', receipt: 'a\0b \ud800' }), toolResult(''));
  const seqs = async (of: { runId?: RunId; agentId?: string }) =>
    (await stores.transcripts.toolCalls(tenantId, of, { limit: 10 })).data.map(({ seq }) => seq);
  await expect(seqs({})).resolves.toEqual([1, 3, 2, 1]);
  await expect(seqs({ runId: one.runId })).resolves.toEqual([3, 2, 1]);
  await expect(seqs({ agentId: 'b' })).resolves.toEqual([1]);
  const first = await stores.transcripts.toolCalls(tenantId, {}, { limit: 1 });
  expect(first.data).toMatchObject([{ runId: two.runId, receipt: 'a\uFFFDb \uFFFD', ms: 1 }]);
  const rest = await stores.transcripts.toolCalls(tenantId, {}, { limit: 9, cursor: first.nextCursor ?? '' });
  expect(rest).toMatchObject({ data: [{ seq: 3 }, { seq: 2 }, { seq: 1 }], nextCursor: null });
  const rival = await aTenant(stores);
  await expect(stores.transcripts.toolCalls(rival, { runId: one.runId }, { limit: 9 })).resolves.toMatchObject({
    data: [],
  });
});

test('a run begins once and ends once; parts are listed under what they are a part of', async () => {
  const [tenantId, rival] = [await aTenant(stores), await aTenant(stores)];
  const crew = await begin(tenantId, { subject: 'OnboardingCrew', kind: 'crew' });
  const part = await begin(tenantId, { subject: 'a', parentRunId: crew.runId });
  await begin(tenantId, { subject: 'other', runId: crew.runId });
  await expect(stores.agentRuns.get(crew)).resolves.toMatchObject({
    subject: 'OnboardingCrew',
    state: 'running',
    limits,
  });
  // Who started it may have said so first, who runs it knows by what it goes: in either order.
  const early = { subject: 'a', runId: aRunId(), pin: null, version: null };
  const unpinned = await begin(tenantId, { ...early, parentRunId: crew.runId });
  await begin(tenantId, { subject: 'a', runId: early.runId, version: 3, limits: { ...limits, steps: 2 } });
  await begin(tenantId, early);
  await expect(stores.agentRuns.get(unpinned)).resolves.toMatchObject({
    ...{ version: 3, pinHash: 'pinned', limits: { ...limits, steps: 2 }, parentRunId: crew.runId },
  });
  const error = { code: 'llm_bad_output', message: 'It said “a\0b”.' };
  await stores.agentRuns.end(part, { state: 'failed', error, replyId: null });
  await stores.agentRuns.end(part, { state: 'completed', error: null, replyId: uuid() });
  const ended = await stores.agentRuns.get(part);
  expect(ended).toMatchObject({ state: 'failed', error, replyId: null, pinHash: 'pinned', toolsetHash: 'tools' });
  expect(ended.endedAt).not.toBeNull();
  const page = { limit: 10 };
  const parts = await stores.agentRuns.list(tenantId, { under: crew.runId }, page);
  expect(parts).toMatchObject({ data: [{ runId: early.runId }, ended] });
  const [owner, stranger] = [UserId.parse(ended.startedBy), UserId.parse(uuid())];
  const by = async (startedBy: UserId) =>
    (await stores.agentRuns.list(tenantId, { under: crew.runId, startedBy }, page)).data.length;
  await expect(Promise.all([by(owner), by(stranger)])).resolves.toEqual([1, 0]);
  const alone = await stores.agentRuns.list(tenantId, {}, page);
  expect(alone.data.map(({ runId }) => runId)).toEqual([crew.runId]);
  await expect(stores.agentRuns.list(tenantId, { subject: 'a' }, page)).resolves.toMatchObject({ data: [] });
  await expect(stores.agentRuns.get({ tenantId: rival, runId: crew.runId })).rejects.toMatchObject({
    code: 'not_found',
  });
  await expect(stores.agentRuns.list(rival, { under: crew.runId }, page)).resolves.toMatchObject({ data: [] });
});

test('figures of an agent: runs, times, tokens and money of those that began in that time, trials left out', async () => {
  const tenantId = await aTenant(stores);
  const done = await begin(tenantId, { subject: 'a' });
  const failed = await begin(tenantId, { subject: 'a' });
  const trial = await begin(tenantId, { subject: 'a', sandbox: true });
  await begin(tenantId, { subject: 'b', kind: 'conversation' });
  await begin(tenantId, { subject: 'crew', kind: 'crew' });
  for (const run of [done, trial])
    await stores.transcripts.journal({ run, step: 0, id: 'a' }, { agentId: 'a', answer: anAnswer(), promptHash: 'h' });
  for (const [seq, ok] of [true, false].entries())
    await stores.transcripts.recordTool(done, toolCall(seq, { ok }), toolResult(''));
  await stores.agentRuns.end(done, { state: 'completed', error: null, replyId: null });
  await stores.agentRuns.end(failed, { state: 'failed', error: { code: 'bug', message: 'm' }, replyId: null });
  await fresh.db.inTenant(tenantId, (tx) =>
    tx.query(
      sql.typeAlias('nothing')`UPDATE agent_runs SET ended_at = started_at + interval '2 s' WHERE state <> 'running'`,
    ),
  );
  const [from, to] = [new Date(Date.now() - 60_000).toISOString(), new Date(Date.now() + 60_000).toISOString()];
  const of = { cancelled: 0, cachedTokens: 0, inputTokens: 0, outputTokens: 0, costMicros: 0 };
  const figures = {
    ...{ agentId: 'a', runs: 2, succeeded: 1, failed: 1, cancelled: 0, latencyP50Ms: 2000, latencyP95Ms: 2000 },
    ...{ firstTokenP50Ms: 12, modelCalls: 1, toolCalls: 2, toolErrors: 1 },
    ...{ inputTokens: 30, cachedTokens: 10, outputTokens: 4, costMicros: 500 },
  };
  const idle = {
    ...{ agentId: 'b', runs: 1, succeeded: 0, failed: 0, latencyP50Ms: null, latencyP95Ms: null },
    ...{ ...of, firstTokenP50Ms: null, modelCalls: 0, toolCalls: 0, toolErrors: 0 },
  };
  await expect(stores.agentRuns.metrics(tenantId, from, to)).resolves.toEqual([figures, idle]);
  await expect(stores.agentRuns.metrics(tenantId, from, to, 'b')).resolves.toEqual([idle]);
  await expect(stores.agentRuns.metrics(tenantId, to, to)).resolves.toEqual([]);
  await expect(stores.agentRuns.metrics(await aTenant(stores), from, to)).resolves.toEqual([]);
});
