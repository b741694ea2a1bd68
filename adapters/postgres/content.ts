import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ContentStore } from '../../ports/content.ts';
import { ContentRef } from '../../ports/content.ts';
import { Fault } from '../../ports/errors.ts';
import type { TenantId } from '../../ports/ids.ts';
import { canonicalJson } from '../../ports/canonical.ts';
import type { Database } from './pool.ts';
import { sql } from './sql.ts';

const BYTES_MAX = 16 * 1024 * 1024;

const put = async (db: Database, tenantId: TenantId, content: unknown, owner: string | null) => {
  const body = canonicalJson(content);
  const bytes = Buffer.byteLength(body);
  if (bytes > BYTES_MAX) throw new Fault('too_large', 'The content is larger than 16 MB; make it shorter.');
  // What has an owner is nobody else's, however alike it is.
  const named = owner === null ? body : `${owner}\n${body}`;
  const sha256 = createHash('sha256').update(named).digest('hex');
  return db.inTenant(tenantId, async (tx) => {
    await tx.query(sql.typeAlias('nothing')`
      INSERT INTO content (tenant_id, sha256, bytes, body, owner) VALUES (${tenantId}, ${sha256}, ${bytes}, ${body}, ${owner})
      ON CONFLICT (tenant_id, sha256) DO NOTHING`);
    return tx.one(sql.type(ContentRef)`
      SELECT id, sha256, bytes FROM content WHERE tenant_id = ${tenantId} AND sha256 = ${sha256}`);
  });
};

export const postgresContent = (db: Database): ContentStore => ({
  put: (tenantId, content) => put(db, tenantId, content, null),
  putFor: (tenantId, owner, content) => put(db, tenantId, content, owner),

  drop: (tenantId, owner) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`
        DELETE FROM content WHERE tenant_id = ${tenantId} AND owner = ${owner}`);
    }),

  get: (tenantId, id) =>
    db.inTenant(tenantId, async (tx) => {
      const found = await tx.maybeOne(
        sql.type(z.object({ body: z.string() }))`SELECT body FROM content WHERE id = ${id}`,
      );
      if (!found) throw new Fault('not_found', `There is no content ${id}.`);
      return JSON.parse(found.body) as unknown;
    }),

  clear: (tenantId) =>
    db.inTenant(tenantId, async (tx) => {
      await tx.query(sql.typeAlias('nothing')`DELETE FROM content WHERE tenant_id = ${tenantId}`);
    }),
});
