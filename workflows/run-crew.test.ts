import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { aMember } from '../adapters/postgres/testing-data.ts';
import { createCatalogue } from '../agents/index.ts';
import { openApi } from '../api/testing.ts';
import type { CrewSpec, CrewTask, OnFailure } from '../ports/crews.ts';
import { RunId, UserId } from '../ports/ids.ts';
import type { TenantId } from '../ports/ids.ts';
import { approvalWorkflowId, crewScheduleId, QUEUES, runAgentId, runCrewId } from '../ports/operations.ts';
import { spendScopes } from '../ports/spending.ts';
import { anAgent, aTenantWith, startAgent } from '../workers/testing/agents.ts';
import { aConnectedSite } from '../workers/testing/connected-site.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { reaches, until } from '../workers/testing/until.ts';
import { decideUpdate } from './approval.ts';
import { progressQuery as runQuery } from './lib/agent-messages.ts';
import { pauseUpdate, resumeUpdate, steerUpdate } from './lib/crew-state.ts';
import type { CrewProgress } from './lib/crew-state.ts';
import { runCrew } from './run-crew.ts';
import type { CrewInput } from './run-crew.ts';

const limits = { steps: 40, toolCalls: 60, tokens: 1_000_000, micros: 4_000_000 };
const play = (script: string, onFailure: OnFailure = { kind: 'fail' }, agentId = 'Tester'): CrewTask => ({
  ...{ agentId, brief: `Play [[script:${script}]]`, onFailure },
});
const steps = (id: string, ...all: CrewTask[][]): CrewSpec => ({
  ...{ id, title: id, description: id, process: { kind: 'steps', steps: all }, limits },
});

const catalogue = createCatalogue(
  [
    anAgent(),
    anAgent({ id: 'Other' }),
    anAgent({ id: 'Writer', tools: ['list_content', 'cms_write'] }),
    anAgent({ id: 'Starter', tools: ['run_crew'] }),
  ],
  [
    steps('Relay', [play('one'), play('two')], [play('three')]),
    steps('Retrying', [play('flaky', { kind: 'retry', times: 1 })]),
    steps('Hopeless', [play('hopeless', { kind: 'retry', times: 1 })]),
    steps('FallingBack', [play('broken', { kind: 'fallback', agentId: 'Other' })]),
    steps('Skipping', [play('lost', { kind: 'skip' }), play('kept')]),
    steps('Asking', [play('asked', { kind: 'ask' })]),
    steps('Undoing', [play('writes', { kind: 'fail' }, 'Writer')], [play('fails'), play('slow')]),
    steps('Waiting', [play('waits')], [play('after')]),
    {
      ...{ id: 'Managed', title: 'm', description: 'm', limits },
      process: { kind: 'manager', agentId: 'Tester', members: ['Other'], brief: 'Play [[script:manages]]' },
    },
  ],
);

let ground: Ground;
beforeAll(async () => {
  ground = await openGround({ catalogue });
  await ground.worker.start();
});
afterAll(() => ground.close());

const models = () => ground.emulator.control.models;
const startedBy = UserId.parse('5f1c6d5c-0a5e-4b5c-9a63-0f6a2c1d9e10');
const by = { actor: { userId: startedBy, role: 'tenant_admin' as const } };
const auto = { consents: { cms_write: { kind: 'auto' as const } } };

const aTenant = () => aTenantWith(ground.ports, catalogue);
const start = async (tenantId: TenantId, crewId: string, more: Partial<CrewInput> = {}) => {
  const runId = RunId.parse(randomUUID());
  const run = await ground.client.workflow.start(runCrew, {
    workflowId: runCrewId(tenantId, runId),
    taskQueue: QUEUES.operations,
    args: [{ tenantId, runId, crewId, startedBy, ...more }],
  });
  return { run, runId };
};
const textOf = async (tenantId: TenantId, id = '') =>
  ((await ground.ports.content.get(tenantId, id)) as { text: string }).text;
const partsOf = async (tenantId: TenantId, under: RunId) =>
  (await ground.ports.agentRuns.list(tenantId, { under }, { limit: 50 })).data;
const statesOf = async (tenantId: TenantId, under: RunId) =>
  (await partsOf(tenantId, under)).map(({ subject, state }) => `${subject} ${state}`).sort();

