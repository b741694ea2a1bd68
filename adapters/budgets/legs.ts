import type { BudgetAsk, BudgetEnd } from '../../ports/budgets.ts';
import type { Terms } from './exchange.ts';
import type { Limit, Meter } from './meter.ts';
import type { Leave } from './share.ts';

/** One of the budgets that a call needs leave of. */
export interface Leg {
  id: string;
  of: Meter['of'];
  terms: Terms;
}

/**
 * The budgets that a call counts against, in the order in which leave is had: first what is the connection's own, so that
 * whoever stands in the queue of all tenants can go the moment it is their turn. A limit that only some calls count against is
 * a budget by itself.
 */
export function legsOf(
  { tenantId, connectionId, connectorId, inFlightMax, narrow = [] }: BudgetAsk,
  limits: Limit[],
): Leg[] {
  const legs = (scope: Limit['scope'], id: string, of: Meter['of'], callsMax: number | null): Leg[] => {
    const all = limits.filter((limit) => limit.scope === scope);
    const wide = all.filter(({ name }) => !narrow.includes(name));
    const common = wide.length > 0 || callsMax !== null ? [{ id, of, terms: { limits: wide, callsMax } }] : [];
    const own = all.filter((limit) => !wide.includes(limit));
    return [
      ...common,
      ...own.map((one) => ({ id: `${id}:${one.name}`, of, terms: { limits: [one], callsMax: null } })),
    ];
  };
  return [
    ...legs('connection', `connection:${connectionId}`, { tenantId, connectionId }, inFlightMax),
    ...legs('app', `app:${connectorId}`, null, null),
  ];
}

/**
 * Tells each budget how the call ended. A refusal is the one's whose limit is gone by the vendor's word; else the connection's,
 * or the application's where that alone has limits: one tenant's trouble must not stop all the others.
 */
export function settle(
  taken: { leg: Leg; leave: Leave }[],
  { told = [], refused, cost }: BudgetEnd,
  asked: number,
): void {
  const parts = taken.map(({ leg, leave }) => {
    const names = leg.terms.limits.map(({ name }) => name);
    return { leg, leave, told: told.filter(({ limit }) => names.includes(limit)) };
  });
  const gone = parts.filter((part) => part.told.some(({ remaining }) => (remaining ?? 1) <= 0));
  const limited = parts.filter(({ leg }) => leg.terms.limits.length > 0);
  const [first] = parts;
  const blamed =
    gone.length > 0
      ? gone
      : limited.some(({ leg }) => leg.of !== null)
        ? [first]
        : limited.length > 0
          ? limited
          : [first];
  for (const part of parts) {
    part.leave.end({ told: part.told, cost: cost ?? asked, ...(refused && blamed.includes(part) && { refused }) });
  }
}
