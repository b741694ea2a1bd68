import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { defineAgent } from '../agents/define.ts';
import type { AgentSettings } from '../ports/agents.ts';
import type { Decision } from '../ports/approvals.ts';
import { OperationId, RunId, UserId } from '../ports/ids.ts';
import type { TenantId } from '../ports/ids.ts';
import { approvalWorkflowId } from '../ports/operations.ts';
import { spendScopes } from '../ports/spending.ts';
import { agentsOf, anAgent, aTenantWith, startAgent } from '../workers/testing/agents.ts';
import { aConnectedSite } from '../workers/testing/connected-site.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { until } from '../workers/testing/until.ts';
import { decideUpdate } from './approval.ts';
import * as messages from './lib/agent-messages.ts';

const Reply = z.strictObject({ summary: z.string(), ids: z.array(z.string()) });
const catalogue = agentsOf(
  anAgent(),
  defineAgent({ ...anAgent({ id: 'Reporter' }), reply: { name: 'Report', schema: Reply, cites: ({ ids }) => ids } }),
  anAgent({ id: 'Writer', tools: ['list_content', 'cms_write'] }),
);

let ground: Ground;
beforeAll(async () => {
  const LLM_KEYS = JSON.stringify({ groq: { apiKey: 'emulator-groq' } });
  ground = await openGround({ catalogue, env: { LLM_KEYS } });
  await ground.worker.start();
});
afterAll(() => ground.close());

const models = () => ground.emulator.control.models;
const paid = (script: string) =>
  models()
    .calls(script)
    .filter(({ kind }) => kind === 'answered').length;
const by = { actor: { userId: UserId.parse('5f1c6d5c-0a5e-4b5c-9a63-0f6a2c1d9e10'), role: 'tenant_admin' as const } };

const aTenant = (settings: Partial<AgentSettings> = {}) => aTenantWith(ground.ports, catalogue, undefined, settings);
const aSite = async (name: string, settings: Partial<AgentSettings> = {}) => {
  const { tenantId } = await aConnectedSite(ground, name, { posts: 5 });
  return aTenantWith(ground.ports, catalogue, tenantId, settings);
};
const textOf = async (tenantId: TenantId, id: string) =>
  ((await ground.ports.content.get(tenantId, id)) as { text: string }).text;
const transcriptOf = async (tenantId: TenantId, runId: RunId) =>
  (await ground.ports.transcripts.lines({ tenantId, runId }, { limit: 1000 })).data.map(({ message }) => message);
const pending = (tenantId: TenantId) =>
  until(
    'a question to people',
    () => ground.ports.approvals.list(tenantId, 'pending'),
    (all) => all.length > 0,
  ).then((all) => {
    const [first] = all;
    if (!first) throw new Error('nobody was asked');
    return first;
  });
const decide = async (tenantId: TenantId, kind: Decision['kind'], contentId?: string) => {
  const { id, contentHash, contentId: shown } = await pending(tenantId);
  await ground.client.workflow.getHandle(approvalWorkflowId(tenantId, id)).executeUpdate(decideUpdate, {
    args: [{ kind, contentHash, contentId: contentId ?? shown, commentId: null, ...by }],
  });
  return { id, shown: await ground.ports.content.get(tenantId, shown) };
};
const site = (name: string) => ground.emulator.control.wordpress.site(name);
const list = (n: number) => ({ name: 'list_content', arguments: { resource: 'posts', limit: n } });

