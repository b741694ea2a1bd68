import { createHash } from 'node:crypto';
import { z } from 'zod';
import { MemoryFact } from '../../ports/memory.ts';
import type { MemoryStore } from '../../ports/memory.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';
import { textQuery } from './words.ts';

/** What one agent of one tenant remembers at most. */
const FACTS_MAX = 500;

const Row = MemoryFact.omit({ source: true }).extend({ runId: z.string(), seq: z.number() });
const columns = sql.fragment`id, agent_id, fact, run_id, seq, created_at`;

const factOf = ({ runId, seq, ...fact }: z.infer<typeof Row>): MemoryFact => ({ ...fact, source: { runId, seq } });

export const postgresMemory = (db: Database): MemoryStore => ({
  remember: (tenantId, agentId, { fact, source, opId }) =>
    db.inTenant(tenantId, async (tx) => {
      // One at a time for each agent, or two at once would both find room for the last.
      await tx.query(sql.typeAlias('nothing')`
        SELECT pg_advisory_xact_lock(hashtextextended(${`agent_memory ${tenantId} ${agentId}`}, 0))`);
      const hash = createHash('sha256').update(fact).digest('hex');
      const mine = sql.fragment`tenant_id = ${tenantId} AND agent_id = ${agentId}`;
      const known = await tx.maybeOne(sql.type(Row)`
        SELECT ${columns} FROM agent_memory WHERE ${mine} AND (op_id = ${opId} OR fact_hash = ${hash})
        ORDER BY (op_id = ${opId}) DESC LIMIT 1`);
      if (known) return factOf(known);
      await tx.query(sql.typeAlias('nothing')`
        DELETE FROM agent_memory WHERE ${mine} AND id IN (
          SELECT id FROM agent_memory WHERE ${mine} ORDER BY created_at DESC, id OFFSET ${FACTS_MAX - 1})`);
      return factOf(
        await tx.one(sql.type(Row)`
          INSERT INTO agent_memory (tenant_id, agent_id, fact, fact_hash, run_id, seq, op_id)
          VALUES (${tenantId}, ${agentId}, ${fact}, ${hash}, ${source.runId}, ${source.seq}, ${opId})
          RETURNING ${columns}`),
      );
    }),

  recall: (tenantId, agentId, query, limit) =>
    db.inTenant(tenantId, async (tx) => {
      const mine = sql.fragment`tenant_id = ${tenantId} AND agent_id = ${agentId}`;
      const words = query === null ? null : textQuery(query);
      if (query !== null && words === null) return [];
      const asked = sql.fragment`to_tsquery('simple', ${words ?? ''})`;
      const rows =
        words === null
          ? await tx.any(sql.type(Row)`
              SELECT ${columns} FROM agent_memory WHERE ${mine} ORDER BY created_at DESC, id LIMIT ${limit}`)
          : await tx.any(sql.type(Row)`
              SELECT ${columns} FROM agent_memory WHERE ${mine} AND to_tsvector('simple', fact) @@ ${asked}
              ORDER BY ts_rank(to_tsvector('simple', fact), ${asked}) DESC, created_at DESC, id LIMIT ${limit}`);
      return rows.map(factOf);
    }),

  forget: (tenantId, agentId, id) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        DELETE FROM agent_memory WHERE tenant_id = ${tenantId} AND agent_id = ${agentId} AND id = ${id}`);
    }),

  clear: (tenantId, agentId) =>
    db.inTenant(tenantId, async (tx) => {
      const whose = agentId === undefined ? sql.fragment`` : sql.fragment`AND agent_id = ${agentId}`;
      await tx.query(sql.typeAlias('nothing')`DELETE FROM agent_memory WHERE tenant_id = ${tenantId} ${whose}`);
    }),
});
