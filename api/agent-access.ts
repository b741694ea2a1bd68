import type { AgentSettings, AgentSpec } from '../ports/agents.ts';
import { DEFAULT_SETTINGS } from '../ports/agents.ts';
import { Fault, isFault } from '../ports/errors.ts';
import type { Principal } from '../ports/identity.ts';
import type { TenantId } from '../ports/ids.ts';
import type { ApiDeps } from './deps.ts';

/** What an agent is for one tenant: its declaration and the settings in use. */
export interface TenantAgent {
  spec: AgentSpec;
  settings: AgentSettings & { version: number; updatedAt: string };
}

const defaultsOf = ({ ports }: Pick<ApiDeps, 'ports'>): AgentSettings => ({
  ...DEFAULT_SETTINGS,
  provider: ports.llm.default('fast').provider,
});

export const mayUse = ({ access }: Pick<AgentSettings, 'access'>, { role, userId }: Principal): boolean =>
  access.roles.includes(role) || access.users.includes(userId);

/** One agent of the tenant; `not_found` when there is none of this name. One that was declared after the tenant came gets its settings now. */
export const agentOf = async (
  deps: Pick<ApiDeps, 'ports' | 'catalogue'>,
  tenantId: TenantId,
  agentId: string,
): Promise<TenantAgent> => {
  const { ports, catalogue } = deps;
  const spec = catalogue.agent(agentId);
  const ask = () => ports.agents.settings(tenantId, agentId);
  const settings = await ask().catch(async (error: unknown) => {
    if (!isFault(error, 'not_found')) throw error;
    await ports.agents.applyDefaults(tenantId, [{ id: agentId, tools: spec.tools }], defaultsOf(deps));
    return ask();
  });
  return { spec, settings };
};

/** All agents that there are, as the tenant has them. */
export const agentsOf = async (deps: ApiDeps, tenantId: TenantId): Promise<TenantAgent[]> => {
  const { ports, catalogue } = deps;
  const kept = new Map((await ports.agents.list(tenantId)).map(({ agentId, ...settings }) => [agentId, settings]));
  const untouched = { ...defaultsOf(deps), version: 1, updatedAt: new Date(0).toISOString() };
  return catalogue.agents().map((spec) => ({ spec, settings: kept.get(spec.id) ?? untouched }));
};

/** The agent, for somebody who wants to chat with it or run it: `forbidden` to whom its access list does not name. */
export const usableAgent = async (
  deps: Pick<ApiDeps, 'ports' | 'catalogue'>,
  tenantId: TenantId,
  principal: Principal,
  agentId: string,
): Promise<TenantAgent> => {
  const agent = await agentOf(deps, tenantId, agentId);
  if (!mayUse(agent.settings, principal))
    throw new Fault('forbidden', 'This agent is not for you; ask an admin to add you to its access list.');
  if (!agent.settings.active) throw new Fault('conflict', 'This agent is switched off; switch it on in its settings.');
  return agent;
};
