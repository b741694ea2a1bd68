import { z } from 'zod';
import type { IdentityStore, Role } from '../../ports/identity.ts';
import { Principal } from '../../ports/identity.ts';
import type { Email } from '../../ports/ids.ts';
import { PLATFORM, UserId } from '../../ports/ids.ts';
import type { Database, Tx } from './pool.ts';
import { sql } from './sql.ts';

const Id = z.object({ id: UserId });
const Stands = z.object({ roleStands: z.boolean() });

const ensureUser = async (tx: Tx, email: Email): Promise<UserId> => {
  await tx.query(sql.typeAlias('nothing')`INSERT INTO users (email) VALUES (${email}) ON CONFLICT (email) DO NOTHING`);
  const { id } = await tx.one(sql.type(Id)`SELECT id FROM users WHERE email = ${email}`);
  return id;
};

/** Gives an address a role over the whole platform. Idempotent; the newest role stands. */
export const seedPlatformRole = (db: Database, email: Email, role: 'platform_admin' | 'super_admin'): Promise<UserId> =>
  db.inTenant(PLATFORM, async (tx) => {
    const id = await ensureUser(tx, email);
    await tx.query(sql.typeAlias('nothing')`
      INSERT INTO platform_roles (user_id, role) VALUES (${id}, ${role})
      ON CONFLICT (user_id) DO UPDATE SET role = excluded.role`);
    return id;
  });

const isOfPlatform = (role: Role) => role === 'platform_admin' || role === 'super_admin';

export const postgresIdentity = (db: Database): IdentityStore => ({
  ensureUser: (email) => db.inTenant(PLATFORM, (tx) => ensureUser(tx, email)),

  async addMembership(tenantId, email, role) {
    // Two scopes, two transactions: addresses are the platform's, memberships the tenant's. Both may be repeated.
    const userId = await db.inTenant(PLATFORM, (tx) => ensureUser(tx, email));
    await db.inTenant(tenantId, (tx) =>
      tx.query(sql.typeAlias('nothing')`
        INSERT INTO memberships (tenant_id, user_id, role) VALUES (${tenantId}, ${userId}, ${role})
        ON CONFLICT (tenant_id, user_id) DO UPDATE SET role = excluded.role`),
    );
    return userId;
  },

  removeMemberships: (tenantId) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`DELETE FROM memberships WHERE tenant_id = ${tenantId}`);
    }),

  principalsOf: (email) =>
    db.inTenant(PLATFORM, async (tx) => [
      ...(await tx.any(sql.type(Principal)`
        SELECT user_id, email, role, NULL AS tenant_id FROM platform_roles JOIN users ON users.id = user_id
        WHERE email = ${email}`)),
      ...(await tx.any(sql.type(Principal)`
        SELECT user_id, email, role, tenant_id FROM memberships
        JOIN users ON users.id = user_id JOIN tenants ON tenants.id = tenant_id
        WHERE email = ${email} AND tenants.state <> 'released' ORDER BY tenants.seq`)),
    ]),

  stands: async ({ userId, role, tenantId }) => {
    if (isOfPlatform(role) !== (tenantId === null)) return false;
    const [row] = await db.call(Stands, 'role_stands', [userId, role, tenantId]);
    return row?.roleStands === true;
  },
});
