import type { Role } from '../ports/identity.ts';

const EVERY_ROLE = ['tenant_user', 'tenant_admin', 'platform_admin', 'super_admin'] as const satisfies Role[];
const TENANT_ADMIN_UP = ['tenant_admin', 'platform_admin', 'super_admin'] as const satisfies Role[];
const PLATFORM = ['platform_admin', 'super_admin'] as const satisfies Role[];

/** The one authorization table: what each permission of the product asks for. Every route names one of them. */
export const PERMISSIONS = {
  viewDashboard: EVERY_ROLE,
  /** Also chat, own runs and conversations, within each agent's access list. */
  viewAgents: EVERY_ROLE,
  configureAgents: PLATFORM,
  /** The approval's own policy then says which of these roles decides. */
  decideApprovals: EVERY_ROLE,
  manageIntegrations: TENANT_ADMIN_UP,
  viewAudit: TENANT_ADMIN_UP,
  manageNotifications: TENANT_ADMIN_UP,
  manageOAuthApps: PLATFORM,
  manageRateLimits: PLATFORM,
  /** Their own, in a tenant. */
  manageSecrets: TENANT_ADMIN_UP,
  manageRotationPolicies: PLATFORM,
  migrateSecrets: PLATFORM,
  readHistories: PLATFORM,
  tenantManagement: PLATFORM,
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof PERMISSIONS;

export const mayCall = (role: Role, permission: Permission): boolean =>
  (PERMISSIONS[permission] as readonly Role[]).includes(role);

export const isPlatformRole = (role: Role): boolean => (PLATFORM as readonly Role[]).includes(role);

export const permissionsOf = (role: Role): Permission[] =>
  (Object.keys(PERMISSIONS) as Permission[]).filter((permission) => mayCall(role, permission));
