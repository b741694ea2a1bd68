import { z } from 'zod';
import type { Scope } from './ids.ts';
import type { Page, PageQuery } from './tenants.ts';

/** One line of the append-only log. `metadata` holds ids, counts and names; never a secret or a record. */
export const AuditEntry = z
  .strictObject({
    seq: z.number().int(),
    tenantId: z.string(),
    actor: z.string(),
    action: z.string(),
    resourceType: z.string(),
    resourceId: z.string(),
    metadata: z.record(z.string(), z.json()),
    ip: z.string().nullable(),
    userAgent: z.string().nullable(),
    at: z.iso.datetime(),
    hash: z.string(),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof AuditEntry>;

export interface NewAuditEntry {
  /** Idempotency key within the scope: a retried activity adds no second line. */
  key: string;
  actor: string;
  action: string;
  resourceType: string;
  resourceId: string;
  metadata?: Record<string, string | number | boolean | null>;
  ip?: string | null;
  userAgent?: string | null;
}

export interface AuditPort {
  append: (scope: Scope, entry: NewAuditEntry) => Promise<void>;
  list: (scope: Scope, page: PageQuery) => Promise<Page<AuditEntry>>;
  /** Recomputes the hash chain of a scope; the first broken `seq`, or null when whole. */
  verify: (scope: Scope) => Promise<number | null>;
}
