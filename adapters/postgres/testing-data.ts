import { randomUUID } from 'node:crypto';
import type { Principal } from '../../ports/identity.ts';
import { ConnectionId, Email, TenantId } from '../../ports/ids.ts';
import type { StreamChoice } from '../../ports/tenants.ts';
import type { Stores } from './stores.ts';

/** A reserved tenant with a slug of its own, for tests that need one to hang things on. */
export const aTenant = async ({ tenants }: Pick<Stores, 'tenants'>): Promise<TenantId> => {
  const id = TenantId.parse(randomUUID());
  const ownerEmail = Email.parse('owner@acme.test');
  await tenants.reserve(id, { name: 'Acme', slug: `acme-${id.slice(0, 8)}`, ownerEmail, plan: 'starter' });
  return id;
};

/** A pending connection: cursors, runs, hashes and documents belong to one, and go with it. */
export const aConnection = async (
  { connections }: Pick<Stores, 'connections'>,
  tenantId: TenantId,
  { connectorId = 'wordpress', sync = [] }: { connectorId?: string; sync?: StreamChoice[] } = {},
): Promise<ConnectionId> => {
  const id = ConnectionId.parse(randomUUID());
  await connections.create(tenantId, { id, connectorId, sync });
  return id;
};

/** Somebody of the tenant, `admin@acme.test` unless said, as the API knows a caller. */
export const aMember = async (
  { identity }: Pick<Stores, 'identity'>,
  tenantId: TenantId,
  role: 'tenant_admin' | 'tenant_user' = 'tenant_admin',
  address = 'admin@acme.test',
): Promise<Principal> => {
  const email = Email.parse(address);
  return { userId: await identity.addMembership(tenantId, email, role), email, role, tenantId };
};
