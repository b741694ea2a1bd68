import { z } from 'zod';
import type { RateLimit } from './connector-info.ts';
import type { Lane } from './connectors.ts';
import type { ConnectionId, TenantId } from './ids.ts';

/** What a vendor's answer tells of a limit: what is left of it, and when it is whole again. */
export interface LimitTold {
  /** The limit's name in the manifest. */
  limit: string;
  /** What the vendor grants at most, where it says so: it may differ from its documents by the account's plan. */
  units?: number;
  remaining?: number;
  /** Until `remaining` is `units` again. */
  resetMs?: number;
  /** Points that come back each second, where the limit is a bucket. */
  perSecond?: number;
}

export interface BudgetAsk {
  tenantId: TenantId;
  connectionId: ConnectionId;
  connectorId: string;
  lane: Lane;
  /** Units that the call takes of each limit. */
  cost: number;
  /** Names of the limits that not every call of the connector counts against. */
  narrow?: string[];
  /** Calls of the connection at once. Those that are not interactive leave a place or two to people. */
  inFlightMax: number;
}

/** How a call ended. */
export interface BudgetEnd {
  /** What the vendor said of its limits, in a refusal too. */
  told?: LimitTold[];
  /** What the call really took. */
  cost?: number;
  /**
   * The vendor refused us because of its limits: for so long, or null where it does not say. Everyone who shares the limit
   * waits: at least a second, at most an hour.
   */
  refused?: { retryAfterMs: number | null };
}

/** Leave for one call. One that is not settled comes back by itself when whoever took it has died. */
export interface BudgetLease {
  /** It had to be waited for. */
  waited: boolean;
  /** The call ended, whatever its end. Waits for nothing and throws nothing; the second time it does nothing. */
  settle: (end: BudgetEnd) => void;
}

/**
 * One budget for each provider's application and each connection, shared by all processes. Within a lane tenants take turns;
 * lanes go before one another as `LANES` names them.
 */
export interface RateBudgetPort {
  /**
   * Waits until the call may go out, at most `waitMs`; then `provider_rate_limited` with `retryAfterMs`. An aborted signal throws
   * its own reason. `limits`: those of the manifest that the call counts against; a platform admin's of the same names go before them.
   */
  take: (ask: BudgetAsk, limits: RateLimit[], waitMs: number, signal?: AbortSignal) => Promise<BudgetLease>;
  /** What each limit of a connector, or of one connection, has at most and what is in use now. None of those not used of late. */
  usage: (connectorId: string, connectionId?: ConnectionId) => Promise<BudgetUse[]>;
}

/** Limits that platform admins set. They go before those that the connector declares under the same names. */
export interface RateLimitStore {
  list: (connectorId: string) => Promise<RateLimit[]>;
  /** Afterwards these are all. */
  replace: (connectorId: string, limits: RateLimit[]) => Promise<void>;
}

export const BudgetUse = z
  .strictObject({
    limit: z.string().meta({ description: 'Its name; `inFlight`: calls at once.' }),
    connectionId: z
      .string()
      .nullable()
      .meta({ description: 'Null: the limit of the application, which all tenants share.' }),
    tenantId: z.string().nullable(),
    units: z.number(),
    perSeconds: z.number().nullable().meta({ description: 'Null: at once.' }),
    used: z.number().meta({ description: 'Spent within that time, under way, or set aside for calls to come.' }),
    waiting: z.int(),
    refused: z.int().meta({ description: 'Refusals by the vendor in the last hour.' }),
    blockedUntil: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'Nothing is asked before, because the vendor refused us.' }),
  })
  .meta({ id: 'BudgetUse' });
export type BudgetUse = z.infer<typeof BudgetUse>;
