import { z } from 'zod';
import { ContentRef } from '../../ports/content.ts';
import type { BoardStore } from '../../ports/crews.ts';
import { Fault } from '../../ports/errors.ts';
import type { RunId, TenantId } from '../../ports/ids.ts';
import type { Database, Tx } from './pool.ts';
import { sql } from './sql.ts';

const Version = z.object({ version: z.number() });
const Entry = z.object({
  key: z.string(),
  version: z.number(),
  author: z.string(),
  content: ContentRef,
  at: z.string(),
});
const Message = z.object({
  seq: z.number(),
  sender: z.string(),
  recipient: z.string().nullable(),
  content: ContentRef,
  at: z.string(),
});

const of = (tenantId: TenantId, crewRunId: RunId) =>
  sql.fragment`tenant_id = ${tenantId} AND crew_run_id = ${crewRunId}`;

/** Those who write to one crew's board do so one after the other: numbers have no holes, and versions no twins. */
const inTurn = (tx: Tx, crewRunId: RunId) =>
  tx.query(sql.typeAlias('nothing')`SELECT pg_advisory_xact_lock(hashtextextended(${`board/${crewRunId}`}, 0))`);

export const postgresBoard = (db: Database): BoardStore => ({
  write: (tenantId, crewRunId, { key, author, content, expected, opId }) =>
    db.inTenant(tenantId, async (tx) => {
      await inTurn(tx, crewRunId);
      const done = await tx.maybeOne(sql.type(Version)`
        SELECT version FROM board_entries WHERE ${of(tenantId, crewRunId)} AND op_id = ${opId}`);
      if (done) return done;
      const { version: stands } = await tx.one(sql.type(Version)`
        SELECT coalesce(max(version), 0) AS version FROM board_entries
        WHERE ${of(tenantId, crewRunId)} AND key = ${key}`);
      if (expected !== null && expected !== stands) {
        throw new Fault('conflict', `“${key}” stands at version ${stands}, not ${expected}; read it again first.`);
      }
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO board_entries (tenant_id, crew_run_id, key, version, author, content, op_id)
        VALUES (${tenantId}, ${crewRunId}, ${key}, ${stands + 1}, ${author}, ${sql.jsonb(content)}, ${opId})`);
      return { version: stands + 1 };
    }),

  read: (tenantId, crewRunId) =>
    db.inTenant(tenantId, async (tx) => [
      ...(await tx.any(sql.type(Entry)`
        SELECT DISTINCT ON (key) key, version, author, content, at FROM board_entries
        WHERE ${of(tenantId, crewRunId)} ORDER BY key, version DESC`)),
    ]),

  send: (tenantId, crewRunId, { from, to, content, opId }) =>
    db.inTenant(tenantId, async (tx) => {
      await inTurn(tx, crewRunId);
      await tx.query(sql.typeAlias('nothing')`
        INSERT INTO crew_messages (tenant_id, crew_run_id, seq, sender, recipient, content, op_id)
        SELECT ${tenantId}, ${crewRunId}, coalesce(max(seq), 0) + 1, ${from}, ${to}, ${sql.jsonb(content)}, ${opId}
        FROM crew_messages WHERE ${of(tenantId, crewRunId)}
        ON CONFLICT (tenant_id, crew_run_id, op_id) DO NOTHING`);
    }),

  messages: (tenantId, crewRunId, to, seq) =>
    db.inTenant(tenantId, async (tx) => {
      const rows = await tx.any(sql.type(Message)`
        SELECT seq, sender, recipient, content, at FROM crew_messages
        WHERE ${of(tenantId, crewRunId)} AND seq > ${seq} AND (recipient IS NULL OR recipient = ${to}) ORDER BY seq`);
      return rows.map(({ sender, recipient, ...message }) => ({ ...message, from: sender, to: recipient }));
    }),
});