describe('steps', () => {
  test('tasks of one step work at once, the next step is given their replies, and the result names each part; one budget bounds all', async () => {
    const tenantId = await aTenant();
    models().script('one', [{ text: 'first view' }]);
    models().script('two', [{ text: 'second view' }]);
    models().script('three', [{ text: 'both in one' }]);
    const { control } = ground.emulator;
    const asking = { method: 'POST', path: '/openai/v1/chat/completions' };
    const before = control.requests(asking).length;
    control.fault({ match: asking, kind: 'hold', times: 2 });
    const { run, runId } = await start(tenantId, 'Relay');
    // Neither has its answer, and both are asked.
    await control.waitFor(asking, before + 2);
    control.faults.release();
    const { parts, reply } = await run.result();
    expect(await Promise.all(parts.map(({ reply: { id } }) => textOf(tenantId, id)))).toEqual([
      ...['first view', 'second view', 'both in one'],
    ]);
    expect(await textOf(tenantId, reply?.id)).toBe('both in one');
    const [prompt = ''] = models().prompts('three');
    expect(prompt).toContain('first view');
    expect(prompt).toContain('second view');
    await expect(statesOf(tenantId, runId)).resolves.toEqual([
      'Tester completed',
      'Tester completed',
      'Tester completed',
    ]);
    await expect(ground.ports.agentRuns.get({ tenantId, runId })).resolves.toMatchObject({
      ...{ kind: 'crew', subject: 'Relay', state: 'completed', replyId: reply?.id },
    });
    // One budget bounds them all, and each had its share of what was left.
    const budget = await ground.ports.spending.get(tenantId, spendScopes.crew(runId));
    expect(budget).toMatchObject({ limitMicros: limits.micros, reservedMicros: 0 });
    const usages = await Promise.all(
      parts.map((part) => ground.ports.transcripts.usage({ tenantId, runId: part.runId })),
    );
    expect(budget?.spentMicros).toBe(usages.reduce((sum, { costMicros }) => sum + costMicros, 0));
    const all = await Promise.all(parts.map((part) => ground.ports.agentRuns.get({ tenantId, runId: part.runId })));
    expect(all.map((part) => part.limits.steps)).toEqual([20, 20, 30]);
  });
});

