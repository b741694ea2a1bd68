import type { BudgetEnd } from '../../ports/budgets.ts';
import type { RateLimit } from '../../ports/connector-info.ts';
import type { Lane } from '../../ports/connectors.ts';
import type { ConnectionId, TenantId } from '../../ports/ids.ts';

/** A limit in force, and whether a platform admin set it. */
export type Limit = RateLimit & { by: 'manifest' | 'admin' };

/** What is counted of one limit. Moments are milliseconds of the store's clock. */
export interface Gauge {
  units: number;
  perMs: number;
  /** Units that were spent, and when each lot comes back; in that order. */
  spent: [backAt: number, units: number][];
  /** Where the limit's pace has got to; only in haste does it matter. */
  pacedTo?: number;
  /** Units that somebody else took of the same limit, by the vendor's word. */
  foreign?: { units: number; until: number };
  /** What the vendor grants, where it says so. */
  told?: { units?: number; perMs?: number };
}

/** A call that has to wait. */
export interface Want {
  tenantId: TenantId;
  lane: Lane;
  units: number;
}

/** One process's part. It is written by that process alone, and lapses when the process no longer renews it. */
export interface Holder {
  until: number;
  /** Units of calls under way, and of those that it may begin without asking. */
  held: number;
  /** The same as calls. */
  calls: number;
  waiting: Want[];
}

/**
 * All that is known of one budget: what the connections of an application share, or what one connection has by itself. It is
 * one small document that processes change by compare-and-set, so that whatever the store is, the rules are these here.
 */
export interface Meter {
  /** Null: an application's. */
  of: { tenantId: TenantId; connectionId: ConnectionId } | null;
  /** Calls at once; null: as many as anybody likes. */
  callsMax: number | null;
  gauges: Record<string, Gauge>;
  holders: Record<string, Holder>;
  /** When each tenant was last served, as a count: who waited longest is next. */
  turns: Record<string, number>;
  blockedUntil: number;
  /** Refusals one after the other. */
  strikes: number;
  /** Refusals of the last hour, by minute. */
  refused: [minute: number, times: number][];
}

/** A call that ended, not later than `at`. */
export interface Ended extends BudgetEnd {
  at: number;
  /** What was held for it. */
  units: number;
  /** What it took. */
  cost: number;
}

export const newMeter = (of: Meter['of']): Meter => ({
  ...{ of, callsMax: null, gauges: {}, holders: {}, turns: {}, blockedUntil: 0, strikes: 0, refused: [] },
});

export const held = ({ holders }: Meter): number => Object.values(holders).reduce((sum, one) => sum + one.held, 0);
export const callsOut = ({ holders }: Meter): number => Object.values(holders).reduce((sum, one) => sum + one.calls, 0);
