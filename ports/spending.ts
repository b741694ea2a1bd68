import { z } from 'zod';
import type { RunHead } from './agent-runs.ts';
import type { TenantId } from './ids.ts';

/**
 * What money is counted for. `month`: the tenant's calendar month (UTC); `agent`: one agent of it in that month; `crew`, `run`:
 * that run alone, whenever.
 */
export const spendScopes = {
  month: (at: string) => `month/${at.slice(0, 7)}`,
  agent: (agentId: string, at: string) => `agent/${agentId}/${at.slice(0, 7)}`,
  crew: (runId: string) => `crew/${runId}`,
  run: (runId: string) => `run/${runId}`,
} as const;

/** One budget. Money in micro-dollars. */
export const Budget = z
  .strictObject({
    scope: z.string(),
    /** Null: counted, not limited. */
    limitMicros: z.int().nullable(),
    reservedMicros: z.int(),
    spentMicros: z.int(),
  })
  .meta({ id: 'Budget' });
export type Budget = z.infer<typeof Budget>;

/** A budget to reserve from; one that is new begins with this limit, one that is known keeps its own. */
export interface SpendFrom {
  scope: string;
  limitMicros: number | null;
}

/** One time that a model is asked for a step of a run. */
export interface Asking {
  run: RunHead;
  step: number;
  /** Unlike that of every other asking of the step, those that are still under way included. */
  id: string;
}

/**
 * Money of a tenant: the worst case is reserved before a call, the real cost settled after it. However many reserve at once, no
 * budget is ever overspent by what was reserved.
 */
export interface SpendingStore {
  /**
   * For one asking of a step, from all or from none; granted, it is counted (`earlier`: askings of the step before). Idempotent
   * by its id while it is open. What an earlier asking of the same step still holds is counted as spent: its call may have been
   * paid. `exceeded`: the first that has not enough left.
   */
  reserve: (
    asking: Asking,
    asked: { agentId: string; micros: number; from: SpendFrom[] },
  ) => Promise<{ ok: true; earlier: number } | { ok: false; exceeded: Budget }>;
  /** Idempotent: the first settlement of a reservation stays. A cost above what was reserved is counted all the same. */
  settle: (asking: Asking, micros: number) => Promise<void>;
  /** Nothing was used. Idempotent. */
  release: (asking: Asking) => Promise<void>;
  get: (tenantId: TenantId, scope: string) => Promise<Budget | null>;
  /** Newest first. `under`: scopes that begin so. */
  list: (tenantId: TenantId, under?: string) => Promise<Budget[]>;
  /** Made when new. Only what is reserved from now on is measured by it. */
  setLimit: (tenantId: TenantId, scope: string, limitMicros: number | null) => Promise<void>;
  /** What the tenant decided for every month to come, by `tenant` or `agent/<id>`; else the plan's or none. */
  standing: (tenantId: TenantId) => Promise<{ subject: string; limitMicros: number | null }[]>;
  /** Null: no longer decided. */
  setStanding: (tenantId: TenantId, subject: string, limitMicros: number | null) => Promise<void>;
  /** Reservations whose call never ended (their process died before this moment, ISO 8601) are settled at their worst case. */
  settleLost: (tenantId: TenantId, before: string) => Promise<number>;
}
