import { z } from 'zod';
import { TenantId, UserId } from './ids.ts';
import type { Email } from './ids.ts';

export const ROLES = ['tenant_user', 'tenant_admin', 'platform_admin', 'super_admin'] as const;
export const Role = z.enum(ROLES).meta({ id: 'Role' });
export type Role = z.infer<typeof Role>;

/** Who acts, as every route and audit row knows it. Platform roles have no tenant. */
export const Principal = z
  .strictObject({ userId: UserId, email: z.string(), role: Role, tenantId: TenantId.nullable() })
  .meta({ id: 'Principal' });
export type Principal = z.infer<typeof Principal>;

export const Membership = z.strictObject({ tenantId: TenantId, userId: UserId, role: Role });
export type Membership = z.infer<typeof Membership>;

export interface IdentityStore {
  /** Idempotent: the user with this address, made when new. */
  ensureUser: (email: Email) => Promise<UserId>;
  /** Idempotent. */
  addMembership: (tenantId: TenantId, email: Email, role: Role) => Promise<UserId>;
  /** Undoes `addMembership`; silent when gone. */
  removeMemberships: (tenantId: TenantId) => Promise<void>;
  /** All that an address may act as: platform role first, then tenants by age. Empty when unknown. */
  principalsOf: (email: Email) => Promise<Principal[]>;
  /** True while this principal's role still stands; asked on every request, so a removed role is refused at once. */
  stands: (principal: Principal) => Promise<boolean>;
}

/** How long a token of our own login is accepted. */
export const TOKEN_LIFETIME_MS = 8 * 60 * 60 * 1000;
