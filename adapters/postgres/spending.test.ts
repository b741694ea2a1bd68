import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { RunHead } from '../../ports/agent-runs.ts';
import { RunId, TenantId } from '../../ports/ids.ts';
import type { SpendFrom, SpendingStore } from '../../ports/spending.ts';
import { spendScopes } from '../../ports/spending.ts';
import { sql } from './sql.ts';
import { postgresSpending } from './spending.ts';
import type { TestDatabase } from './testing.ts';
import { freshDatabase, onPglite } from './testing.ts';

const at = '2026-11-22T10:00:00.000Z';
const month = spendScopes.month(at);
const aTenantId = () => TenantId.parse(randomUUID());
const aRun = (tenantId = aTenantId()) => ({ tenantId, runId: RunId.parse(randomUUID()) });
const asking = (run: RunHead, step: number, id = 'a') => ({ run, step, id });
const asked = (from: SpendFrom[], micros: number) => ({ agentId: 'a', micros, from });

describe.each([
  ['the database of this run', () => freshDatabase({ max: 12 })],
  ['the embedded one', () => onPglite(12)],
])('on %s', (_name, open) => {
  let fresh: TestDatabase;
  let spending: SpendingStore;
  beforeAll(async () => {
    fresh = await open();
    spending = postgresSpending(fresh.db);
  });
  afterAll(() => fresh.close());

  test('C88: of 50 who reserve at once from a budget for 10, ten get it, and nothing is ever overspent', async () => {
    const run = aRun();
    const { tenantId } = run;
    const agents = ['b', 'a'].map((id) => ({ scope: spendScopes.agent(id, at), limitMicros: null }));
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, n) => {
        const runs = { scope: spendScopes.run(randomUUID()), limitMicros: 1000 };
        // In every order, since whoever locks in the order of its own list waits in a circle sooner or later.
        const own = [{ scope: month, limitMicros: 1000 }, ...agents, runs];
        return spending.reserve(asking(run, n), asked(n % 2 === 0 ? own : own.toReversed(), 100));
      }),
    );
    const got = outcomes.flatMap(({ ok }, n) => (ok ? [n] : []));
    expect(got).toHaveLength(10);
    for (const outcome of outcomes) {
      if (outcome.ok) continue;
      expect(outcome.exceeded).toMatchObject({ scope: month, limitMicros: 1000, reservedMicros: 1000, spentMicros: 0 });
    }
    await expect(spending.get(tenantId, agents[0]?.scope ?? '')).resolves.toMatchObject({ reservedMicros: 1000 });
    // Settled and reserved at once: what settling frees is given out again, and no more.
    const second = Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        spending.reserve(asking(run, 100 + n), asked([...agents, { scope: month, limitMicros: null }], 100)),
      ),
    );
    await Promise.all(
      got.map((step, n) => (n < 5 ? spending.settle(asking(run, step), 20) : spending.release(asking(run, step)))),
    );
    const granted = (await second).filter(({ ok }) => ok).length;
    expect(granted).toBeLessThanOrEqual(9);
    await expect(spending.get(tenantId, month)).resolves.toEqual({
      ...{ scope: month, limitMicros: 1000, reservedMicros: granted * 100, spentMicros: 100 },
    });
  });

  test('a reservation is made once and ended once; from all budgets or from none', async () => {
    const run = aRun();
    const { tenantId } = run;
    const from = [
      { scope: month, limitMicros: 500 },
      { scope: 'run/1', limitMicros: 100 },
    ];
    const thrice = await Promise.all([1, 2, 3].map(() => spending.reserve(asking(run, 0), asked(from, 60))));
    // Who comes first is theirs to settle; each is counted once.
    expect(thrice.map((one) => one.ok && one.earlier).toSorted()).toEqual([0, 1, 2]);
    await expect(spending.get(tenantId, month)).resolves.toMatchObject({ reservedMicros: 60 });
    await expect(spending.reserve(asking(run, 1), asked(from, 60))).resolves.toEqual({
      ...{ ok: false, exceeded: { scope: 'run/1', limitMicros: 100, reservedMicros: 60, spentMicros: 0 } },
    });
    await expect(spending.get(tenantId, month)).resolves.toMatchObject({ reservedMicros: 60 });
    // Dearer than was thought: counted all the same, and the first word stays.
    await spending.settle(asking(run, 0), 90);
    await spending.settle(asking(run, 0), 5);
    await spending.release(asking(run, 0));
    const spent = { scope: 'run/1', limitMicros: 100, reservedMicros: 0, spentMicros: 90 };
    await expect(spending.get(tenantId, 'run/1')).resolves.toEqual(spent);
    // The same step is asked again after its first answer was counted as lost: that is money again.
    await expect(spending.reserve(asking(run, 0), asked(from, 11))).resolves.toMatchObject({ ok: false });
    await expect(spending.reserve(asking(run, 0), asked(from, 10))).resolves.toEqual({ ok: true, earlier: 3 });
    await spending.settle(asking(run, 0), 10);
    await expect(spending.get(tenantId, 'run/1')).resolves.toEqual({ ...spent, spentMicros: 100 });
    await spending.setLimit(tenantId, 'run/1', 200);
    await expect(spending.reserve(asking(run, 2), asked(from, 100))).resolves.toMatchObject({ ok: true });
    await expect(spending.list(tenantId, 'run/')).resolves.toMatchObject([{ limitMicros: 200, reservedMicros: 100 }]);
    await expect(spending.list(aTenantId())).resolves.toEqual([]);
    await expect(spending.get(aTenantId(), month)).resolves.toBeNull();
  });

  test('C88: a later asking of a step reserves for itself; what the one before still holds is counted as spent', async () => {
    const run = aRun();
    const from = [{ scope: month, limitMicros: 100 }];
    const budget = () => spending.get(run.tenantId, month);
    await spending.reserve(asking(run, 0, 'first'), asked(from, 60));
    await spending.reserve(asking(run, 1), asked(from, 5));
    await expect(spending.reserve(asking(run, 0, 'next model'), asked(from, 30))).resolves.toMatchObject({ ok: true });
    await expect(budget()).resolves.toMatchObject({ reservedMicros: 35, spentMicros: 60 });
    // It was still under way: its end is its own, and changes nothing of the other's.
    await spending.settle(asking(run, 0, 'first'), 10);
    await spending.settle(asking(run, 0, 'next model'), 20);
    await expect(budget()).resolves.toMatchObject({ reservedMicros: 5, spentMicros: 80 });
    await expect(spending.reserve(asking(run, 0, 'third'), asked(from, 30))).resolves.toMatchObject({ ok: false });
  });

  test('C88: what a call reserved whose process died is settled at its worst case, once it is old', async () => {
    const run = aRun();
    const { tenantId } = run;
    const from = [{ scope: month, limitMicros: 500 }];
    await spending.reserve(asking(run, 0), asked(from, 60));
    await fresh.db.inTenant(tenantId, (tx) =>
      tx.query(sql.typeAlias('nothing')`UPDATE budget_reservations SET at = now() - interval '2 hours'`),
    );
    await spending.reserve(asking(run, 1), asked(from, 30));
    const anHourAgo = new Date(Date.now() - 3_600_000).toISOString();
    await expect(spending.settleLost(tenantId, anHourAgo)).resolves.toBe(1);
    await expect(spending.settleLost(tenantId, anHourAgo)).resolves.toBe(0);
    await expect(spending.get(tenantId, month)).resolves.toMatchObject({ reservedMicros: 30, spentMicros: 60 });
  });

  test('what was decided for every month is kept by subject, until it is decided no longer', async () => {
    const [acme, rival] = [aTenantId(), aTenantId()];
    await spending.setStanding(acme, 'tenant', 5);
    await spending.setStanding(acme, 'agent/a', 7);
    await spending.setStanding(acme, 'tenant', 6);
    await expect(spending.standing(acme)).resolves.toEqual([
      { subject: 'agent/a', limitMicros: 7 },
      { subject: 'tenant', limitMicros: 6 },
    ]);
    await expect(spending.standing(rival)).resolves.toEqual([]);
    await spending.setStanding(acme, 'agent/a', null);
    await expect(spending.standing(acme)).resolves.toHaveLength(1);
  });
});
