import type { RateLimitStore } from '../../ports/budgets.ts';
import { RateLimit } from '../../ports/connector-info.ts';
import { PLATFORM } from '../../ports/ids.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

export const postgresRateLimits = (db: Database): RateLimitStore => ({
  list: (connectorId) =>
    db.inTenant(PLATFORM, async (tx) => [
      ...(await tx.any(sql.type(RateLimit)`
        SELECT name, scope, units, per_seconds FROM connector_rate_limits
        WHERE connector_id = ${connectorId} ORDER BY name`)),
    ]),
  replace: (connectorId, limits) =>
    db.inTenant(PLATFORM, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`DELETE FROM connector_rate_limits WHERE connector_id = ${connectorId}`);
      for (const { name, scope, units, perSeconds } of limits) {
        await tx.query(sql.typeAlias('nothing')`
          INSERT INTO connector_rate_limits (connector_id, name, scope, units, per_seconds)
          VALUES (${connectorId}, ${name}, ${scope}, ${units}, ${perSeconds})`);
      }
    }),
});
