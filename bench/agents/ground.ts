import { randomUUID } from 'node:crypto';
import type { OpenPorts } from '../../adapters/index.ts';
import { catalogue } from '../../agents/index.ts';
import { DEFAULT_SETTINGS } from '../../ports/agents.ts';
import type { RunLimits } from '../../ports/agents.ts';
import { RunId, UserId } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import { QUEUES, runAgentId } from '../../ports/operations.ts';
import { setLimitsUpdate } from '../../workflows/lib/agent-messages.ts';
import { runAgent } from '../../workflows/run-agent.ts';
import { aTenant } from '../open-connections.ts';

export const MODEL = 'gpt-4o-mini';
/** It may recall what it kept, which is one read of the database: the least that a tool can be. */
export const AGENT = 'ContentCreator';
const startedBy = UserId.parse(randomUUID());

/** So many turns of the model, the last of which answers; each other one calls a tool. */
export const turns = (steps: number): object[] => [
  ...Array.from({ length: steps - 1 }, () => ({ calls: [{ name: 'recall', arguments: { query: 'step {{step}}' } }] })),
  { text: 'Done.' },
];

export const aTenantWithAgents = async (ports: OpenPorts): Promise<TenantId> => {
  const tenantId = await aTenant(ports);
  const agents = catalogue.agents().map(({ id, tools }) => ({ id, tools }));
  await ports.agents.applyDefaults(tenantId, agents, { ...DEFAULT_SETTINGS, provider: 'openai', model: MODEL });
  return tenantId;
};

/** One run of an agent that plays this script. Limits above its own are given as a person gives them, while it runs. */
export const startRun = async (
  { content, temporal }: OpenPorts,
  tenantId: TenantId,
  script: string,
  raised?: Partial<RunLimits>,
) => {
  const runId = RunId.parse(randomUUID());
  const brief = await content.put(tenantId, { brief: `Play [[script:${script}]]` });
  const run = await temporal.client.workflow.start(runAgent, {
    workflowId: runAgentId(tenantId, runId),
    taskQueue: QUEUES.operations,
    args: [
      {
        ...{ tenantId, runId, agentId: AGENT, brief, inputs: [], startedBy, sandbox: false },
        ...{ lineage: { crewRunId: null, parentRunId: null, path: [] }, operationId: null, limits: null },
      },
    ],
  });
  const actor = { userId: startedBy, role: 'tenant_admin' as const };
  if (raised) await run.executeUpdate(setLimitsUpdate, { args: [{ actor, limits: raised }] });
  return run;
};