describe('a run', () => {
  test('calls tools until its answer can be used; reads of one turn run beside each other and stand in the model’s order', async () => {
    const tenantId = await aSite('loop');
    models().script('reads', [{ calls: [list(1), list(2), list(3)] }, { text: 'All read.' }]);
    const { runId, run } = await startAgent(ground, tenantId, 'reads');
    const result = await run.result();
    expect(await textOf(tenantId, result.reply.id)).toBe('All read.');
    expect(result).toMatchObject({
      runId,
      agentId: 'Tester',
      flagged: false,
      undo: [],
      used: { steps: 2, toolCalls: 3 },
    });
    const all = await transcriptOf(tenantId, runId);
    expect(all.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'tool', 'tool', 'tool', 'assistant']);
    const asked = all[2]?.role === 'assistant' ? all[2].toolCalls.map(({ id }) => id) : [];
    expect(all.flatMap((message) => (message.role === 'tool' ? [message.toolCallId] : []))).toEqual(asked);
    await expect(ground.ports.agentRuns.get({ tenantId, runId })).resolves.toMatchObject({
      ...{ state: 'completed', replyId: result.reply.id, error: null, version: 1 },
    });
  });

  test('C83: a bad reply is sent back twice with what is wrong, and there is no third try', async () => {
    const tenantId = await aTenant();
    models().script('mended', [
      { text: 'no JSON' },
      { json: { summary: 'ok', ids: ['77'] } },
      { json: { summary: 'ok', ids: [] } },
    ]);
    const mended = await startAgent(ground, tenantId, 'mended', { agentId: 'Reporter' });
    const { reply } = await mended.run.result();
    await expect(ground.ports.content.get(tenantId, reply.id)).resolves.toEqual({ summary: 'ok', ids: [] });
    const said = (await transcriptOf(tenantId, mended.runId)).map(({ content }) => content);
    expect(said).toContainEqual(expect.stringContaining('it is not valid JSON'));
    expect(said).toContainEqual(expect.stringContaining('it cites 77'));
    models().script('hopeless', [{ text: 'no JSON', repeat: true }]);
    const hopeless = await startAgent(ground, tenantId, 'hopeless', { agentId: 'Reporter' });
    await expect(hopeless.run.result()).rejects.toMatchObject({ cause: { type: 'llm_bad_output' } });
    expect(paid('hopeless')).toBe(3);
    await expect(ground.ports.agentRuns.get({ tenantId, runId: hopeless.runId })).resolves.toMatchObject({
      ...{ state: 'failed', error: { code: 'llm_bad_output' } },
    });
  });

  test('calls that nobody understands go back to the model as text; after two mended turns it is given up', async () => {
    const tenantId = await aTenant();
    models().script('garbled', [
      { calls: [{ name: 'list_content', arguments: '{"resource": "posts", ' }] },
      { calls: [{ name: 'drop_tables', arguments: {} }] },
      { text: 'Sorry.' },
    ]);
    const { runId, run } = await startAgent(ground, tenantId, 'garbled');
    await run.result();
    const told = (await transcriptOf(tenantId, runId))
      .filter(({ role }) => role === 'tool')
      .map(({ content }) => content);
    expect(told).toEqual([expect.stringContaining('not valid JSON'), expect.stringContaining('drop_tables')]);
    models().script('garbage', [{ calls: [{ name: 'drop_{{step}}', arguments: {} }], repeat: true }]);
    const hopeless = await startAgent(ground, tenantId, 'garbage');
    await expect(hopeless.run.result()).rejects.toMatchObject({ cause: { type: 'llm_bad_output' } });
    expect(paid('garbage')).toBe(3);
  });

  test('C88: the same call again and again gets one nudge and then ends, after four paid turns and three reads', async () => {
    const tenantId = await aSite('circles');
    models().script('circles', [{ calls: [list(1)], repeat: true }]);
    const { runId, run } = await startAgent(ground, tenantId, 'circles');
    await expect(run.result()).rejects.toMatchObject({ cause: { type: 'loop_stopped' } });
    expect(paid('circles')).toBe(5);
    const told = (await transcriptOf(tenantId, runId))
      .filter(({ role }) => role === 'tool')
      .map(({ content }) => content);
    expect(told).toHaveLength(4);
    expect(told.at(-1)).toContain('this call was not made');
  });
});

