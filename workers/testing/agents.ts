import { randomUUID } from 'node:crypto';
import { aTenant } from '../../adapters/postgres/testing-data.ts';
import type { AgentTask } from '../../activities/agents/terms.ts';
import { createCatalogue } from '../../agents/index.ts';
import { DEFAULT_SETTINGS } from '../../ports/agents.ts';
import type { AgentSettings, AgentSpec, Catalogue } from '../../ports/agents.ts';
import { RunId, UserId } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { Ports } from '../../ports/index.ts';
import { QUEUES, runAgentId } from '../../ports/operations.ts';
import { searchAttributes } from '../../workflows/lib/attributes.ts';
import { runAgent } from '../../workflows/run-agent.ts';
import type { Ground } from './ground.ts';

/** An agent of a test's own, which the emulator plays by a script that its task names. */
export const anAgent = (more: Partial<AgentSpec> = {}): AgentSpec => ({
  ...{ id: 'Tester', title: 'Tester', group: 'platform', description: 'Plays a script.', model: 'fast' },
  ...{ instructions: 'You play a script.', tools: ['list_content', 'read_content'], reply: null },
  limits: { steps: 30, toolCalls: 60, tokens: 10_000_000, micros: 5_000_000 },
  ...more,
});

export const agentsOf = (...agents: AgentSpec[]): Catalogue => createCatalogue(agents, []);

type With = Pick<Ports, 'agents' | 'tenants' | 'content'>;

/** A tenant that has these agents. */
export const aTenantWith = async (
  ports: With,
  catalogue: Catalogue,
  tenant?: TenantId,
  settings: Partial<AgentSettings> = {},
): Promise<TenantId> => {
  const tenantId = tenant ?? (await aTenant(ports));
  const agents = catalogue.agents().map(({ id, tools }) => ({ id, tools }));
  await ports.agents.applyDefaults(tenantId, agents, { ...DEFAULT_SETTINGS, provider: 'openai', ...settings });
  return tenantId;
};

/** A run of its own of one agent, told to play a script. */
export const aTask = async (
  { content }: Pick<Ports, 'content'>,
  tenantId: TenantId,
  script: string,
  more: Partial<AgentTask> = {},
): Promise<AgentTask> => ({
  ...{ tenantId, runId: RunId.parse(randomUUID()), agentId: 'Tester', inputs: [] },
  brief: await content.put(tenantId, { brief: `Play [[script:${script}]]` }),
  ...{ lineage: { crewRunId: null, parentRunId: null, path: [] }, operationId: null, limits: null, sandbox: false },
  startedBy: UserId.parse(randomUUID()),
  ...more,
});

export const startAgent = async (
  { ports, client }: Pick<Ground, 'ports' | 'client'>,
  tenantId: TenantId,
  script: string,
  more: Partial<AgentTask> = {},
) => {
  const task = await aTask(ports, tenantId, script, more);
  const run = await client.workflow.start(runAgent, {
    ...{ workflowId: runAgentId(tenantId, task.runId), taskQueue: QUEUES.operations, args: [task] },
    typedSearchAttributes: searchAttributes({ tenantId, operation: 'runAgent' }),
  });
  return { task, runId: task.runId, run };
};