describe('a part that fails', () => {
  test('is tried again, by the same agent or by another, as its task says', async () => {
    const tenantId = await aTenant();
    models().script('flaky', [{ text: 'at last', faults: [{ kind: 'bad', times: 1 }] }]);
    models().script('broken', [{ text: 'done by another', faults: [{ kind: 'bad', times: 1 }] }]);
    models().script('hopeless', [{ text: 'never', faults: [{ kind: 'bad', times: 'always' }] }]);
    const [again, other, hopeless] = await Promise.all([
      start(tenantId, 'Retrying'),
      start(tenantId, 'FallingBack'),
      start(tenantId, 'Hopeless'),
    ]);
    const { reply } = await again.run.result();
    expect(await textOf(tenantId, reply?.id)).toBe('at last');
    await expect(statesOf(tenantId, again.runId)).resolves.toEqual(['Tester completed', 'Tester failed']);
    await expect(other.run.result()).resolves.toMatchObject({ parts: [{ agentId: 'Other' }] });
    await expect(hopeless.run.result()).rejects.toMatchObject({ cause: { type: 'llm_bad_request' } });
    await expect(statesOf(tenantId, hopeless.runId)).resolves.toEqual(['Tester failed', 'Tester failed']);
  });

  test('is left out, and the crew goes on with the others', async () => {
    const tenantId = await aTenant();
    models().script('lost', [{ text: 'never', faults: [{ kind: 'bad', times: 'always' }] }]);
    models().script('kept', [{ text: 'kept' }]);
    const { run, runId } = await start(tenantId, 'Skipping');
    await expect(run.result()).resolves.toMatchObject({ parts: [{ agentId: 'Tester' }] });
    const { parts } = await run.query<CrewProgress>('progress');
    expect(parts.map(({ state, code }) => [state, code])).toEqual([
      ['skipped', 'llm_bad_request'],
      ['completed', null],
    ]);
    await expect(ground.ports.agentRuns.get({ tenantId, runId })).resolves.toMatchObject({ state: 'completed' });
  });

  test('waits for people, who have it tried again', async () => {
    const tenantId = await aTenant();
    models().script('asked', [{ text: 'mended', faults: [{ kind: 'bad', times: 1 }] }]);
    const { run } = await start(tenantId, 'Asking');
    const [question] = await until(
      'a question',
      () => ground.ports.approvals.list(tenantId, 'pending'),
      (all) => all.length > 0,
    );
    if (!question) throw new Error('nobody was asked');
    await expect(ground.ports.content.get(tenantId, question.contentId)).resolves.toMatchObject({
      ...{ agentId: 'Tester', code: 'llm_bad_request' },
    });
    const { id, contentHash, contentId } = question;
    await ground.client.workflow
      .getHandle(approvalWorkflowId(tenantId, id))
      .executeUpdate(decideUpdate, { args: [{ kind: 'approve', contentHash, contentId, commentId: null, ...by }] });
    const { reply } = await run.result();
    expect(await textOf(tenantId, reply?.id)).toBe('mended');
  });

  test('for good ends the crew: those beside it are stopped, and what parts before it wrote is undone', async () => {
    const { tenantId, site } = await aConnectedSite(ground, 'undo', { posts: 1 });
    await aTenantWith(ground.ports, catalogue, tenantId, auto);
    const before = site.items('posts').length;
    const fields = { title: 'By a crew', content: 'Soon gone', status: 'draft' };
    models().script('writes', [
      { calls: [{ name: 'cms_write', arguments: { resource: 'posts', fields } }] },
      { text: 'Written.' },
    ]);
    models().script('fails', [{ text: 'never', delayMs: 300, faults: [{ kind: 'bad', times: 'always' }] }]);
    models().script('slow', [{ text: 'too late', delayMs: 20_000 }]);
    const { run, runId } = await start(tenantId, 'Undoing');
    await until(
      'the post is there',
      () => site.items('posts').length,
      (count) => count === before + 1,
    );
    await expect(run.result()).rejects.toMatchObject({ cause: { type: 'llm_bad_request' } });
    expect(site.items('posts').filter(({ status }) => status !== 'trash')).toHaveLength(before);
    await expect(statesOf(tenantId, runId)).resolves.toEqual(['Tester cancelled', 'Tester failed', 'Writer completed']);
    await expect(ground.ports.agentRuns.get({ tenantId, runId })).resolves.toMatchObject({
      ...{ state: 'failed', error: { code: 'llm_bad_request' } },
    });
  });
});