describe('models that cannot answer', () => {
  const chain = { fallbacks: [{ provider: 'groq' as const, model: 'openai/gpt-oss-120b' }] };

  test('C83: an exhausted quota is no rate limit: the next model of the chain answers at once, and no tool runs twice', async () => {
    const tenantId = await aSite('quota', chain);
    models().script('quota', [
      { calls: [list(1)] },
      { text: 'Done.', faults: [{ kind: 'quota', times: 'always', provider: 'openai' }] },
    ]);
    const { runId, run } = await startAgent(ground, tenantId, 'quota');
    await run.result();
    expect(
      models()
        .calls('quota')
        .map(({ provider, kind }) => `${provider} ${kind}`),
    ).toEqual(['openai answered', 'openai quota', 'groq answered']);
    const { data: items } = await ground.ports.transcripts.toolCalls(tenantId, { runId }, { limit: 10 });
    expect(items).toHaveLength(1);
  });

  test('C83: a model that refuses the request is asked once; the next one may do it, and without a next one the run ends', async () => {
    const faults = [{ kind: 'bad' as const, times: 'always' as const, provider: 'openai' }];
    models().script('refused', [{ text: 'Done.', faults }]);
    await (await startAgent(ground, await aTenant(chain), 'refused')).run.result();
    const alone = await startAgent(ground, await aTenant(), 'refused');
    await expect(alone.run.result()).rejects.toMatchObject({ cause: { type: 'llm_bad_request' } });
    const asked = models().calls('refused');
    expect(asked.map(({ provider, kind }) => `${provider} ${kind}`)).toEqual([
      'openai bad',
      'groq answered',
      'openai bad',
    ]);
  });

  test('C83: with no model left it waits, says for what, tells people once, and goes on when a key or quota is there', async () => {
    const tenantId = await aTenant();
    let refused = true;
    models().script('waits', [
      () => ({ text: 'Here again.', faults: refused ? [{ kind: 'quota', times: 'always' }] : [] }),
    ]);
    const { run } = await startAgent(ground, tenantId, 'waits');
    await until(
      'a wait',
      () => run.query(messages.progressQuery),
      ({ waiting }) => waiting === 'quota',
    );
    expect(paid('waits')).toBe(0);
    refused = false;
    await run.signal(messages.modelsChangedSignal);
    await run.result();
    expect(paid('waits')).toBe(1);
  });

  test('C83: a rate limit is waited out for as long as the provider says, in the same turn', async () => {
    const tenantId = await aTenant();
    models().script('rate', [{ text: 'Now.', faults: [{ kind: 'rate', retryAfterMs: 700 }] }]);
    await (await startAgent(ground, tenantId, 'rate')).run.result();
    const [first, second] = models().calls('rate');
    expect([first?.kind, second?.kind]).toEqual(['rate', 'answered']);
    expect(Date.parse(second?.at ?? '') - Date.parse(first?.at ?? '')).toBeGreaterThanOrEqual(700);
  });

  test('what does not fit into the context is summed up once, and the run goes on with its task and its last turns', async () => {
    const tenantId = await aSite('crowded');
    models().script('crowded', [
      { when: '<material>.*\\[user\\] Play', text: 'SUMMARY: three lists were read.' },
      ...[1, 2, 3, 4].map((n) => ({ calls: [list(n)] })),
      { text: 'Done.', faults: [{ kind: 'overflow' as const }] },
    ]);
    const { runId, run } = await startAgent(ground, tenantId, 'crowded');
    const { used } = await run.result();
    expect(used.steps).toBe(6);
    const last = models().prompts('crowded').at(-1) ?? '';
    expect(last).toContain('SUMMARY: three lists were read.');
    expect(last).toContain('Play [[script:crowded]]');
    expect(await transcriptOf(tenantId, runId)).toHaveLength(2 + 8 + 1 + 6 + 1);
  });
});

