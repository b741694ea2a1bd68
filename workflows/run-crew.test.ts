import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { catalogue } from '../agents/index.ts';
import { AuditReply, ReportReply } from '../ports/agents.ts';
import { RunId } from '../ports/ids.ts';
import type { TenantId } from '../ports/ids.ts';
import { QUEUES, runAgentId, runCrewId } from '../ports/operations.ts';
import { aConnectedSite } from '../workers/testing/connected-site.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { runAgent } from './run-agent.ts';
import { runCrew } from './run-crew.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
  await ground.worker.start();
});
afterAll(() => ground.close());
beforeEach(() => ground.emulator.control.reset());

const MODEL_CALLS = { path: '/openai/v1/chat/completions' };
const modelCalls = () => ground.emulator.control.requests(MODEL_CALLS).length;

/** A tenant with agents and a connected site: what a crew works on. */
const aReadyTenant = async (site = 'crew', posts = 12) => {
  const { ports } = ground;
  const { tenantId } = await aConnectedSite(ground, site, { posts });
  const defaults = { provider: 'openai', model: null, temperature: 0.7, maxTokens: 2000, active: true };
  const agents = catalogue.agentIds().map((id) => ({ id, tools: catalogue.agent(id).tools }));
  await ports.agents.applyDefaults(tenantId, agents, defaults);
  return tenantId;
};

const startAudit = async () => {
  const tenantId = await aReadyTenant();
  const runId = RunId.parse(randomUUID());
  const run = await ground.client.workflow.start(runAgent, {
    workflowId: runAgentId(tenantId, runId),
    taskQueue: QUEUES.operations,
    args: [{ tenantId, runId, agentId: 'DigitalPresenceAudit', inputs: [] }],
  });
  return { tenantId, runId, run };
};

const runOnboardingCrew = (tenantId: TenantId) => {
  const runId = RunId.parse(randomUUID());
  return ground.client.workflow.execute(runCrew, {
    workflowId: runCrewId(tenantId, runId),
    taskQueue: QUEUES.operations,
    args: [{ tenantId, runId, crewId: 'OnboardingCrew' }],
  });
};

test('a crew audits a site by calling tools, and its report cites only content that exists', async () => {
  const tenantId = await aReadyTenant();
  const { parts } = await runOnboardingCrew(tenantId);
  expect(parts.map(({ agentId }) => agentId)).toEqual(['DigitalPresenceAudit', 'ReportGenerator']);
  const [audit, report] = await Promise.all(parts.map(({ reply }) => ground.ports.content.get(tenantId, reply.id)));
  const { findings } = AuditReply.parse(audit);
  const { citations } = ReportReply.parse(report);
  const { items } = await ground.ports.categories.cms.list({ tenantId }, 'posts', { limit: 100 });
  const ids = new Set(items.map(({ externalId }) => externalId));
  expect(citations.length).toBeGreaterThan(0);
  expect([...citations, ...findings.flatMap(({ contentIds }) => contentIds)].filter((id) => !ids.has(id))).toEqual([]);
});

test('a site without any content gets a report too, which cites nothing', async () => {
  const tenantId = await aReadyTenant('empty', 0);
  const { parts } = await runOnboardingCrew(tenantId);
  const report = await ground.ports.content.get(tenantId, parts.at(-1)?.reply.id ?? '');
  expect(ReportReply.parse(report).citations).toEqual([]);
});

test('a model that asks to wait is called again after the time it named', async () => {
  ground.emulator.control.openai.script({
    kind: 'error',
    status: 429,
    code: 'rate_limit_exceeded',
    headers: { 'retry-after': '1' },
  });
  const { run } = await startAudit();
  await run.result();
  const [first, second] = ground.emulator.control.requests(MODEL_CALLS);
  expect(Date.parse(String(second?.at)) - Date.parse(String(first?.at))).toBeGreaterThanOrEqual(1000);
});

test('a model endpoint that fails once costs one more call and nothing else', async () => {
  ground.emulator.control.openai.script({ kind: 'error', status: 500 });
  const { run } = await startAudit();
  await expect(run.result()).resolves.toMatchObject({ sha256: expect.any(String) });
});

test('an exhausted quota is not retried as a rate limit: the run fails at once', async () => {
  ground.emulator.control.openai.script({ kind: 'error', status: 429, code: 'insufficient_quota' });
  const { run } = await startAudit();
  await expect(run.result()).rejects.toMatchObject({ cause: { type: 'llm_quota' } });
  expect(modelCalls()).toBe(1);
});

test('malformed tool arguments and unknown tools go back to the model as text, and the run ends well', async () => {
  ground.emulator.control.openai.script(
    { kind: 'tool_calls', calls: [{ name: 'list_content', arguments: '{"resource": "posts", ' }] },
    { kind: 'tool_calls', calls: [{ name: 'drop_tables', arguments: {} }] },
  );
  const { tenantId, runId, run } = await startAudit();
  await run.result();
  const { modelCalls: answers, toolCalls } = await ground.ports.transcripts.usage({ tenantId, runId });
  const transcript = await ground.ports.transcripts.load({ tenantId, runId }, 2 + answers + toolCalls);
  const errors = transcript.filter(({ role, content }) => role === 'tool' && content.includes('"error"'));
  expect(errors.map(({ content }) => content)).toEqual([
    expect.stringContaining('not valid JSON'),
    expect.stringContaining('drop_tables'),
  ]);
});

test('an answer that cites what was never seen is refused, with two more tries and no third', async () => {
  const invented = {
    summary: 'Fine',
    findings: [{ title: 'Old', severity: 'low', detail: 'Old', contentIds: ['999999'] }],
  };
  ground.emulator.control.openai.script(...[1, 2, 3].map(() => ({ kind: 'json' as const, value: invented })));
  const { run } = await startAudit();
  await expect(run.result()).rejects.toMatchObject({ cause: { type: 'llm_bad_output' } });
  expect(modelCalls()).toBe(3);
});

test('a model that makes the same call over and over is stopped as a loop', async () => {
  const same = {
    kind: 'tool_calls' as const,
    calls: [{ name: 'list_content', arguments: { resource: 'posts', limit: 5 } }],
  };
  ground.emulator.control.openai.script(...Array.from({ length: 6 }, () => same));
  const { run } = await startAudit();
  await expect(run.result()).rejects.toMatchObject({
    cause: { type: 'llm_bad_output', message: expect.stringContaining('loop') },
  });
});

test('a lost answer is not paid twice: a turn that is retried finds the journalled answer', async () => {
  const { append } = ground.ports.transcripts;
  let failed = false;
  // The activity dies after the journal was written and before it could return.
  ground.ports.transcripts.append = async (run, seq, messages) => {
    if (!failed && messages[0]?.role === 'assistant') {
      failed = true;
      throw new Error('the worker died here');
    }
    return append(run, seq, messages);
  };
  try {
    const { tenantId, runId, run } = await startAudit();
    await run.result();
    expect(failed).toBe(true);
    const { modelCalls: paid } = await ground.ports.transcripts.usage({ tenantId, runId });
    expect(modelCalls()).toBe(paid);
  } finally {
    ground.ports.transcripts.append = append;
  }
});
