import { createHash } from 'node:crypto';
import type { AuditPort, NewAuditEntry } from '../../ports/audit.ts';
import { AuditEntry } from '../../ports/audit.ts';
import type { Scope } from '../../ports/ids.ts';
import { canonicalJson } from '../../ports/canonical.ts';
import { beforeSeq, pageOf } from './paging.ts';
import type { Database, Tx } from './pool.ts';
import { sql } from './sql.ts';

const columns = sql.fragment`seq, tenant_id, actor, action, resource_type, resource_id, metadata, ip, user_agent, at, hash`;
const VERIFY_BATCH = 1000;

/** The first line of each scope stands on this. */
const GENESIS = '';

const hashOf = (previous: string, { hash: _hash, ...line }: AuditEntry) =>
  createHash('sha256').update(previous).update('\n').update(canonicalJson(line)).digest('hex');

/** Adds the line within a transaction that is already in the line's scope. */
export const appendAudit = async (tx: Tx, scope: Scope, entry: NewAuditEntry): Promise<void> => {
  // One writer a scope at a time: two that read the same last hash would fork the chain.
  await tx.query(sql.typeAlias('nothing')`SELECT pg_advisory_xact_lock(hashtextextended(${`audit:${scope}`}, 0))`);
  const isThere = await tx.exists(
    sql.typeAlias('nothing')`SELECT 1 FROM audit_logs WHERE tenant_id = ${scope} AND key = ${entry.key}`,
  );
  if (isThere) return;
  const last = await tx.maybeOne(
    sql.type(AuditEntry.pick({ seq: true, hash: true }))`
      SELECT seq, hash FROM audit_logs WHERE tenant_id = ${scope} ORDER BY seq DESC LIMIT 1`,
  );
  const line = {
    seq: (last?.seq ?? 0) + 1,
    tenantId: scope,
    actor: entry.actor,
    action: entry.action,
    resourceType: entry.resourceType,
    resourceId: entry.resourceId,
    metadata: entry.metadata ?? {},
    ip: entry.ip ?? null,
    userAgent: entry.userAgent ?? null,
    // Milliseconds, so that the moment comes back from the database as it was hashed.
    at: new Date().toISOString(),
  };
  const hash = hashOf(last?.hash ?? GENESIS, { ...line, hash: '' });
  await tx.query(sql.typeAlias('nothing')`
    INSERT INTO audit_logs (${columns}, key)
    VALUES (${line.seq}, ${scope}, ${line.actor}, ${line.action}, ${line.resourceType}, ${line.resourceId},
      ${sql.jsonb(line.metadata)}, ${line.ip}, ${line.userAgent}, ${line.at}, ${hash}, ${entry.key})`);
};

export const postgresAudit = (db: Database): AuditPort => ({
  append: (scope, entry) => db.inTenant(scope, (tx) => appendAudit(tx, scope, entry)),

  list: (scope, page) =>
    db.inTenant(scope, async (tx) => {
      const rows = await tx.any(sql.type(AuditEntry)`
        SELECT ${columns} FROM audit_logs WHERE tenant_id = ${scope} AND seq < ${beforeSeq(page)}
        ORDER BY seq DESC LIMIT ${page.limit + 1}`);
      return pageOf(rows, page, (entry) => entry);
    }),

  async verify(scope) {
    let seq = 0;
    let previous = GENESIS;
    for (;;) {
      const lines = await db.inTenant(scope, (tx) =>
        tx.any(sql.type(AuditEntry)`
          SELECT ${columns} FROM audit_logs WHERE tenant_id = ${scope} AND seq > ${seq} ORDER BY seq LIMIT ${VERIFY_BATCH}`),
      );
      for (const line of lines) {
        // A gap is a line taken out: the number that is missing is the broken one.
        if (line.seq !== seq + 1) return seq + 1;
        if (line.hash !== hashOf(previous, line)) return line.seq;
        seq = line.seq;
        previous = line.hash;
      }
      if (lines.length < VERIFY_BATCH) return null;
    }
  },
});
