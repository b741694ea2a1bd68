import { z } from 'zod';
import type { AgentSpec } from '../../ports/agents.ts';
import { AgentSettings } from '../../ports/agents.ts';
import { Fault } from '../../ports/errors.ts';
import { GivenConsent, mayHave } from '../../ports/tools.ts';
import { agentOf } from '../agent-access.ts';
import { auditLine } from '../audit-line.ts';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { AgentId } from './agents.ts';

const params = z.strictObject({ id: AgentId });

const AgentConfig = AgentSettings.extend({ version: z.int(), updatedAt: z.iso.datetime() }).meta({ id: 'AgentConfig' });
const NewConfig = AgentSettings.extend({
  consents: z.record(z.string().max(64), GivenConsent),
  version: z.int().meta({ description: 'The version that was read: a change of another one is a conflict.' }),
}).meta({ id: 'NewAgentConfig' });

/** Only the deployment's own provider has a model that is meant when none is named. */
const refuseUnnamed = ({ ports }: ApiDeps, spec: AgentSpec, { provider, model }: AgentSettings): void => {
  const { provider: own } = ports.llm.default(spec.model);
  if (model !== null || provider === own) return;
  throw new Fault('invalid_request', `Name a model of ${provider}.`, {
    fields: [{ path: 'model', message: `must be named here: only ${own} has a default in this deployment` }],
  });
};

/** A tool that the agent may not have is refused by name, wherever it is named. */
const refuseForeign = ({ tools: declared }: AgentSpec, { tools, consents }: AgentSettings): void => {
  const wanted = [
    ...(tools ?? []).map((name, index) => ({ name, path: `tools.${index}` })),
    ...Object.keys(consents).map((name) => ({ name, path: `consents.${name}` })),
  ];
  const fields = wanted
    .filter(({ name }) => !mayHave(name, declared))
    .map(({ name, path }) => ({ path, message: `this agent has no tool ${name}` }));
  if (fields.length > 0)
    throw new Fault('invalid_request', 'Choose from the tools that the agent declares and those that all may have.', {
      fields,
    });
};

export const agentConfigRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/agents/:id/config',
    summary: 'How the agent is set for this tenant',
    may: 'viewAgents',
    within: 'tenant',
    params,
    reply: { status: 200, schema: AgentConfig },
    async handle({ params: { id }, tenantId }) {
      return (await agentOf(deps, tenantId, id)).settings;
    },
  }),
  route({
    method: 'put',
    path: '/agents/:id/config',
    summary: 'Set the agent for this tenant',
    description: 'All of it, by the version that was read. Runs and chats at work keep what they began with.',
    may: 'configureAgents',
    within: 'tenant',
    params,
    body: NewConfig,
    reply: { status: 200, schema: AgentConfig },
    async handle({ params: { id }, body: { version, ...settings }, tenantId, principal, ctx }) {
      const { spec } = await agentOf(deps, tenantId, id);
      refuseForeign(spec, settings);
      refuseUnnamed(deps, spec, settings);
      const changed = await deps.ports.agents.change(tenantId, id, version, settings, settings.tools ?? spec.tools);
      await auditLine(deps, ctx, tenantId, {
        actor: principal.userId,
        action: 'agent.configured',
        resourceType: 'agent',
        resourceId: id,
        metadata: { version: changed.version, active: settings.active },
      });
      return (await agentOf(deps, tenantId, id)).settings;
    },
  }),
];
