import { Fault } from '../../ports/errors.ts';
import { PLATFORM } from '../../ports/ids.ts';
import type { RotationStore } from '../../ports/rotation.ts';
import { Rotation, RotationPolicy } from '../../ports/rotation.ts';
import { ROTATED, ROTATED_CLASSES } from '../../ports/secret-classes.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

const columns = sql.fragment`
  id, operation_id, tenant_id AS scope, secret_class, subject, step, outcome, message, started_at, ended_at`;

export const postgresRotations = (db: Database): RotationStore => ({
  async policies() {
    const changed = await db.inTenant(PLATFORM, (tx) =>
      tx.any(sql.type(RotationPolicy)`
        SELECT secret_class, every_days, overlap_hours, asks, enabled FROM rotation_policies`),
    );
    return ROTATED_CLASSES.map(
      (secretClass) =>
        changed.find((policy) => policy.secretClass === secretClass) ?? {
          ...{ secretClass, ...ROTATED[secretClass], enabled: true },
        },
    );
  },

  setPolicy: ({ secretClass, everyDays, overlapHours, asks, enabled }) =>
    db.inTenant(PLATFORM, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO rotation_policies (secret_class, every_days, overlap_hours, asks, enabled)
        VALUES (${secretClass}, ${everyDays}, ${overlapHours}, ${asks}, ${enabled})
        ON CONFLICT (secret_class) DO UPDATE SET every_days = excluded.every_days, asks = excluded.asks,
          overlap_hours = excluded.overlap_hours, enabled = excluded.enabled, updated_at = now()`);
    }),

  record: ({ scope, rotationId, secretClass, subject }, { step, outcome, message, operationId }) =>
    db.inTenant(scope, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO rotations (id, tenant_id, operation_id, secret_class, subject, step, outcome, message, ended_at)
        VALUES (${rotationId}, ${scope}, ${operationId}, ${secretClass}, ${subject}, ${step}, ${outcome}, ${message},
          CASE WHEN ${outcome} <> 'running' THEN now() END)
        ON CONFLICT (tenant_id, id) DO UPDATE SET step = excluded.step, outcome = excluded.outcome,
          message = excluded.message, ended_at = excluded.ended_at,
          operation_id = coalesce(excluded.operation_id, rotations.operation_id)
        WHERE rotations.outcome = 'running'`);
    }),

  latest: (scope) =>
    db.inTenant(scope, async (tx) => [
      ...(await tx.any(sql.type(Rotation)`
        SELECT DISTINCT ON (secret_class, subject) ${columns} FROM rotations
        WHERE tenant_id = ${scope} ORDER BY secret_class, subject, seq DESC`)),
    ]),

  get: (scope, id) =>
    db.inTenant(scope, async (tx) => {
      const found = await tx.maybeOne(
        sql.type(Rotation)`SELECT ${columns} FROM rotations WHERE tenant_id = ${scope} AND id = ${id}`,
      );
      if (!found) throw new Fault('not_found', `There is no rotation ${id}.`);
      return found;
    }),
});
