import { z } from 'zod';
import type { TenantId } from './ids.ts';

/** A fact that an agent keeps for later runs, and where it has it from. */
export const MemoryFact = z
  .strictObject({
    id: z.uuid(),
    agentId: z.string(),
    fact: z.string(),
    /** The run and the message in it from which it was learned. */
    source: z.strictObject({ runId: z.uuid(), seq: z.int() }),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'MemoryFact' });
export type MemoryFact = z.infer<typeof MemoryFact>;

/** Long-term memory, of each tenant's each agent alone. */
export interface MemoryStore {
  /** Idempotent by `opId`; the same fact again is one fact. Past 500 the oldest goes. */
  remember: (
    tenantId: TenantId,
    agentId: string,
    fact: { fact: string; source: MemoryFact['source']; opId: string },
  ) => Promise<MemoryFact>;
  /** By words of the query, best first; without a query the newest first. */
  recall: (tenantId: TenantId, agentId: string, query: string | null, limit: number) => Promise<MemoryFact[]>;
  /** Silent when gone. */
  forget: (tenantId: TenantId, agentId: string, id: string) => Promise<void>;
  clear: (tenantId: TenantId, agentId?: string) => Promise<void>;
}