describe('people', () => {
  test('C87: a change of a system is made as approved, once, and what a person edited is what is done and what the model hears', async () => {
    const tenantId = await aSite('edits');
    const write = {
      name: 'cms_write',
      arguments: { resource: 'posts', fields: { title: 'Draft', content: 'By the agent' } },
    };
    models().script('edits', [{ calls: [write] }, { text: 'Written.' }]);
    const operationId = OperationId.parse(randomUUID());
    const { runId, run } = await startAgent(ground, tenantId, 'edits', { agentId: 'Writer', operationId });
    await ground.ports.operations.begin({
      ...{ id: operationId, scope: tenantId, workflowId: run.workflowId, kind: 'runAgent' },
      ...{ startedBy: by.actor.userId, idempotencyKey: null },
    });
    const approval = await pending(tenantId);
    const shown = (await ground.ports.content.get(tenantId, approval.contentId)) as {
      arguments: typeof write.arguments;
    };
    expect(shown).toMatchObject({ tool: 'cms_write', arguments: write.arguments, warning: null });
    expect(approval).toMatchObject({
      kind: 'decision',
      requestedBy: expect.any(String),
      policy: { roles: ['tenant_admin'] },
    });
    const edited = await ground.ports.content.put(tenantId, {
      ...shown,
      arguments: { resource: 'posts', fields: { title: 'Better', content: 'By a person' } },
    });
    await decide(tenantId, 'edit', edited.id);
    await run.result();
    await expect(ground.ports.operations.get(tenantId, operationId)).resolves.toMatchObject({ outcome: 'completed' });
    const story = (await ground.ports.operations.eventsAfter(0, [operationId])).map(
      ({ step, state }) => `${step} ${state}`,
    );
    expect(story).toEqual(
      expect.arrayContaining(['run started', `approval/${approval.id} completed`, 'run completed']),
    );
    expect(JSON.stringify(site('edits').items('posts'))).toMatch(/Better.*By a person/);
    expect(JSON.stringify(site('edits').items('posts'))).not.toContain('By the agent');
    const told = (await transcriptOf(tenantId, runId))
      .filter(({ role }) => role === 'tool')
      .map(({ content }) => content);
    expect(told).toEqual([expect.stringMatching(/A person changed the arguments.*By a person.*"done":true/s)]);
    const { data: ledger } = await ground.ports.transcripts.toolCalls(tenantId, { runId }, { limit: 5 });
    expect(ledger).toMatchObject([
      { tool: 'cms_write', effect: 'write', ok: true, approvalId: approval.id, receipt: expect.any(String) },
    ]);
  });

  test('C85: a run that comes to a limit pauses and asks; approved, it goes on from where it was, rejected, it ends', async () => {
    const tenantId = await aSite('limits');
    models().script('limits', [{ calls: [list(1)] }, { calls: [list(2)] }, { text: 'Done.' }]);
    const limits = { steps: 2 };
    const first = await startAgent(ground, tenantId, 'limits', { limits });
    const { shown } = await decide(tenantId, 'approve');
    expect(shown).toMatchObject({ tool: 'raise_limit', arguments: { to: 4 }, preview: { what: 'steps', limit: 2 } });
    await first.run.result();
    expect(paid('limits')).toBe(3);
    const second = await startAgent(ground, tenantId, 'limits', { limits });
    await decide(tenantId, 'reject');
    await expect(second.run.result()).rejects.toMatchObject({ cause: { type: 'limit_reached' } });
    expect(paid('limits')).toBe(5);
  });

  test('C85: no call is made that its budget does not cover; the budget is raised by a person, or the run ends', async () => {
    const tenantId = await aTenant();
    models().script('money', [{ text: 'Paid.' }]);
    const poor = { limits: { micros: 1 } };
    const first = await startAgent(ground, tenantId, 'money', poor);
    const { shown } = await decide(tenantId, 'approve');
    expect(shown).toMatchObject({ preview: { what: 'money', scope: `run/${first.runId}` } });
    await first.run.result();
    const second = await startAgent(ground, tenantId, 'money', poor);
    await pending(tenantId);
    expect(paid('money')).toBe(1);
    const raised = { ...by, limits: { micros: 5_000_000 } };
    await expect(
      second.run.executeUpdate(messages.setLimitsUpdate, {
        args: [{ ...raised, actor: { ...by.actor, role: 'tenant_user' } }],
      }),
    ).rejects.toMatchObject({ cause: { type: 'forbidden' } });
    await second.run.executeUpdate(messages.setLimitsUpdate, { args: [raised] });
    await second.run.result();
    await expect(ground.ports.approvals.list(tenantId, 'withdrawn')).resolves.toHaveLength(1);
  });

  test('whoever may not raise limits may lower them, from the start on: what is raised is known once there is a plan', async () => {
    const tenantId = await aTenant();
    models().script('lowered', [{ text: 'Done.', delayMs: 500 }]);
    let plan = (): void => undefined;
    const planned = new Promise<void>((resolve) => (plan = resolve));
    const { settings } = ground.ports.agents;
    const restore = ground.withPort({ agents: { settings: (...given) => planned.then(() => settings(...given)) } });
    const { run } = await startAgent(ground, tenantId, 'lowered');
    const actor = { ...by.actor, role: 'tenant_user' as const };
    const set = (limits: { steps: number }) =>
      run.startUpdate(messages.setLimitsUpdate, { args: [{ actor, limits }], waitForStage: 'ACCEPTED' });
    const [lowered, raised] = await Promise.all([set({ steps: 5 }), set({ steps: 500 })]);
    plan();
    restore();
    await expect(lowered.result()).resolves.toMatchObject({ limits: { steps: 5 } });
    await expect(raised.result()).rejects.toMatchObject({ cause: { type: 'forbidden' } });
    await run.result();
  });

  test('a run that asks for more money looks again when a budget is raised elsewhere: it goes on, and nobody is asked any more', async () => {
    const tenantId = await aTenant();
    const scope = spendScopes.month(new Date().toISOString());
    await ground.ports.spending.setLimit(tenantId, scope, 1);
    models().script('month', [{ text: 'Done.' }]);
    const { run } = await startAgent(ground, tenantId, 'month');
    const { workflowId } = run;
    const { id } = await pending(tenantId);
    const found = () => ground.client.workflow.count(`WorkflowId = "${workflowId}" AND BlockedBy = "approval"`);
    await until('the run is seen to wait', found, ({ count }) => count === 1);
    // Not enough yet: people are asked anew, for what is missing now.
    await ground.ports.spending.setLimit(tenantId, scope, 2);
    await ground.ports.workflows.wakeSpenders(tenantId);
    const asked = () => ground.ports.approvals.list(tenantId, 'pending');
    await until('another question', asked, ([first]) => first !== undefined && first.id !== id);
    expect(paid('month')).toBe(0);
    await ground.ports.spending.setLimit(tenantId, scope, 5_000_000);
    await until('the run is seen to wait again', found, ({ count }) => count === 1);
    await ground.ports.workflows.wakeSpenders(tenantId);
    await run.result();
    expect(paid('month')).toBe(1);
    await until('nobody is asked', asked, (all) => all.length === 0);
  });

  test('pause a run between two of its steps, tell it something meanwhile, and have another model go on', async () => {
    const tenantId = await aSite('steered');
    models().script('steered', [{ calls: [list(1)], delayMs: 300 }, { text: 'Heard.' }]);
    const { runId, run } = await startAgent(ground, tenantId, 'steered');
    await until(
      'the first turn',
      async () => models().calls('steered').length,
      (asked) => asked === 1,
    );
    await run.executeUpdate(messages.pauseUpdate, { args: [by] });
    const content = await ground.ports.content.put(tenantId, { text: 'Only the newest, please.' });
    await run.executeUpdate(messages.steerUpdate, { args: [{ ...by, content }] });
    const model = { provider: 'groq' as const, model: 'openai/gpt-oss-120b' };
    await run.executeUpdate(messages.swapModelUpdate, { args: [{ ...by, model }] });
    await until(
      'a pause',
      () => run.query(messages.progressQuery),
      ({ used, waiting }) => used.steps === 1 && waiting === 'paused',
    );
    models().script('meanwhile', [{ text: 'Somebody else’s.' }]);
    await (await startAgent(ground, tenantId, 'meanwhile')).run.result();
    expect(models().calls('steered')).toHaveLength(1);
    await run.executeUpdate(messages.resumeUpdate, { args: [by] });
    await run.result();
    expect(
      models()
        .calls('steered')
        .map(({ provider }) => provider),
    ).toEqual(['openai', 'groq']);
    const said = (await transcriptOf(tenantId, runId)).map(({ role, content: text }) => `${role}: ${text}`);
    expect(said.at(-2)).toBe('user: Only the newest, please.');
  });

  test('a run that is paused while people are asked does what they approved once it goes on, and not before', async () => {
    const tenantId = await aSite('held');
    const write = { name: 'cms_write', arguments: { resource: 'posts', fields: { title: 'Held', content: 'Held' } } };
    models().script('held', [{ calls: [write] }, { text: 'Written.' }]);
    const { run } = await startAgent(ground, tenantId, 'held', { agentId: 'Writer' });
    await pending(tenantId);
    await run.executeUpdate(messages.pauseUpdate, { args: [by] });
    await decide(tenantId, 'approve');
    await until(
      'a pause',
      () => run.query(messages.progressQuery),
      ({ waiting }) => waiting === 'paused',
    );
    // Time enough for a write.
    models().script('aside', [{ text: 'Somebody else’s.' }]);
    await (await startAgent(ground, tenantId, 'aside')).run.result();
    expect(JSON.stringify(site('held').items('posts'))).not.toContain('Held');
    await run.executeUpdate(messages.resumeUpdate, { args: [by] });
    await run.result();
    expect(JSON.stringify(site('held').items('posts'))).toContain('Held');
  });

  test('what is said while earlier words are being heard is heard next', async () => {
    const tenantId = await aSite('twice');
    models().script('twice', [
      { calls: [list(1)], delayMs: 200 },
      { text: 'Heard.', repeat: true },
    ]);
    const { runId, run } = await startAgent(ground, tenantId, 'twice');
    const steer = async (text: string) => {
      const content = await ground.ports.content.put(tenantId, { text });
      return { id: content.id, say: () => run.executeUpdate(messages.steerUpdate, { args: [{ ...by, content }] }) };
    };
    const [first, second] = [await steer('First words.'), await steer('Second words.')];
    const { get } = ground.ports.content;
    let said: Promise<unknown> | undefined;
    const undo = ground.withPort({
      content: {
        get: async (tenant, id) => {
          // The first is being heard, and the second comes.
          if (id === first.id) await (said ??= second.say());
          return get(tenant, id);
        },
      },
    });
    await first.say();
    await run.result().finally(undo);
    const words = (await transcriptOf(tenantId, runId)).filter(({ role }) => role === 'user');
    expect(words.slice(1).map(({ content }) => content)).toEqual(['First words.', 'Second words.']);
  });

  test('what is said while the answer is looked at is answered; then nothing is heard any more, and a cancel comes too late', async () => {
    const tenantId = await aTenant();
    models().script('last', [{ text: 'First answer.' }, { text: 'Second answer.' }]);
    const [ending, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { content, agentRuns } = ground.ports;
    const [put, close] = [content.put, agentRuns.end];
    const words = await put(tenantId, { text: 'And this?' });
    const { runId, run, steer } = await startAgent(ground, tenantId, 'last').then((started) => ({
      ...started,
      steer: () => started.run.executeUpdate(messages.steerUpdate, { args: [{ ...by, content: words }] }),
    }));
    const undo = ground.withPort({
      content: {
        put: async (tenant, body) => {
          if (JSON.stringify(body).includes('First answer.')) await steer();
          return put(tenant, body);
        },
      },
      agentRuns: {
        end: async (...given) => {
          ending.resolve();
          await end.promise;
          return close(...given);
        },
      },
    });
    await ending.promise;
    await run.cancel();
    await expect(steer()).rejects.toMatchObject({ cause: { type: 'conflict' } });
    end.resolve();
    const { reply } = await run.result().finally(undo);
    expect(await textOf(tenantId, reply.id)).toBe('Second answer.');
    await expect(ground.ports.agentRuns.get({ tenantId, runId })).resolves.toMatchObject({ state: 'completed' });
  });

  test('C85: a part of a crew that fails takes back what it created, the last first; a run of its own keeps it', async () => {
    const auto = { consents: { cms_write: { kind: 'auto' as const } } };
    const tenantId = await aSite('undone', auto);
    const post = (title: string) => ({
      name: 'cms_write',
      arguments: { resource: 'posts', fields: { title, content: title } },
    });
    models().script('undone', [
      { calls: [post('First'), post('Second')] },
      { text: 'x', faults: [{ kind: 'bad', times: 'always' }] },
    ]);
    const before = site('undone').items('posts').length;
    const lineage = { crewRunId: RunId.parse(randomUUID()), parentRunId: null, path: [] };
    const part = await startAgent(ground, tenantId, 'undone', { agentId: 'Writer', lineage });
    await expect(part.run.result()).rejects.toMatchObject({ cause: { type: 'llm_bad_request' } });
    const trashed = () =>
      site('undone')
        .items('posts')
        .filter(({ status }) => status === 'trash').length;
    expect([site('undone').items('posts').length - before, trashed()]).toEqual([2, 2]);
    const alone = await startAgent(ground, tenantId, 'undone', { agentId: 'Writer' });
    await expect(alone.run.result()).rejects.toMatchObject({ cause: { type: 'llm_bad_request' } });
    expect([site('undone').items('posts').length - before, trashed()]).toEqual([4, 2]);
  });

  test('cancel a run: it ends as cancelled, and its question to people is withdrawn', async () => {
    const tenantId = await aSite('cancelled');
    const write = { name: 'cms_write', arguments: { resource: 'posts', fields: { title: 'Never', content: 'Never' } } };
    models().script('cancelled', [{ calls: [write] }, { text: 'Written.' }]);
    const { runId, run } = await startAgent(ground, tenantId, 'cancelled', { agentId: 'Writer' });
    const { id } = await pending(tenantId);
    await run.cancel();
    await expect(run.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    await expect(ground.ports.agentRuns.get({ tenantId, runId })).resolves.toMatchObject({ state: 'cancelled' });
    await expect(ground.ports.approvals.get(tenantId, id)).resolves.toMatchObject({ state: 'withdrawn' });
  });
});
