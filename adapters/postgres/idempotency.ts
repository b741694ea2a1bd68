import { z } from 'zod';
import { PLATFORM } from '../../ports/ids.ts';
import type { IdempotencyStore } from '../../ports/runs.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

const Begun = z.object({
  kind: z.enum(['new', 'in_progress', 'mismatch', 'replay']),
  status: z.number().nullable(),
  headers: z.record(z.string(), z.string()).nullable(),
  body: z.string().nullable(),
});

export const postgresIdempotency = (db: Database): IdempotencyStore => ({
  async begin(scope, key, bodyHash) {
    const [begun] = await db.call(Begun, 'begin_once', [scope, key, bodyHash]);
    if (begun?.kind !== 'replay') return { kind: begun?.kind ?? 'in_progress' };
    return {
      kind: 'replay',
      status: begun.status ?? 200,
      headers: begun.headers ?? {},
      body: begun.body === null ? undefined : (JSON.parse(begun.body) as unknown),
    };
  },

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
