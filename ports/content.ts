import { z } from 'zod';
import type { TenantId } from './ids.ts';

/** Content by reference: what histories hold instead of the content. */
export const ContentRef = z
  .strictObject({ id: z.uuid(), sha256: z.string(), bytes: z.number().int() })
  .meta({ id: 'ContentRef' });
export type ContentRef = z.infer<typeof ContentRef>;

/** Content of runs, approvals and writes, kept once by its hash, under row-level security. */
export interface ContentStore {
  /** Idempotent: the same content of one tenant has one reference. */
  put: (tenantId: TenantId, content: unknown) => Promise<ContentRef>;
  /** Of one owner alone, such as the write that takes it into a tenant's system. Idempotent for one owner. */
  putFor: (tenantId: TenantId, owner: string, content: unknown) => Promise<ContentRef>;
  /** All that was put for this owner goes; silent when there is nothing. */
  drop: (tenantId: TenantId, owner: string) => Promise<void>;
  /** `not_found` when gone or another tenant's. */
  get: (tenantId: TenantId, id: string) => Promise<unknown>;
  /** Silent when gone. */
  clear: (tenantId: TenantId) => Promise<void>;
}
