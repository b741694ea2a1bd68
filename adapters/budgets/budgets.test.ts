import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { BudgetAsk, BudgetEnd, RateBudgetPort } from '../../ports/budgets.ts';
import type { RateLimit } from '../../ports/connector-info.ts';
import type { Lane } from '../../ports/connectors.ts';
import type { Note } from '../../ports/notifications.ts';
import { createBudgets } from './index.ts';
import type { BudgetParts } from './index.ts';
import { aLimit, anAsk, noLimitsSet, testMeters } from './testing.ts';

const MINUTE = 60_000;
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
/** Time goes by, and whatever was to happen meanwhile happens. */
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

beforeEach(() => void jest.useFakeTimers({ now: Date.parse('2026-11-21T12:00:00Z') }));
/** What a failed test leaves at work would keep the process alive. */
const atWork = new Set<{ over: boolean }>();
afterEach(() => {
  for (const until of atWork) until.over = true;
  atWork.clear();
  jest.useRealTimers();
});

type Budgets = RateBudgetPort & { close: () => Promise<void> };

const open = (given: Partial<BudgetParts> = {}): Budgets =>
  createBudgets({ store: testMeters(), limits: noLimitsSet, tell: async () => undefined, ...given });

/** A vendor that counts in a sliding window, as strictly as it can, when a request arrives. */
const aVendor = ({ units, perSeconds }: RateLimit) => {
  let arrived: { at: number; cost: number }[] = [];
  const seen = { refused: 0, taken: 0 };
  const inWindow = () => {
    arrived = arrived.filter(({ at }) => at > Date.now() - perSeconds * 1000);
    return arrived.reduce((sum, one) => sum + one.cost, 0);
  };
  return {
    seen,
    remaining: () => units - inWindow(),
    async call(cost = 1, tripMs = () => 20 + Math.random() * 80): Promise<boolean> {
      await pause(tripMs());
      const ok = inWindow() + cost <= units;
      if (ok) arrived.push({ at: Date.now(), cost });
      seen[ok ? 'taken' : 'refused'] += ok ? cost : 1;
      await pause(tripMs());
      return ok;
    },
  };
};

interface Work {
  budgets: Budgets;
  ask: BudgetAsk;
  limits: RateLimit[];
  call: () => Promise<BudgetEnd | undefined>;
}

/** One call after the other for as long as the test likes; how long each had to wait. */
const works = ({ budgets, ask, limits, call }: Work, until: { over: boolean }) => {
  const waits: number[] = [];
  atWork.add(until);
  const run = async () => {
    while (!until.over) {
      const asked = Date.now();
      const lease = await budgets.take(ask, limits, 2 * MINUTE).catch(() => pause(5000));
      if (!lease) continue;
      waits.push(Date.now() - asked);
      lease.settle((await call()) ?? {});
    }
  };
  return { waits, done: run() };
};

const counted =
  (vendor: ReturnType<typeof aVendor>, cost = 1) =>
  async () => {
    await vendor.call(cost);
    return undefined;
  };
const p95 = (waits: number[]): number => waits.toSorted((a, b) => a - b)[Math.floor(waits.length * 0.95)] ?? 0;
const ended = async (until: { over: boolean }, runs: { done: Promise<void> }[]) => {
  until.over = true;
  await pass(2 * MINUTE);
  await Promise.all(runs.map(({ done }) => done));
};

test('20 tenants use more than 95 % of one limit and are never refused, whatever the network does; the smallest has its turn', async () => {
  const limit = aLimit();
  const vendor = aVendor(limit);
  const store = testMeters(() => Math.random() * 4);
  const processes = Array.from({ length: 3 }, () => open({ store }));
  const until = { over: false };
  const runs = Array.from({ length: 20 }, (_, index) => ({ index, ask: anAsk() })).flatMap(({ index, ask }) =>
    // The tenants are unlike: most have several streams, the smallest has one.
    Array.from({ length: index === 0 ? 1 : 2 }, (_, stream) =>
      works({ budgets: processes[(index + stream) % 3] ?? open(), ask, limits: [limit], call: counted(vendor) }, until),
    ),
  );
  await pass(MINUTE);
  const first = vendor.seen.taken;
  await pass(MINUTE / 2);
  expect(vendor.seen.refused).toBe(0);
  expect(first).toBeGreaterThan(0.95 * 600);
  expect(vendor.seen.taken - first).toBeGreaterThan(0.95 * 300);
  // 600 in a minute for 20 tenants: each has its turn every two seconds.
  expect(p95(runs[0]?.waits.slice(-10) ?? [])).toBeLessThan(2500);
  await ended(until, runs);
});

