import { DEFAULT_SETTINGS } from '../ports/agents.ts';
import type { Ports, WorkerPorts } from '../ports/index.ts';
import type { TenantId } from '../ports/ids.ts';
import { tenantSecretPrefix, tenantSigningKeyPath } from '../ports/secrets.ts';
import type { OpenTenant } from '../ports/tenants.ts';

type Needs = Pick<Ports, 'tenants' | 'identity' | 'secrets' | 'agents' | 'llm'> & Pick<WorkerPorts, 'catalogue'>;

export const createTenantActivities = ({ tenants, identity, secrets, agents, llm, catalogue }: Needs) => ({
  reserveTenant: async (id: TenantId, { connectors: _, ...tenant }: OpenTenant): Promise<void> => {
    await tenants.reserve(id, tenant);
  },
  releaseTenant: (id: TenantId): Promise<void> => tenants.release(id),
  activateTenant: async (id: TenantId): Promise<void> => {
    await tenants.activate(id);
  },

  addOwner: async (id: TenantId, email: OpenTenant['ownerEmail']): Promise<void> => {
    await identity.addMembership(id, email, 'tenant_admin');
  },
  removeMembers: (id: TenantId): Promise<void> => identity.removeMemberships(id),

  openSecretsPath: (id: TenantId): Promise<void> =>
    secrets.generate(tenantSigningKeyPath(id), { class: 'webhook_signing_secret', createdBy: 'onboardTenant' }),
  destroySecretsPath: (id: TenantId): Promise<void> => secrets.destroyAll(tenantSecretPrefix(id)),

  applyAgentDefaults: (id: TenantId): Promise<void> =>
    agents.applyDefaults(
      id,
      catalogue.agents().map(({ id: agentId, tools }) => ({ id: agentId, tools })),
      { ...DEFAULT_SETTINGS, provider: llm.default('fast').provider },
    ),
  clearAgentSettings: (id: TenantId): Promise<void> => agents.clear(id),
});