test('a cancelled crew cancels its parts, and takes back what it did', async () => {
  const { tenantId, site } = await aConnectedSite(ground, 'cancelled', { posts: 1 });
  await aTenantWith(ground.ports, catalogue, tenantId, auto);
  const before = site.items('posts').length;
  const fields = { title: 'By a crew', content: 'Soon gone', status: 'draft' };
  models().script('writes', [
    { calls: [{ name: 'cms_write', arguments: { resource: 'posts', fields } }] },
    { text: 'Written.' },
  ]);
  models().script('fails', [{ text: 'too late', delayMs: 20_000 }]);
  models().script('slow', [{ text: 'too late', delayMs: 20_000 }]);
  const asked = () => ['fails', 'slow'].map((name) => models().calls(name).length);
  const earlier = asked();
  const { run, runId } = await start(tenantId, 'Undoing');
  await until('both parts ask their models', asked, (calls) => calls.every((count, n) => count > (earlier[n] ?? 0)));
  await run.cancel();
  await expect(run.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  expect(site.items('posts').filter(({ status }) => status !== 'trash')).toHaveLength(before);
  await expect(statesOf(tenantId, runId)).resolves.toEqual([
    'Tester cancelled',
    'Tester cancelled',
    'Writer completed',
  ]);
});

test('a crew that is cancelled when it stands as completed keeps what it did', async () => {
  const { tenantId, site } = await aConnectedSite(ground, 'too-late', { posts: 1 });
  await aTenantWith(ground.ports, catalogue, tenantId, auto);
  const before = site.items('posts').length;
  const fields = { title: 'By a crew', content: 'Stays', status: 'draft' };
  models().script('writes', [
    { calls: [{ name: 'cms_write', arguments: { resource: 'posts', fields } }] },
    { text: 'Written.' },
  ]);
  for (const name of ['fails', 'slow']) models().script(name, [{ text: 'Done.' }]);
  const { run, runId } = await start(tenantId, 'Undoing');
  const { end } = ground.ports.agentRuns;
  const undo = ground.withPort({
    agentRuns: {
      end: async (which, how) => {
        await end(which, how);
        if (which.runId !== runId || how.state !== 'completed') return;
        await run.cancel();
        // Answered by the workflow once it knows that it is cancelled.
        await run.executeUpdate(pauseUpdate, { args: [by] });
      },
    },
  });
  await expect(run.result().finally(undo)).resolves.toMatchObject({ runId });
  expect(site.items('posts').filter(({ status }) => status !== 'trash')).toHaveLength(before + 1);
});

test('what people say to a crew is heard by the part at work and told to all that begin later; paused, none begins', async () => {
  const tenantId = await aTenant();
  models().script('waits', [{ text: 'draft', delayMs: 600 }, { text: 'heard you' }]);
  models().script('after', [{ text: 'done' }]);
  const { run, runId } = await start(tenantId, 'Waiting');
  await until(
    'the first part asks its model',
    () => models().calls('waits').length,
    (calls) => calls === 1,
  );
  const said = await ground.ports.content.put(tenantId, { text: 'Mind the budget.' });
  await run.executeUpdate(steerUpdate, { args: [{ ...by, content: said }] });
  await run.executeUpdate(pauseUpdate, { args: [by] });
  await reaches<CrewProgress>(run, 'progress', ({ paused, parts }) => paused && parts.length === 1);
  await run.executeUpdate(resumeUpdate, { args: [by] });
  await run.result();
  expect(models().prompts('waits').at(-1)).toContain('Mind the budget.');
  expect(models().prompts('after')[0]).toContain('Mind the budget.');
  await expect(ground.ports.board.messages(tenantId, runId, 'Tester', 0)).resolves.toMatchObject([
    { from: 'people', content: said },
  ]);
});

test('a manager hands work to members of its crew only; each part is a run of its own within what it has left', async () => {
  const tenantId = await aTenant();
  models().script('manages', [
    { calls: [{ name: 'delegate_to_Other', arguments: { task: 'Play [[script:member]]' } }] },
    { calls: [{ name: 'delegate_to_Writer', arguments: { task: 'Play [[script:member]]' } }] },
    { text: 'Other made it.' },
  ]);
  models().script('member', [{ text: 'my part' }]);
  const { run, runId } = await start(tenantId, 'Managed', {
    brief: await ground.ports.content.put(tenantId, { brief: 'A letter to all customers.' }),
    flagged: true,
  });
  const { parts, reply, flagged } = await run.result();
  // Who started it had read orders: its parts are as careful.
  expect(flagged).toBe(true);
  expect(parts.map(({ agentId }) => agentId)).toEqual(['Other', 'Tester']);
  expect(await textOf(tenantId, reply?.id)).toBe('Other made it.');
  expect(models().prompts('manages')[0]).toContain('A letter to all customers.');
  expect(models().prompts('manages').at(-1)).toContain('there is no tool named delegate_to_Writer');
  const [member] = parts;
  const manager = parts[1];
  if (!member || !manager) throw new Error('a part is missing');
  const [managed, other] = await Promise.all(
    [manager.runId, member.runId].map((id) => ground.ports.agentRuns.get({ tenantId, runId: id })),
  );
  expect(managed).toMatchObject({ parentRunId: runId });
  expect(other).toMatchObject({ parentRunId: manager.runId });
  expect(other?.limits.steps).toBeLessThan(managed?.limits.steps ?? 0);
});

test('C84: a crew that a wary run starts begins wary, each of its parts: no write goes unasked, whatever the consents say', async () => {
  const { tenantId } = await aConnectedSite(ground, 'wary', { posts: 1 });
  const fields = { title: 'By a crew', content: 'Stays', status: 'draft' };
  const consents = { ...auto.consents, run_crew: { kind: 'auto' as const } };
  await aTenantWith(ground.ports, catalogue, tenantId, { consents });
  models().script('starts', [
    { calls: [{ name: 'run_crew', arguments: { crewId: 'Undoing' } }] },
    { text: 'It was started.' },
  ]);
  models().script('writes', [
    { calls: [{ name: 'cms_write', arguments: { resource: 'posts', fields } }] },
    { text: 'Not written.' },
  ]);
  for (const name of ['fails', 'slow']) models().script(name, [{ text: 'Done.' }]);
  const { run } = await startAgent(ground, tenantId, 'starts', { agentId: 'Starter', flagged: true });
  for (const [tool, kind] of [
    ['run_crew', 'approve'],
    ['cms_write', 'reject'],
  ] as const) {
    const [asked] = await until(
      `a question about ${tool}`,
      () => ground.ports.approvals.list(tenantId, 'pending'),
      (all) => all.length > 0,
    );
    if (!asked) throw new Error('nobody was asked');
    const { id, contentHash, contentId } = asked;
    await expect(ground.ports.content.get(tenantId, contentId)).resolves.toMatchObject({ tool });
    await ground.client.workflow
      .getHandle(approvalWorkflowId(tenantId, id))
      .executeUpdate(decideUpdate, { args: [{ kind, contentHash, contentId, commentId: null, ...by }] });
    await until(
      'its end',
      () => ground.ports.approvals.list(tenantId, 'pending'),
      (all) => all.every((one) => one.id !== id),
    );
  }
  await expect(run.result()).resolves.toMatchObject({ flagged: true });
});

/** The one part under a run. */
const onlyPart = async (tenantId: TenantId, under: RunId): Promise<RunId> =>
  RunId.parse((await partsOf(tenantId, under))[0]?.runId);
const cancelAlone = (tenantId: TenantId, runId: RunId) =>
  ground.client.workflow.getHandle(runAgentId(tenantId, runId)).cancel();

test('a member that is cancelled alone has failed: its manager hears so and goes on, and what the member used counts there', async () => {
  const tenantId = await aTenant();
  models().script('manages', [
    { calls: [{ name: 'delegate_to_Other', arguments: { task: 'Play [[script:stopped]]' } }] },
    { text: 'I made it myself.' },
  ]);
  models().script('stopped', [
    { calls: [{ name: 'list_content', arguments: { resource: 'posts', limit: 1 } }] },
    { text: 'too late', delayMs: 20_000 },
  ]);
  const { run, runId } = await start(tenantId, 'Managed');
  await until(
    'the second turn of the member',
    () => models().calls('stopped').length,
    (count) => count === 2,
  );
  const manager = await onlyPart(tenantId, runId);
  const member = await onlyPart(tenantId, manager);
  await cancelAlone(tenantId, member);
  const { reply } = await run.result();
  expect(await textOf(tenantId, reply?.id)).toBe('I made it myself.');
  expect(models().prompts('manages').at(-1)).toContain('it was cancelled by a person');
  await expect(ground.ports.agentRuns.get({ tenantId, runId: member })).resolves.toMatchObject({ state: 'cancelled' });
  await expect(ground.ports.agentRuns.get({ tenantId, runId })).resolves.toMatchObject({ state: 'completed' });
  const managed = ground.client.workflow.getHandle(runAgentId(tenantId, manager));
  const { used } = await managed.query(runQuery);
  const its = await ground.ports.transcripts.usage({ tenantId, runId: member });
  expect(its.modelCalls).toBeGreaterThan(0);
  expect([used.steps, used.toolCalls]).toEqual([2 + its.modelCalls, 1 + its.toolCalls]);
});

test('a crew whose part is cancelled alone has failed, and was not cancelled', async () => {
  const tenantId = await aTenant();
  models().script('waits', [{ text: 'too late', delayMs: 20_000 }]);
  const before = models().calls('waits').length;
  const { run, runId } = await start(tenantId, 'Waiting');
  await until(
    'the part asks its model',
    () => models().calls('waits').length,
    (count) => count > before,
  );
  await cancelAlone(tenantId, await onlyPart(tenantId, runId));
  await expect(run.result()).rejects.toMatchObject({ cause: { name: 'ApplicationFailure', type: 'cancelled' } });
  await expect(ground.ports.agentRuns.get({ tenantId, runId })).resolves.toMatchObject({
    ...{ state: 'failed', error: { code: 'cancelled', message: expect.stringContaining('cancelled by a person') } },
  });
});

test('by the API a crew is started once for each key, and its run tells its parts while they work', async () => {
  const tenantId = await aTenant();
  const person = await aMember(ground.ports, tenantId);
  await using api = await openApi({ ports: ground.ports, temporal: ground.client, catalogue });
  models().script('waits', [{ text: 'A draft, word by word, as long as somebody reads it.', pieceDelayMs: 150 }]);
  models().script('after', [{ text: 'done' }]);
  const { control } = ground.emulator;
  control.fault({ match: { method: 'POST', path: '/openai/v1/chat/completions' }, kind: 'hold' });
  const ask = () =>
    api.post('/api/v1/crews/Waiting/runs', {
      ...{ as: person, headers: { 'Idempotency-Key': 'monday' }, body: { brief: 'For the spring.' } },
    });
  const started = await ask();
  expect([started.status, started.headers.get('location')]).toEqual([
    202,
    `/api/v1/runs/${String(started.json['runId'])}`,
  ]);
  expect((await ask()).json['runId']).toBe(started.json['runId']);
  const { id, runId } = started.json as { id: string; runId: string };
  const detail = async () => (await api.get(`/api/v1/runs/${runId}`, { as: person })).json;
  const { parts } = (await until(
    'a part at work',
    detail,
    ({ parts: some }) => Array.isArray(some) && some.length === 1,
  )) as { parts: { runId: string }[] };
  const part = parts[0]?.runId as RunId;
  const streamed = api.get(`/api/v1/runs/${part}/stream`, { as: person });
  await until('somebody who reads', () => ground.ports.tokenStream.watched(tenantId, part), Boolean);
  control.faults.release();
  const { text } = await streamed;
  const pieces = [...text.matchAll(/^event: token\ndata: (.*)$/gm)].map(
    ([, data]) => JSON.parse(data ?? '') as { text: string },
  );
  expect(pieces.map((piece) => piece.text).join('')).toBe('A draft, word by word, as long as somebody reads it.');
  expect(text).toMatch(/event: settled\ndata: .*"state":"completed"/);
  await until('the crew is done', detail, ({ state }) => state === 'completed');
  expect(await detail()).toMatchObject({ kind: 'crew', reply: { text: 'done' }, parts: [{}, {}] });
  const operation = async () => (await api.get(`/api/v1/operations/${id}`, { as: person })).json;
  await until('its operation is settled', operation, ({ outcome }) => outcome === 'completed');
  expect(models().prompts('after').at(-1)).toContain('For the spring.');
});

test('a schedule starts runs of their own, and none beside one that is at work', async () => {
  const tenantId = await aTenant();
  models().script('waits', [{ text: 'long', delayMs: 3000 }]);
  models().script('after', [{ text: 'done' }]);
  const ref = { tenantId, crewId: 'Waiting', name: 'often' };
  const { workflows } = ground.ports;
  await workflows.ensureCrewSchedule(ref, { everyMs: 3_600_000, brief: null });
  await workflows.ensureCrewSchedule(ref, { everyMs: 7_200_000, brief: null });
  const schedule = ground.client.schedule.getHandle(crewScheduleId(tenantId, 'Waiting/often'));
  const { spec, policies } = await schedule.describe();
  expect(spec.intervals).toEqual([{ every: 7_200_000, offset: expect.any(Number) }]);
  expect(policies).toMatchObject({ overlap: 'SKIP' });
  await schedule.trigger('SKIP');
  const runs = () => ground.ports.agentRuns.list(tenantId, { subject: 'Waiting' }, { limit: 10 });
  const { data } = await until('a run of the crew', runs, (page) => page.data.length === 1);
  await schedule.trigger('SKIP');
  await until(
    'a tick was skipped',
    () => workflows.crewSchedule(ref),
    (found) => found?.skipped === 1,
  );
  await ground.client.workflow.getHandle(runCrewId(tenantId, RunId.parse(data[0]?.runId))).cancel();
  await workflows.deleteCrewSchedule(ref);
  await workflows.deleteCrewSchedule(ref);
  await expect(workflows.crewSchedule(ref)).resolves.toBeNull();
  await expect(workflows.listSyncSchedules(tenantId)).resolves.toEqual([]);
  expect((await runs()).data).toHaveLength(1);
});
