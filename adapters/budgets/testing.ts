import { randomUUID } from 'node:crypto';
import type { BudgetAsk, RateLimitStore } from '../../ports/budgets.ts';
import type { RateLimit } from '../../ports/connector-info.ts';
import { ConnectionId, TenantId } from '../../ports/ids.ts';
import type { MeterStore } from './store.ts';

/** A store whose clock is the test's own, and whose answers take as long as the test says. */
export function testMeters(latencyMs: () => number = () => 0): MeterStore & { asked: () => number } {
  const kept = new Map<string, { version: number; body: string; connectorId: string }>();
  let asked = 0;
  const pause = async () => {
    const ms = latencyMs();
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  };
  return {
    asked: () => asked,
    async swap({ id, connectorId }, seen, body) {
      asked += 1;
      await pause();
      const found = kept.get(id);
      const version = found?.version ?? 0;
      const swapped = body !== null && version === seen;
      if (swapped) kept.set(id, { version: version + 1, body, connectorId });
      const answer = {
        ...{ swapped, version: swapped ? version + 1 : version, nowMs: Date.now() },
        body: !swapped && version !== seen ? (found?.body ?? null) : null,
      };
      await pause();
      return answer;
    },
    list: async (connectorId) => ({
      bodies: [...kept.values()].filter((one) => one.connectorId === connectorId).map(({ body }) => body),
      nowMs: Date.now(),
    }),
    close: async () => undefined,
  };
}

export const noLimitsSet: RateLimitStore = { list: async () => [], replace: async () => undefined };

export const aLimit = (given: Partial<RateLimit> = {}): RateLimit => ({
  ...{ name: 'calls', scope: 'app', units: 600, perSeconds: 60, ...given },
});

/** A call of some tenant by a connection of its own. */
export const anAsk = (given: Partial<BudgetAsk> = {}): BudgetAsk => ({
  ...{ tenantId: TenantId.parse(randomUUID()), connectionId: ConnectionId.parse(randomUUID()) },
  ...{ connectorId: 'acme', lane: 'backfill', cost: 1, inFlightMax: 8, ...given },
});
