import { z } from 'zod';
import type { KnowledgeStore } from '../../ports/knowledge.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';
import { ofConnection, ofStream } from './sync-rows.ts';
import { textQuery } from './words.ts';

const Counts = z.object({ documents: z.number(), chunks: z.number() });

const Hit = z.object({
  documentId: z.string(),
  seq: z.number(),
  title: z.string(),
  link: z.string().nullable(),
  text: z.string(),
});

export const postgresKnowledge = (db: Database): KnowledgeStore => ({
  put: (ref, { externalId, title, link, hash, chunks }) =>
    db.inTenant(ref.tenantId, async (tx) => {
      // The row is held from here on: two deliveries of one document replace each other whole.
      const { id } = await tx.one(sql.typeAlias('id')`
        INSERT INTO documents (tenant_id, connection_id, stream, external_id, title, link, hash)
        VALUES (${ref.tenantId}, ${ref.connectionId}, ${ref.stream}, ${externalId}, ${title}, ${link}, ${hash})
        ON CONFLICT (tenant_id, connection_id, stream, external_id)
        DO UPDATE SET title = excluded.title, link = excluded.link, hash = excluded.hash, updated_at = now()
        RETURNING id`);
      await tx.query(sql.typeAlias('nothing')`DELETE FROM knowledge_base WHERE document_id = ${id}`);
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO knowledge_base (tenant_id, document_id, seq, content)
        SELECT ${ref.tenantId}, ${id}, seq, content
        FROM ${sql.unnest(
          chunks.map((chunk, seq) => [seq, chunk]),
          ['int4', 'text'],
        )} AS chunk (seq, content)`);
    }),

  remove: (ref, externalIds) =>
    db.inTenant(ref.tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        DELETE FROM documents WHERE ${ofStream(ref)} AND external_id = ANY (${sql.array(externalIds, 'text')})`);
    }),

  clear: (tenantId, connectionId, stream) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(
        sql.typeAlias('nothing')`DELETE FROM documents WHERE ${ofConnection(tenantId, connectionId, stream)}`,
      );
    }),

  count: (tenantId) =>
    db.inTenant(tenantId, (tx) =>
      tx.one(sql.type(Counts)`
        SELECT (SELECT count(*) FROM documents WHERE tenant_id = ${tenantId}) AS documents,
          (SELECT count(*) FROM knowledge_base WHERE tenant_id = ${tenantId}) AS chunks`),
    ),

  search: (tenantId, query, limit) =>
    db.inTenant(tenantId, async (tx) => {
      const words = textQuery(query);
      if (words === null) return [];
      const asked = sql.fragment`to_tsquery('simple', ${words})`;
      // How often a word stands in a long chunk says less than how many of the words stand there.
      const rows = await tx.any(sql.type(Hit)`
        SELECT d.id AS document_id, k.seq, d.title, d.link, k.content AS text
        FROM knowledge_base k JOIN documents d ON d.tenant_id = k.tenant_id AND d.id = k.document_id
        WHERE k.tenant_id = ${tenantId} AND k.words @@ ${asked}
        ORDER BY ts_rank(k.words, ${asked}, 1) DESC, d.id, k.seq LIMIT ${limit}`);
      return rows.map(({ seq, ...hit }) => ({ chunkId: `${hit.documentId}/${seq}`, ...hit }));
    }),
});
