import { z } from 'zod';
import { PLATFORM } from '../../ports/ids.ts';
import type { Database } from '../postgres/pool.ts';
import { sql } from '../postgres/sql.ts';
import type { MeterStore } from './store.ts';

const Swapped = z.object({
  isSwapped: z.boolean(),
  itsVersion: z.number(),
  itsBody: z.string().nullable(),
  nowMs: z.number(),
});
const Listed = z.object({ body: z.string().nullable(), nowMs: z.number() });

/** In the product's own database; the default. */
export const postgresMeters = (db: Database): MeterStore => ({
  async swap({ id, connectorId }, version, body, keepMs) {
    const [row] = await db.call(Swapped, 'swap_rate_meter', [id, connectorId, String(version), body, String(keepMs)]);
    if (!row) throw new Error('swap_rate_meter gave no row');
    return { swapped: row.isSwapped, version: row.itsVersion, body: row.itsBody, nowMs: row.nowMs };
  },
  async list(connectorId) {
    const rows = await db.inTenant(PLATFORM, (tx) =>
      tx.any(sql.type(Listed)`
        SELECT body, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms
        FROM (SELECT 1) one LEFT JOIN rate_meters ON connector_id = ${connectorId} ORDER BY id LIMIT 1000`),
    );
    return { bodies: rows.flatMap(({ body }) => body ?? []), nowMs: rows[0]?.nowMs ?? Date.now() };
  },
  // The database is closed by whoever opened it.
  close: async () => undefined,
});
