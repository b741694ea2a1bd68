import { z } from 'zod';
import { AGENT_GROUPS } from '../ports/agents.ts';
import type { ConnectorCategory } from '../ports/connector-info.ts';
import type { Connection } from '../ports/connections.ts';
import type { Principal } from '../ports/identity.ts';
import type { TenantId } from '../ports/ids.ts';
import type { KeyState, Provider } from '../ports/models.ts';
import { ModelRef } from '../ports/models.ts';
import { categoryOfTool } from '../ports/tools.ts';
import { mayUse } from './agent-access.ts';
import type { TenantAgent } from './agent-access.ts';
import type { ApiDeps } from './deps.ts';
import { reachedIn } from './reached.ts';

const Needed = z.strictObject({
  category: z.string(),
  connectionId: z
    .uuid()
    .nullable()
    .meta({ description: 'The connection that the agent works through; null: there is none.' }),
  connectorId: z.string().nullable(),
  state: z.string().meta({ description: 'State of that connection, or `missing`.' }),
});

const Asked = z.strictObject({
  ...ModelRef.shape,
  key: z.enum(['tenant', 'platform', 'rejected', 'not_allowed', 'none']).meta({
    description:
      'Whose key is used: the tenant’s own or the platform’s. With `rejected`, `not_allowed` or `none` this model cannot be asked.',
  }),
});

/** An agent as people who choose one see it. */
export const AgentInfo = z
  .strictObject({
    id: z.string(),
    title: z.string(),
    displayName: z.string(),
    group: z.enum(AGENT_GROUPS),
    description: z.string(),
    active: z.boolean(),
    usable: z.boolean().meta({ description: 'Whether you may chat with it and run it.' }),
    tools: z.array(z.string()),
    requires: z.array(Needed).meta({ description: 'Systems that its tools reach.' }),
    models: z.array(Asked).meta({ description: 'In the order in which they are asked.' }),
  })
  .meta({ id: 'AgentInfo' });
export type AgentInfo = z.infer<typeof AgentInfo>;

/** What all agents of a tenant share is asked once. */
interface Around {
  reached: (category: ConnectorCategory) => Connection | null;
  keyState: (provider: Provider) => Promise<KeyState>;
}

const around = async (deps: ApiDeps, tenantId: TenantId): Promise<Around> => {
  const mine = await deps.ports.connections.list(tenantId);
  const states = new Map<Provider, Promise<KeyState>>();
  return {
    reached: (category) => reachedIn(deps, mine, category),
    keyState: (provider) => {
      const known = states.get(provider) ?? deps.ports.llm.keyState(tenantId, provider);
      states.set(provider, known);
      return known;
    },
  };
};

const needs = (tools: string[], { reached }: Around): AgentInfo['requires'] => {
  const categories = new Set(tools.flatMap((tool) => categoryOfTool(tool) ?? []));
  return [...categories].map((category) => {
    const through = reached(category);
    return {
      category,
      connectionId: through?.id ?? null,
      connectorId: through?.connectorId ?? null,
      state: through?.state ?? 'missing',
    };
  });
};

const infoOf = async (
  { ports }: ApiDeps,
  principal: Principal,
  { spec, settings }: TenantAgent,
  shared: Around,
): Promise<AgentInfo> => {
  const { id, title, group, description } = spec;
  const { provider, model, active } = settings;
  const tools = settings.tools ?? spec.tools;
  const models = [model === null ? ports.llm.default(spec.model) : { provider, model }, ...settings.fallbacks];
  return {
    ...{ id, title, group, description, active, tools },
    displayName: settings.displayName ?? title,
    usable: active && mayUse(settings, principal),
    requires: needs(tools, shared),
    models: await Promise.all(models.map(async (ref) => ({ ...ref, key: await shared.keyState(ref.provider) }))),
  };
};

export const agentInfos = async (
  deps: ApiDeps,
  tenantId: TenantId,
  principal: Principal,
  agents: TenantAgent[],
): Promise<AgentInfo[]> => {
  const shared = await around(deps, tenantId);
  return Promise.all(agents.map((agent) => infoOf(deps, principal, agent, shared)));
};
