import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestRedis } from '../../scripts/lib/test-redis.ts';
import { freshDatabase, onPglite } from '../postgres/testing.ts';
import { createBudgets } from './index.ts';
import { postgresMeters } from './postgres.ts';
import { redisMeters } from './redis.ts';
import type { MeterStore } from './store.ts';
import { aLimit, anAsk, noLimitsSet } from './testing.ts';

const { TEST_REDIS_PROGRAM: redis, TEST_DATABASE_URL: postgres } = process.env;
const KEEP_MS = 60_000;

const databaseMeters = async (open: typeof onPglite) => {
  const database = await open(4);
  return { store: postgresMeters(database.db), close: database.close };
};

const STORES: Record<
  string,
  { there: boolean; open: () => Promise<{ store: MeterStore; close: () => Promise<void> }> }
> = {
  PGlite: { there: true, open: () => databaseMeters(onPglite) },
  PostgreSQL: { there: postgres !== undefined, open: () => databaseMeters((max) => freshDatabase({ max })) },
  Redis: {
    there: redis !== undefined,
    open: async () => {
      const server = await startTestRedis(redis ?? '');
      const store = redisMeters(server.url);
      return { store, close: async () => (await store.close(), server[Symbol.asyncDispose]()) };
    },
  },
};

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

for (const [name, { there, open }] of Object.entries(STORES)) {
  (there ? describe : describe.skip)(`budgets in ${name}`, () => {
    let opened: Awaited<ReturnType<typeof open>>;
    let store: MeterStore;
    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });
    afterAll(() => opened.close());

    const aKey = (connectorId = 'acme') => ({ id: `connection:${randomUUID()}`, connectorId });

    test('a meter changes by compare-and-set: whoever was slower learns what is there, and how late it is', async () => {
      const key = aKey();
      expect(await store.swap(key, 0, null, KEEP_MS)).toMatchObject({ swapped: false, version: 0, body: null });
      const first = await store.swap(key, 0, 'one', KEEP_MS);
      expect(first).toMatchObject({ swapped: true });
      expect(first.version).toBeGreaterThan(0);
      expect(await store.swap(key, 0, 'other', KEEP_MS)).toMatchObject({
        swapped: false,
        version: first.version,
        body: 'one',
      });
      const second = await store.swap(key, first.version, 'two', KEEP_MS);
      expect(second).toMatchObject({ swapped: true });
      expect(second.version).toBeGreaterThan(first.version);
      expect(await store.swap(key, first.version, 'late', KEEP_MS)).toMatchObject({ swapped: false, body: 'two' });
      // What the reader knows already is not sent again.
      expect(await store.swap(key, second.version, null, KEEP_MS)).toMatchObject({
        swapped: false,
        version: second.version,
        body: null,
      });
      expect(Math.abs(second.nowMs - Date.now())).toBeLessThan(5000);
    });

    test('of many who change the same meter at once, one does', async () => {
      const key = aKey();
      const bodies = Array.from({ length: 12 }, (_, index) => `body ${index}`);
      const ends = await Promise.all(bodies.map((body) => store.swap(key, 0, body, KEEP_MS)));
      expect(ends.filter(({ swapped }) => swapped)).toHaveLength(1);
      const { body } = await store.swap(key, 0, null, KEEP_MS);
      expect(body).toBe(bodies[ends.findIndex(({ swapped }) => swapped)]);
    });

    test('meters are listed by connector', async () => {
      const [one, two, other] = [aKey('shop'), aKey('shop'), aKey('other')];
      for (const key of [one, two, other]) await store.swap(key, 0, key.id, KEEP_MS);
      expect((await store.list('shop')).bodies.sort()).toEqual([one.id, two.id].sort());
      expect((await store.list('nobody')).bodies).toEqual([]);
    });

    test('a meter that nobody has written for its time is forgotten, and none of its versions comes again', async () => {
      const key = aKey('brief');
      const { version } = await store.swap(key, 0, 'old', 1);
      await pause(20);
      await store.swap(aKey(), 0, 'new', KEEP_MS);
      expect((await store.list('brief')).bodies).toEqual([]);
      const again = await store.swap(key, 0, 'again', KEEP_MS);
      expect(again.swapped).toBe(true);
      expect(again.version).toBeGreaterThan(version);
    });

    // Behind the embedded database there are two processes at most.
    if (name === 'PGlite') return;
    test('processes share one limit: all of it is used, and nobody is refused by a vendor that counts as strictly as it can', async () => {
      const limit = aLimit({ units: 60, perSeconds: 1 });
      const budgets = [1, 2, 3].map(() =>
        createBudgets({
          store: { ...store, close: async () => undefined },
          limits: noLimitsSet,
          tell: async () => undefined,
        }),
      );
      const connectorId = randomUUID();
      let [arrived, refused, taken, over] = [[] as number[], 0, 0, false];
      const worker = async (process: (typeof budgets)[number]) => {
        const ask = anAsk({ connectorId });
        while (!over) {
          const lease = await process.take(ask, [limit], 5000);
          arrived = arrived.filter((at) => at > performance.now() - 1000);
          if (arrived.length < 60) arrived.push(performance.now());
          else refused += 1;
          taken += 1;
          await pause(5);
          lease.settle({});
        }
      };
      const workers = budgets.flatMap((one) => [1, 2, 3, 4].map(() => worker(one)));
      await pause(1600);
      over = true;
      await Promise.all(workers);
      expect(refused).toBe(0);
      expect(taken).toBeGreaterThan(70);
      await Promise.all(budgets.map((one) => one.close()));
    });
  });
}
