import { z } from 'zod';
import { PLATFORM } from '../../ports/ids.ts';
import type { IdempotencyStore } from '../../ports/runs.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

const Kept = z.object({
  bodyHash: z.string(),
  status: z.number().nullable(),
  headers: z.record(z.string(), z.string()).nullable(),
  body: z.string().nullable(),
  lapsed: z.boolean(),
});

const lapse = sql.fragment`now() + interval '1 minute'`;

export const postgresIdempotency = (db: Database): IdempotencyStore => ({
  begin: (scope, key, bodyHash) =>
    db.inTenant(PLATFORM, async (tx) => {
      const { rowCount } = await tx.query(sql.typeAlias('nothing')`
        INSERT INTO idempotency_keys (scope, key, body_hash, lapses_at) VALUES (${scope}, ${key}, ${bodyHash}, ${lapse})
        ON CONFLICT (scope, key) DO NOTHING`);
      if (rowCount > 0) return { kind: 'new' };
      const kept = await tx.maybeOne(sql.type(Kept)`
        SELECT body_hash, status, headers, body, lapses_at <= now() AS lapsed FROM idempotency_keys
        WHERE scope = ${scope} AND key = ${key} FOR UPDATE`);
      // Abandoned between the two statements: the caller asks again.
      if (!kept) return { kind: 'in_progress' };
      if (kept.bodyHash !== bodyHash) return { kind: 'mismatch' };
      if (kept.status !== null) {
        return {
          kind: 'replay',
          status: kept.status,
          headers: kept.headers ?? {},
          body: kept.body === null ? undefined : (JSON.parse(kept.body) as unknown),
        };
      }
      if (!kept.lapsed) return { kind: 'in_progress' };
      await tx.query(sql.typeAlias('nothing')`
        UPDATE idempotency_keys SET lapses_at = ${lapse} WHERE scope = ${scope} AND key = ${key}`);
      return { kind: 'new' };
    }),

  finish: (scope, key, { status, headers, body }) =>
    db.inTenant(PLATFORM, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        UPDATE idempotency_keys SET status = ${status}, headers = ${sql.jsonb(headers)},
          body = ${body === undefined ? null : JSON.stringify(body)}
        WHERE scope = ${scope} AND key = ${key} AND status IS NULL`);
    }),

  abandon: (scope, key) =>
    db.inTenant(PLATFORM, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        DELETE FROM idempotency_keys WHERE scope = ${scope} AND key = ${key} AND status IS NULL`);
    }),
});
