import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import type { EffectStore } from '../../ports/runs.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

const Effect = z.discriminatedUnion('state', [
  z.object({ state: z.literal('begun') }),
  z.object({ state: z.literal('committed'), externalId: z.string(), link: z.string().nullable() }),
]);

export const postgresEffects = (db: Database): EffectStore => ({
  claim: (tenantId, key, action) =>
    db.inTenant(tenantId, async (tx) => {
      const { rowCount } = await tx.query(sql.typeAlias('nothing')`
        INSERT INTO effects (tenant_id, key, action) VALUES (${tenantId}, ${key}, ${action})
        ON CONFLICT (tenant_id, key) DO NOTHING`);
      if (rowCount > 0) return { state: 'claimed' };
      const effect = await tx.maybeOne(sql.type(Effect)`
        SELECT state, external_id, link FROM effects WHERE tenant_id = ${tenantId} AND key = ${key}`);
      return effect?.state === 'committed' ? effect : { state: 'unknown' };
    }),

  commit: (tenantId, key, { externalId, link }) =>
    db.inTenant(tenantId, async (tx) => {
      const { rowCount } = await tx.query(sql.typeAlias('nothing')`
        UPDATE effects SET state = 'committed', external_id = coalesce(external_id, ${externalId}),
          link = coalesce(link, ${link}), committed_at = coalesce(committed_at, now())
        WHERE tenant_id = ${tenantId} AND key = ${key}`);
      if (rowCount === 0) throw new Fault('not_found', `The effect ${key} was never claimed.`);
    }),

  release: (tenantId, key) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        DELETE FROM effects WHERE tenant_id = ${tenantId} AND key = ${key} AND state = 'begun'`);
    }),
});
