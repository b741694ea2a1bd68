import { UniqueIntegrityConstraintViolationError } from 'slonik';
import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import type { TenantId } from '../../ports/ids.ts';
import { PLATFORM } from '../../ports/ids.ts';
import type { TenantStore } from '../../ports/tenants.ts';
import { Tenant } from '../../ports/tenants.ts';
import { beforeSeq, pageOf } from './paging.ts';
import type { Database, Tx } from './pool.ts';
import { sql } from './sql.ts';

const columns = sql.fragment`id, name, slug, owner_email, plan, state, created_at`;
const Listed = Tenant.extend({ seq: z.number() });

const find = (tx: Tx, id: TenantId) => tx.maybeOne(sql.type(Tenant)`SELECT ${columns} FROM tenants WHERE id = ${id}`);

const gone = (id: TenantId) => new Fault('not_found', `There is no tenant ${id}.`);

export const postgresTenants = (db: Database): TenantStore => ({
  async reserve(id, { name, slug, ownerEmail, plan }) {
    try {
      return await db.inTenant(id, async (tx) => {
        const existing = await find(tx, id);
        // An attempt that outlived its own undo must not bring the tenant back.
        if (existing?.state === 'released') throw new Fault('conflict', 'This tenant was given up; open a new one.');
        if (existing) return existing;
        return tx.one(sql.type(Tenant)`
          INSERT INTO tenants (id, name, slug, owner_email, plan) VALUES (${id}, ${name}, ${slug}, ${ownerEmail}, ${plan})
          RETURNING ${columns}`);
      });
    } catch (error) {
      if (!(error instanceof UniqueIntegrityConstraintViolationError)) throw error;
      // Either another tenant holds the slug, or another attempt for this id was faster.
      const ours = await db.inTenant(id, (tx) => find(tx, id));
      if (ours) return ours;
      throw new Fault('conflict', `The slug “${slug}” is taken; choose another.`, { cause: error });
    }
  },

  activate: (id) =>
    db.inTenant(id, async (tx) => {
      const tenant = await tx.maybeOne(sql.type(Tenant)`
        UPDATE tenants SET state = 'active' WHERE id = ${id} AND state <> 'released' RETURNING ${columns}`);
      if (!tenant) throw gone(id);
      return tenant;
    }),

  release: (id) =>
    db.inTenant(id, async (tx) => {
      const tenant = await tx.maybeOne(sql.type(Tenant)`SELECT ${columns} FROM tenants WHERE id = ${id} FOR UPDATE`);
      if (!tenant) return;
      if (tenant.state === 'active') throw new Fault('conflict', 'An active tenant is not released; offboard it.');
      await tx.query(sql.typeAlias('nothing')`UPDATE tenants SET state = 'released' WHERE id = ${id}`);
      // With the connections go their cursors, hashes, runs, documents and chunks. Audit, operations, approvals, the
      // ledger of effects and what was spent stay: they tell what happened.
      for (const table of [
        'connector_configs',
        'agent_configs',
        'agent_runs',
        'content',
        'transcript',
        'model_calls',
        'model_attempts',
        'tool_calls',
        'conversations',
        'board_entries',
        'crew_messages',
        'agent_memory',
        'mcp_servers',
        'token_pieces',
        'token_watches',
        'approval_links',
        'budget_standing',
        'notifications',
        'notification_channels',
        'connect_sessions',
        'tenant_settings',
        'api_key_refs',
      ]) {
        await tx.query(sql.typeAlias('nothing')`DELETE FROM ${sql.identifier([table])} WHERE tenant_id = ${id}`);
      }
    }),

  get: (id) =>
    db.inTenant(id, async (tx) => {
      const tenant = await find(tx, id);
      if (!tenant) throw gone(id);
      return tenant;
    }),

  list: (page) =>
    db.inTenant(PLATFORM, async (tx) => {
      const rows = await tx.any(sql.type(Listed)`
        SELECT seq, ${columns} FROM tenants WHERE state <> 'released' AND seq < ${beforeSeq(page)}
        ORDER BY seq DESC LIMIT ${page.limit + 1}`);
      return pageOf(rows, page, ({ seq: _seq, ...tenant }) => tenant);
    }),
});
