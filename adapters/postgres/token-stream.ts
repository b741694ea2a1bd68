import { z } from 'zod';
import { PLATFORM } from '../../ports/ids.ts';
import type { RunId } from '../../ports/ids.ts';
import type { Piece, TokenStreamPort } from '../../ports/token-stream.ts';
import { rememberWatched } from '../tokens/watched.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

/** Somebody watches for this long after having said so. */
const WATCH_SECONDS = 30;

const Row = z.object({
  seq: z.number(),
  runId: z.custom<RunId>(),
  step: z.number(),
  kind: z.enum(['text', 'reset', 'done']),
  body: z.string(),
});
const Watched = z.object({ watched: z.boolean() });

/** In tables that are not logged: as quick as memory, and gone after a crash of the database. */
export const postgresTokenStream = (db: Database): TokenStreamPort => ({
  watched: rememberWatched((tenantId, runId) =>
    db.inTenant(tenantId, async (tx) => {
      const { watched } = await tx.one(sql.type(Watched)`
        SELECT EXISTS (SELECT FROM token_watches
          WHERE tenant_id = ${tenantId} AND run_id = ${runId} AND until > now()) AS watched`);
      return watched;
    }),
  ),

  push: (tenantId, runId, pieces) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO token_pieces (tenant_id, run_id, step, kind, body)
        SELECT ${tenantId}, ${runId}, step, kind, body
        FROM ${sql.unnest(
          pieces.map(({ step, kind, text }) => [step, kind, JSON.stringify(text)]),
          ['int4', 'text', 'text'],
        )} WITH ORDINALITY AS piece (step, kind, body, place) ORDER BY place`);
    }),

  watch: (tenantId, runId) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO token_watches (tenant_id, run_id, until)
        VALUES (${tenantId}, ${runId}, now() + make_interval(secs => ${WATCH_SECONDS}))
        ON CONFLICT (tenant_id, run_id) DO UPDATE SET until = EXCLUDED.until`);
    }),

  after: (runs) =>
    db.inTenant(PLATFORM, async (tx): Promise<Piece[]> => {
      const rows = await tx.any(sql.type(Row)`
        SELECT piece.seq, piece.run_id, piece.step, piece.kind, piece.body
        FROM ${sql.unnest(
          runs.map(({ tenantId, runId, seq }) => [tenantId, runId, seq]),
          ['text', 'uuid', 'int8'],
        )} AS seen (tenant_id, run_id, seq)
        JOIN token_pieces AS piece USING (tenant_id, run_id)
        WHERE piece.seq > seen.seq ORDER BY piece.seq`);
      return rows.map(({ body, ...piece }) => ({ ...piece, text: JSON.parse(body) as string }));
    }),

  sweep: (before) =>
    db.inTenant(PLATFORM, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`DELETE FROM token_pieces WHERE at < ${before}`);
      await tx.query(sql.typeAlias('nothing')`DELETE FROM token_watches WHERE until < now()`);
    }),

  close: async () => undefined,
});