test('people go before webhooks and those before syncs, and keep a share of a limit that syncs have used up', async () => {
  const limit = aLimit();
  const vendor = aVendor(limit);
  const store = testMeters();
  const budgets = open({ store });
  const until = { over: false };
  const syncs = Array.from({ length: 25 }, () =>
    works({ budgets, ask: anAsk(), limits: [limit], call: counted(vendor) }, until),
  );
  await pass(75_000);
  const lanes = (['backfill', 'webhook', 'interactive'] as Lane[]).map((lane) => {
    const call = async () => (await vendor.call(), pause(900).then(() => undefined));
    // In another process: lanes hold across them.
    return works({ budgets: open({ store }), ask: anAsk({ lane }), limits: [limit], call }, until);
  });
  await pass(30_000);
  expect(vendor.seen.refused).toBe(0);
  const [backfill, webhook, interactive] = lanes.map(({ waits }) => p95(waits));
  expect(interactive).toBeLessThan(300);
  expect(webhook).toBeLessThan(1000);
  expect(backfill).toBeGreaterThan(2000);
  await ended(until, [...syncs, ...lanes]);
});

test('calls at once are capped for each connection, and a place is left to people', async () => {
  const [budgets, other] = createBudgetsPair();
  const ask = anAsk({ inFlightMax: 4 });
  const take = (lane: Lane, at = budgets) => at.take({ ...ask, lane }, [], 200);
  const run = async (work: Promise<unknown>) => {
    const settled = work.then(
      () => 'went',
      (error: { code: string }) => error.code,
    );
    await pass(300);
    return settled;
  };
  expect(await run(Promise.all([take('backfill'), take('backfill', other)]))).toBe('went');
  expect(await run(take('backfill'))).toBe('provider_rate_limited');
  const webhook = take('webhook', other);
  expect(await run(webhook)).toBe('went');
  expect(await run(take('webhook'))).toBe('provider_rate_limited');
  expect(await run(take('interactive'))).toBe('went');
  expect(await run(take('interactive', other))).toBe('provider_rate_limited');
  // Somebody else's connection has places of its own.
  expect(await run(budgets.take(anAsk({ inFlightMax: 4 }), [], 200))).toBe('went');
  const next = take('interactive');
  (await webhook).settle({});
  expect(await run(next)).toBe('went');
});

const createBudgetsPair = (given: Partial<BudgetParts> = {}): [Budgets, Budgets] => {
  const store = testMeters();
  return [open({ store, ...given }), open({ store, ...given })];
};

const goes = async (work: Promise<unknown>, withinMs: number): Promise<boolean> => {
  let went = false;
  work.then(
    () => (went = true),
    () => undefined,
  );
  await pass(withinMs);
  return went;
};

test('what a killed process had taken comes back, as spent; what a living one holds does not, however long its call takes', async () => {
  const limits = [aLimit({ units: 4, perSeconds: 60, scope: 'connection' })];
  // The store hears nothing more of a process that was killed.
  const store = testMeters();
  let isDead = false;
  const silent = new Promise<never>(() => undefined);
  const swap: typeof store.swap = (...given) => (isDead ? silent : store.swap(...given));
  const [killed, living] = [open({ store: { ...store, swap } }), open({ store })];
  const ask = anAsk({ lane: 'interactive', inFlightMax: 4 });
  const long = await goes(living.take(ask, limits, 100), 50);
  expect(long).toBe(true);
  expect(await goes(Promise.all([1, 2, 3].map(() => killed.take(ask, limits, 100))), 50)).toBe(true);
  isDead = true;
  const next = living.take(ask, limits, 2 * MINUTE);
  // The lease is over after 15 s; whatever those calls took is back a window later.
  expect(await goes(next, 70_000)).toBe(false);
  expect(await goes(next, 10_000)).toBe(true);
  // Two more places: the first call is still under way.
  expect(await goes(Promise.all([living.take(ask, limits, 100), living.take(ask, limits, 100)]), 200)).toBe(true);
  expect(await goes(living.take(ask, limits, 1000), 1500)).toBe(false);
});

const RETRY_AFTER: [string, number | null, number][] = [
  ['seconds', 7000, 7000],
  ['a date that is gone by', 0, 1000],
  ['−5', -5000, 1000],
  ['1e9', 1e12, 3_600_000],
  ['no number', NaN, 1000],
  ['none', null, 1000],
];

