import { randomUUID } from 'node:crypto';
import type { RateBudgetPort, RateLimitStore } from '../../ports/budgets.ts';
import type { Note } from '../../ports/notifications.ts';
import { breachesOf, createTeller } from './breaches.ts';
import { createClock } from './clock.ts';
import { legsOf, settle } from './legs.ts';
import type { Leg } from './legs.ts';
import { createLimits } from './limits.ts';
import type { Meter } from './meter.ts';
import { createShare } from './share.ts';
import type { Leave, Share, Timing } from './share.ts';
import type { MeterStore } from './store.ts';
import { useOf } from './usage.ts';

export interface BudgetParts {
  store: MeterStore;
  limits: RateLimitStore;
  /** Has people of the platform told; a note of a key that was told before is not told again. */
  tell: (note: Note) => Promise<void>;
  timing?: Partial<Timing>;
}

const TIMING: Timing = { leaseMs: 15_000, spareMs: 250, flushMs: 100, askMs: 50, askMaxMs: 500, idleMs: 30_000 };

/** The budgets of this process, shared with all others that have the same store. */
export function createBudgets({
  store,
  limits,
  tell,
  timing = {},
}: BudgetParts): RateBudgetPort & { close: () => Promise<void> } {
  const me = randomUUID();
  const clock = createClock();
  const inForce = createLimits(limits);
  const teller = createTeller(tell);
  const shares = new Map<string, Share>();

  const shareOf = (id: string, connectorId: string, of: Meter['of']): Share => {
    const share =
      shares.get(id) ??
      createShare({
        ...{ me, key: { id, connectorId }, of, store, clock, timing: { ...TIMING, ...timing } },
        onWritten: (meter, ended) => teller(breachesOf(connectorId, meter, ended, clock.low())),
        onIdle: () => void shares.delete(id),
      });
    shares.set(id, share);
    return share;
  };

  return {
    async take(ask, declared, waitMs, signal) {
      const { tenantId, connectorId, lane, cost, narrow = [] } = ask;
      const deadline = performance.now() + waitMs;
      const legs = legsOf(ask, await inForce(connectorId, declared, narrow));
      const taken: { leg: Leg; leave: Leave }[] = [];
      try {
        for (const leg of legs) {
          const leftMs = Math.max(0, deadline - performance.now());
          const share = shareOf(leg.id, connectorId, leg.of);
          taken.push({ leg, leave: await share.take({ tenantId, lane, units: cost }, leg.terms, leftMs, signal) });
        }
      } catch (error) {
        settle(taken, { cost: 0 }, cost);
        throw error;
      }
      return { waited: taken.some(({ leave }) => leave.waited), settle: (end) => settle(taken, end, cost) };
    },
    async usage(connectorId, connectionId) {
      if (connectionId !== undefined) {
        const { body, nowMs } = await store.swap({ id: `connection:${connectionId}`, connectorId }, 0, null, 0);
        return body === null ? [] : useOf(body, nowMs);
      }
      const { bodies, nowMs } = await store.list(connectorId);
      return bodies.flatMap((body) => useOf(body, nowMs));
    },
    async close() {
      await Promise.all([...shares.values()].map((share) => share.close()));
      await store.close();
    },
  };
}
