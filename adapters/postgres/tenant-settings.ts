import { z } from 'zod';
import { TenantSettings } from '../../ports/tenant-settings.ts';
import type { TenantSettingsStore } from '../../ports/tenant-settings.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

/** Parsed on the way out: a setting that is newer than the row has its default. */
const Kept = z.object({ settings: TenantSettings });

export const postgresTenantSettings = (db: Database): TenantSettingsStore => ({
  get: (tenantId) =>
    db.inTenant(tenantId, async (tx) => {
      const kept = await tx.maybeOne(
        sql.type(Kept)`SELECT settings FROM tenant_settings WHERE tenant_id = ${tenantId}`,
      );
      return kept?.settings ?? TenantSettings.parse({});
    }),

  put: (tenantId, settings) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO tenant_settings (tenant_id, settings) VALUES (${tenantId}, ${sql.jsonb(settings)})
        ON CONFLICT (tenant_id) DO UPDATE SET settings = excluded.settings, updated_at = now()`);
    }),
});