test.each(RETRY_AFTER)(
  'C53: refused with Retry-After %s, everyone who shares the limit waits, for a bounded time, and no place is kept',
  async (_, retryAfterMs, waitMs) => {
    const limits = [aLimit()];
    const [one, other] = createBudgetsPair();
    const ask = anAsk({ inFlightMax: 3 });
    const first = one.take(ask, limits, 100);
    expect(await goes(first, 10)).toBe(true);
    (await first).settle({ refused: { retryAfterMs } });
    await pass(10);
    // Whoever cannot wait so long is told how long it is, at once: its slot is free for others.
    for (const budgets of [one, other]) {
      const refused = budgets.take(anAsk(), limits, 500).catch((error: unknown) => error);
      await pass(20);
      expect(await refused).toMatchObject({ code: 'provider_rate_limited' });
      const { retryAfterMs: told } = (await refused) as { retryAfterMs: number };
      expect(told).toBeGreaterThan(waitMs - 100);
      expect(told).toBeLessThanOrEqual(waitMs + 1);
    }
    const waiting = [one, other].map((budgets) => budgets.take(anAsk(), limits, 2 * 3_600_000));
    await pass(waitMs - 200);
    expect(await goes(Promise.race(waiting), 50)).toBe(false);
    expect(await goes(Promise.all(waiting), 1000)).toBe(true);
  },
);

