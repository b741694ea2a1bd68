import { z } from 'zod';
import { RunLimits } from '../../ports/agents.ts';
import { agentOf, agentsOf, usableAgent } from '../agent-access.ts';
import { AgentInfo, agentInfos } from '../agent-info.ts';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { StartedRun, Work, startRun } from '../start-run.ts';

/** An agent's id is its name, such as `SalesAssistant`. */
export const AgentId = z.string().min(1).max(64);
const params = z.strictObject({ id: AgentId });

const AgentDetail = AgentInfo.extend({
  limits: RunLimits.meta({ description: 'How far one run may go.' }),
  instructions: z.string().meta({ description: 'What it is told as it was declared.' }),
  reply: z.string().nullable().meta({ description: 'Name of the shape of its reply; null: text.' }),
}).meta({ id: 'AgentDetail' });

const description =
  'Answers 202 with the operation and the run, which `Location` names; with `Prefer: wait` (or `wait=SECONDS`, at most 60) the reply, where there is one by then.';

const working = (deps: ApiDeps, path: string, sandbox: boolean, summary: string): Route =>
  route({
    ...{ method: 'post', path, summary, description, may: 'viewAgents', within: 'tenant', params, body: Work },
    reply: { status: 202, schema: StartedRun },
    async handle({ params: { id }, body, tenantId, principal, onceKey, ctx }) {
      const agent = await usableAgent(deps, tenantId, principal, id);
      return startRun(deps, { tenantId, principal, onceKey, agent, work: body, sandbox, ctx });
    },
  });

export const agentRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/agents',
    summary: 'All agents, as the tenant has them: with the systems and keys that each needs, and how those stand',
    may: 'viewAgents',
    within: 'tenant',
    reply: { status: 200, schema: z.strictObject({ data: z.array(AgentInfo) }) },
    async handle({ tenantId, principal }) {
      return { data: await agentInfos(deps, tenantId, principal, await agentsOf(deps, tenantId)) };
    },
  }),
  route({
    method: 'get',
    path: '/agents/:id',
    summary: 'One agent',
    may: 'viewAgents',
    within: 'tenant',
    params,
    reply: { status: 200, schema: AgentDetail },
    async handle({ params: { id }, tenantId, principal }) {
      const agent = await agentOf(deps, tenantId, id);
      const [info] = await agentInfos(deps, tenantId, principal, [agent]);
      const { limits, instructions, reply } = agent.spec;
      return { ...info, limits, instructions, reply: reply?.name ?? null };
    },
  }),
  working(deps, '/agents/:id/runs', false, 'Have the agent work a task'),
  working(
    deps,
    '/agents/:id/test',
    true,
    'Try the agent: its tools read, and answer without doing anything where they would change something',
  ),
];
