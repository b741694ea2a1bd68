import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import type { TenantId } from '../../ports/ids.ts';
import { ModelKey } from '../../ports/model-keys.ts';
import type { ModelKeyStore } from '../../ports/model-keys.ts';
import type { Provider } from '../../ports/models.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

const Access = z.object({
  plan: z.string().nullable(),
  vaultPath: z.string().nullable(),
  version: z.int().nullable(),
  state: ModelKey.shape.state.nullable(),
});

const columns = sql.fragment`service, vault_path, version, state, added_by, created_at, checked_at, last_used_at`;
const of = (tenantId: TenantId, service: Provider) => sql.fragment`tenant_id = ${tenantId} AND service = ${service}`;

export const postgresModelKeys = (db: Database): ModelKeyStore => ({
  // The same version again was tested again, and is the key that it was.
  put: (tenantId, { service, vaultPath, version, addedBy }) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO api_key_refs AS kept (tenant_id, service, vault_path, version, added_by)
        VALUES (${tenantId}, ${service}, ${vaultPath}, ${version}, ${addedBy})
        ON CONFLICT (tenant_id, service) DO UPDATE
        SET vault_path = excluded.vault_path, version = excluded.version, state = 'active', checked_at = now(),
          added_by = CASE WHEN kept.version = excluded.version THEN kept.added_by ELSE excluded.added_by END,
          created_at = CASE WHEN kept.version = excluded.version THEN kept.created_at ELSE now() END,
          last_used_at = CASE WHEN kept.version = excluded.version THEN kept.last_used_at END
        WHERE kept.version <= excluded.version`);
    }),

  find: (tenantId, service) =>
    db.inTenant(tenantId, (tx) =>
      tx.maybeOne(sql.type(ModelKey)`SELECT ${columns} FROM api_key_refs WHERE ${of(tenantId, service)}`),
    ),

  async access(tenantId, service) {
    const [row] = await db.call(Access, 'model_access', [tenantId, service]);
    if (!row?.plan) throw new Fault('not_found', `There is no tenant ${tenantId}.`);
    const { plan, vaultPath, version, state } = row;
    const key = vaultPath === null || version === null || state === null ? null : { vaultPath, version, state };
    return { plan, key };
  },

  list: (tenantId) =>
    db.inTenant(tenantId, async (tx) => [
      ...(await tx.any(sql.type(ModelKey)`
        SELECT ${columns} FROM api_key_refs WHERE tenant_id = ${tenantId} ORDER BY service`)),
    ]),

  mark: (tenantId, service, version, state) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        UPDATE api_key_refs SET state = ${state}, checked_at = now()
        WHERE ${of(tenantId, service)} AND version = ${version}`);
    }),

  touch: (tenantId, service) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        UPDATE api_key_refs SET last_used_at = now()
        WHERE ${of(tenantId, service)} AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`);
    }),

  remove: (tenantId, service) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`DELETE FROM api_key_refs WHERE ${of(tenantId, service)}`);
    }),
});