test('C53: a vendor that goes on refusing without a word is asked less and less, up to once a minute', async () => {
  const budgets = open();
  const moments: number[] = [];
  const ask = anAsk();
  const until = { over: false };
  const call = async (): Promise<BudgetEnd> => (moments.push(Date.now()), { refused: { retryAfterMs: null } });
  const run = works({ budgets, ask, limits: [], call }, until);
  await pass(5 * MINUTE);
  const gaps = moments.slice(1).map((moment, index) => Math.round((moment - (moments[index] ?? 0)) / 1000));
  expect(gaps.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  await ended(until, [run]);
});

test('one connection’s refusal does not stop the others, unless the vendor says that the application’s limit is gone', async () => {
  const limits = [aLimit({ name: 'app' }), aLimit({ name: 'account', scope: 'connection' })];
  const [one, other] = createBudgetsPair();
  const begin = async (budgets: Budgets) => {
    const taken = budgets.take(anAsk(), limits, 500);
    return (await goes(taken, 50)) ? taken : null;
  };
  const first = await begin(one);
  first?.settle({ refused: { retryAfterMs: 30_000 }, told: [{ limit: 'account', remaining: 0 }] });
  await pass(10);
  const second = await begin(other);
  expect(second).not.toBeNull();
  second?.settle({ refused: { retryAfterMs: 30_000 }, told: [{ limit: 'app', remaining: 0 }] });
  await pass(300);
  expect(await begin(one)).toBeNull();
});

test('a vendor’s headers make the budget larger, smaller and aware of others who use the same limit', async () => {
  const [told, documented] = [
    aLimit({ units: 190, perSeconds: 10 }),
    aLimit({ units: 100, perSeconds: 10, scope: 'connection' }),
  ];
  const vendor = aVendor(told);
  const budgets = open();
  const until = { over: false };
  let refused = 0;
  const ask = anAsk({ inFlightMax: 17 });
  const call = async (): Promise<BudgetEnd> => {
    if (!(await vendor.call())) refused += 1;
    return { told: [{ limit: 'calls', units: 190, remaining: vendor.remaining() }] };
  };
  const runs = Array.from({ length: 15 }, () => works({ budgets, ask, limits: [documented], call }, until));
  await pass(20_000);
  const before = vendor.seen.taken;
  await pass(20_000);
  // Its word goes before its documents: 190 in ten seconds.
  expect(vendor.seen.taken - before).toBeGreaterThan(0.93 * 190 * 2);
  expect(refused).toBe(0);
  // Somebody else takes 60 of the 190 each time.
  const greedy = { over: false };
  const before60 = vendor.seen.taken;
  const foreign = (async () => {
    while (!greedy.over) {
      await Promise.all(Array.from({ length: 60 }, () => vendor.call(1, () => 1)));
      await pause(10_000);
    }
  })();
  await pass(40_000);
  // Of what they leave nearly all is ours, and hardly anything is asked in vain.
  expect(refused).toBeLessThan(0.05 * (vendor.seen.taken - before60));
  expect(vendor.seen.taken - before60).toBeGreaterThan(0.8 * 190 * 4);
  greedy.over = true;
  await ended(until, runs);
  await pass(10_000);
  await foreign;
});

test('a bucket that drips is followed by what each call really took', async () => {
  // 1,000 points, 50 of them back each second; 100 are reserved for a query that takes 40.
  const limit = aLimit({ name: 'points', units: 1000, perSeconds: 20, scope: 'connection' });
  let [points, at, refused, taken] = [1000, Date.now(), 0, 0];
  const call = async (): Promise<BudgetEnd> => {
    await pause(30);
    points = Math.min(1000, points + ((Date.now() - at) / 1000) * 50);
    at = Date.now();
    if (points < 100) refused += 1;
    else {
      points -= 40;
      taken += 40;
    }
    const told = [{ limit: 'points', units: 1000, remaining: points, perSecond: 50 }];
    await pause(30);
    return { told, cost: 40 };
  };
  const budgets = open();
  const until = { over: false };
  const ask = anAsk({ cost: 100, inFlightMax: 10 });
  const runs = Array.from({ length: 8 }, () => works({ budgets, ask, limits: [limit], call }, until));
  await pass(MINUTE);
  const before = taken;
  await pass(MINUTE);
  expect(refused).toBe(0);
  expect(taken - before).toBeGreaterThan(0.85 * 3000);
  await ended(until, runs);
});

test('a platform admin’s limit goes before the declared one, also while the vendor grants more', async () => {
  const limit = aLimit({ units: 100, perSeconds: 10, scope: 'connection' });
  const vendor = aVendor(limit);
  const set = { list: async () => [{ ...limit, units: 50 }], replace: async () => undefined };
  const budgets = open({ limits: set });
  const until = { over: false };
  const call = async (): Promise<BudgetEnd> => (await vendor.call(), { told: [{ limit: 'calls', units: 100 }] });
  const run = works({ budgets, ask: anAsk(), limits: [limit], call }, until);
  await pass(30_000);
  expect(run.waits.length).toBeGreaterThan(0.85 * 50 * 3);
  expect(run.waits.length).toBeLessThanOrEqual(50 * 4);
  await ended(until, [run]);
});

test('a busy process asks the store some times a second and waits for none of it', async () => {
  const store = testMeters();
  const budgets = open({ store });
  const until = { over: false };
  const call = async () => (await pause(2), undefined);
  const limits = [aLimit({ units: 100_000 }), aLimit({ name: 'own', units: 100_000, scope: 'connection' })];
  const run = works({ budgets, ask: anAsk(), limits, call }, until);
  await pass(2000);
  const [asked, calls] = [store.asked(), run.waits.length];
  await pass(2000);
  expect(run.waits.length - calls).toBeGreaterThan(900);
  expect(store.asked() - asked).toBeLessThan(120);
  await ended(until, [run]);
});

test('whoever gives up leaves the queue, with its own reason; units that were not used are there again', async () => {
  const limits = [aLimit({ units: 1, perSeconds: 60, scope: 'connection' })];
  const [one, other] = createBudgetsPair();
  const ask = anAsk({ lane: 'interactive' });
  const first = one.take(ask, limits, 100);
  expect(await goes(first, 10)).toBe(true);
  const gone = new AbortController();
  const waiting = other.take(ask, limits, 5 * MINUTE, gone.signal).catch((error: unknown) => error);
  await pass(100);
  gone.abort(new Error('cancelled'));
  await expect(waiting).resolves.toMatchObject({ message: 'cancelled' });
  (await first).settle({ cost: 0 });
  (await first).settle({ cost: 1 });
  expect(await goes(one.take(ask, limits, 1000), 900)).toBe(true);
});

test('use is shown, and people of the platform are told of a breach once an hour', async () => {
  const notes: Note[] = [];
  const tell = async (note: Note) => void notes.push(note);
  const budgets = open({ tell });
  const limits = [aLimit({ units: 10 }), aLimit({ name: 'own', units: 100, scope: 'connection' })];
  const ask = anAsk({ lane: 'interactive' });
  const once = async (end: BudgetEnd = {}) => {
    const taken = budgets.take(ask, limits, 100);
    await pass(20);
    (await taken).settle(end);
    await pass(200);
  };
  for (let call = 0; call < 8; call += 1) await once();
  expect(notes).toEqual([]);
  await pass(400);
  expect(await budgets.usage('acme')).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ limit: 'calls', connectionId: null, units: 10, perSeconds: 60, used: 8, refused: 0 }),
      expect.objectContaining({
        limit: 'own',
        connectionId: ask.connectionId,
        tenantId: ask.tenantId,
        units: 100,
        used: 8,
      }),
      expect.objectContaining({
        limit: 'inFlight',
        connectionId: ask.connectionId,
        units: 8,
        perSeconds: null,
        used: 0,
      }),
    ]),
  );
  await once();
  await once({ refused: { retryAfterMs: 1000 } });
  await pass(1000);
  expect(notes.map(({ key, roles }) => ({ key: key.split(':').slice(0, 3).join(':'), roles }))).toEqual([
    { key: 'budget:acme:calls', roles: ['platform_admin', 'super_admin'] },
    { key: 'budget:acme:refused', roles: ['platform_admin', 'super_admin'] },
  ]);
  await pass(60 * MINUTE);
  const use = await budgets.usage('acme');
  expect(use.find(({ limit }) => limit === 'calls')?.used).toBe(0);
});
