import { createHash, randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { postgresStores } from '../adapters/postgres/stores.ts';
import type { Stores } from '../adapters/postgres/stores.ts';
import { aConnection, aTenant } from '../adapters/postgres/testing-data.ts';
import type { TestDatabase } from '../adapters/postgres/testing.ts';
import { freshDatabase } from '../adapters/postgres/testing.ts';
import type { StreamInfo } from '../ports/connector-info.ts';
import type { Lane, ReadPage, ReadQuery, Row } from '../ports/connectors.ts';
import { Fault } from '../ports/errors.ts';
import { OperationId, RunId, SCHEDULE } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';
import type { SinkPort } from '../ports/sinks.ts';
import type { Known, SyncMode, SyncStore } from '../ports/syncs.ts';
import type { SyncProgress } from './sync-progress.ts';
import { createSyncActivities } from './syncs.ts';

let fresh: TestDatabase;
let stores: Stores;
beforeAll(async () => {
  fresh = await freshDatabase();
  stores = postgresStores(fresh.db);
});
afterAll(() => fresh.close());

const PAGE = 100;
const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const to = { sink: 'store' } as const;

const quiet = new DefaultLogger('ERROR', () => undefined);
const anAttempt = (workflowId = 'one') =>
  new MockActivityEnvironment({ workflowExecution: { workflowId, runId: 'r' } }, { logger: quiet });

/** A system with so many records, and the tenant's place where they end up. */
async function aSource(count: number, info: Partial<StreamInfo> = {}) {
  const rows = new Map<string, Row>();
  const broken = new Set<string>();
  const put = (at: number, text = 'first') =>
    rows.set(`r${String(at).padStart(6, '0')}`, {
      externalId: `r${String(at).padStart(6, '0')}`,
      modifiedAt: null,
      text,
    });
  for (let at = 0; at < count; at += 1) put(at);
  const held = new Map<string, string>();
  const deliveries: string[] = [];
  /** Of each record, what was known at each of its deliveries. */
  const knowns = new Map<string, Known[]>();
  /** Records that a page names besides its own. */
  const repeats = new Map<number, { id: string; before: () => void }>();
  let refuses = (_id: string): string | null => null;
  const hooks = {
    onRead: (_page: number): void => undefined,
    onDelivered: (_part: string): void | Promise<unknown> => undefined,
    onLooked: (): void => undefined,
    onCommit: (_from: string | null): void | Promise<unknown> => undefined,
    onCommitted: (_pages: number): void => undefined,
  };

  const read = async (_tenant: string, _id: string, _stream: string, query: ReadQuery): Promise<ReadPage> => {
    query.signal?.throwIfAborted();
    const ids = [...rows.keys()].filter((id) => id > (query.cursor ?? '')).sort();
    const page = ids.slice(0, PAGE);
    const at = Math.floor((count - ids.length) / PAGE);
    hooks.onRead(at);
    const again = repeats.get(at);
    again?.before();
    const fits = (id: string) => !broken.has(id);
    return {
      rows: [...page.filter(fits), ...(again ? [again.id] : [])].flatMap((id) => rows.get(id) ?? []),
      unreadable: page.filter((id) => !fits(id)).map((externalId) => ({ externalId, reason: 'text: is missing' })),
      nextCursor: ids.length > PAGE ? (page.at(-1) ?? null) : null,
      ...{ total: null, bytes: 10, calls: 1, throttled: 0, fields: ['id'] },
    };
  };
  const sinks: SinkPort = {
    async deliver(_to, _ref, batch) {
      const refused = batch.rows.flatMap(({ row: { externalId } }) => {
        const reason = refuses(externalId);
        return reason === null ? [] : [{ externalId, reason }];
      });
      const left = new Set(refused.map(({ externalId }) => externalId));
      for (const { row, hash: contentHash, known } of batch.rows) {
        if (left.has(row.externalId)) continue;
        knowns.set(row.externalId, [...(knowns.get(row.externalId) ?? []), known]);
        held.set(row.externalId, contentHash);
        deliveries.push(row.externalId);
      }
      await hooks.onDelivered(batch.part);
      return {
        refused,
        targetIds: new Map(batch.rows.map(({ row: { externalId } }) => [externalId, `target of ${externalId}`])),
      };
    },
    async remove(_to, _ref, { externalIds }) {
      for (const id of externalIds) held.delete(id);
    },
    clear: async () => undefined,
  };
  const stream = { name: 'posts', incremental: 'changed', reachMs: null, complete: true, ...info };
  const connectors = {
    info: () => ({ streams: [stream] }),
    read,
    readOne: async (_tenant: string, _id: string, _stream: string, externalId: string) => {
      const row = rows.get(externalId);
      if (!row) throw new Fault('not_found', 'gone');
      if (broken.has(externalId)) throw new Fault('provider_garbage', 'posts: text: is missing');
      return row;
    },
  };
  let open = true;
  const tenantId = await aTenant(stores);
  const sync = [{ stream: 'posts', ...to }];
  const connectionId = await aConnection(stores, tenantId, { sync });
  const ref = { tenantId, connectionId, stream: 'posts' };
  const workflows = { isOpen: async () => open };
  const syncs: SyncStore = {
    ...stores.syncs,
    async changed(...asked) {
      const changed = await stores.syncs.changed(...asked);
      hooks.onLooked();
      return changed;
    },
    async commitPage(stream_, runId, from, outcome) {
      await hooks.onCommit(from);
      const state = await stores.syncs.commitPage(stream_, runId, from, outcome);
      hooks.onCommitted(state.counts.pages);
      return state;
    },
  };
  const ports = { ...stores, syncs, connectors, sinks, workflows, hash } as unknown as Ports;
  const activities = createSyncActivities(ports);
  const inside = <Result>(work: () => Promise<Result>, workflowId?: string): Promise<Result> =>
    anAttempt(workflowId).run(work);

  const begin = (runId: RunId, mode: SyncMode, workflowId?: string, lane?: Lane) =>
    inside(() => activities.beginSync(ref, runId, mode, lane), workflowId);
  /** As the workflow does it, trying again after each failure that `onRead` or `onDelivered` brings about. */
  const run = async (mode: SyncMode = 'full') => {
    const runId = RunId.parse(randomUUID());
    const move = { runId, to, operationId: null };
    const again = async (work: () => Promise<SyncProgress>): Promise<SyncProgress> => {
      for (;;) {
        try {
          return await inside(work);
        } catch (error) {
          if (!(error instanceof Fault) || error.code !== 'provider_down') throw error;
        }
      }
    };
    let progress = await begin(runId, mode);
    if (!progress) throw new Error('another run is at work');
    while (!progress.scanComplete) progress = await again(() => activities.movePages(ref, move));
    if (progress.mode === 'full' && !progress.unproven) {
      const { missing } = await activities.planDeletes(ref, runId);
      if (missing > 0) await again(() => activities.applyDeletes(ref, runId, to));
    }
    if (progress.toRetry > 0) await again(() => activities.retryQuarantined(ref, move));
    return activities.endSync(ref, runId, 'completed', null);
  };
  return {
    ...{ ref, activities, rows, broken, held, deliveries, knowns, hooks, put, run, begin, inside },
    repeat: (page: number, id: string, before = () => undefined as void) => void repeats.set(page, { id, before }),
    refuse: (next: typeof refuses) => void (refuses = next),
    close: () => void (open = false),
  };
}

const dies = () => {
  throw new Fault('provider_down', 'away');
};

test('C74: one bad record of a thousand is set aside with its reason, the rest is delivered, and it comes when it is well', async () => {
  const { ref, broken, held, deliveries, run } = await aSource(1000);
  broken.add('r000420');
  await expect(run()).resolves.toMatchObject({
    state: 'completed',
    counts: { read: 1000, delivered: 999, quarantined: 1 },
  });
  expect([held.size, held.has('r000420')]).toEqual([999, false]);
  const [row] = await stores.syncs.quarantine(ref.tenantId, {});
  expect(row).toMatchObject({ externalId: 'r000420', reason: expect.stringContaining('text: is missing'), tries: 1 });
  broken.clear();
  await expect(run('incremental')).resolves.toMatchObject({ counts: { delivered: 1, unchanged: 999, deleted: 0 } });
  await expect(stores.syncs.quarantine(ref.tenantId, {})).resolves.toEqual([]);
  expect(deliveries).toHaveLength(1000);
});

test('C74: a record that was delivered and cannot be read any more is not taken for deleted; one that is gone leaves quarantine', async () => {
  const { ref, rows, broken, held, run } = await aSource(20);
  await run();
  broken.add('r000003');
  await expect(run()).resolves.toMatchObject({ counts: { unchanged: 19, deleted: 0, quarantined: 1 } });
  expect(held.size).toBe(20);
  rows.delete('r000003');
  await expect(run()).resolves.toMatchObject({ counts: { deleted: 1 } });
  await expect(stores.syncs.quarantine(ref.tenantId, {})).resolves.toEqual([]);
});

test('C74: a record that the sink refuses is tried again at the end of each run, five times, then when a person asks', async () => {
  const { ref, held, run, refuse } = await aSource(10);
  let asked = 0;
  refuse((id) => {
    if (id !== 'r000002') return null;
    asked += 1;
    return 'email: is no address';
  });
  for (let runs = 0; runs < 7; runs += 1) await run();
  expect(asked).toBe(7 + 5);
  await expect(stores.syncs.quarantine(ref.tenantId, {})).resolves.toMatchObject([{ tries: 5 }]);
  await stores.syncs.requeue(ref);
  refuse(() => null);
  await expect(run()).resolves.toMatchObject({ counts: { delivered: 1 } });
  expect(held.size).toBe(10);
});

test('a run that dies at every page, before and after its delivery, ends as one that does not', async () => {
  const { held, deliveries, hooks, run } = await aSource(450);
  const died = new Set<string>();
  hooks.onDelivered = (part) => {
    if (died.has(part)) return;
    died.add(part);
    dies();
  };
  const report = await run();
  expect(report.counts).toMatchObject({ pages: 5, read: 450, delivered: 450 });
  expect([held.size, died.size]).toEqual([450, 5]);
  // Each page was delivered, not committed, and delivered again under the same keys.
  expect(deliveries).toHaveLength(900);
  hooks.onDelivered = () => undefined;
  await expect(run()).resolves.toMatchObject({ counts: { delivered: 0, unchanged: 450 } });
});

test('at most three pages are held, however many there are: read, delivered and committed side by side', async () => {
  const { hooks, run } = await aSource(1500);
  let [held, most] = [0, 0];
  hooks.onRead = () => void (most = Math.max(most, (held += 1)));
  hooks.onCommitted = () => void (held -= 1);
  await run();
  expect(most).toBe(3);
});

/** Moves pages of a source of so many, and tells what was delivered and committed, in its order. */
const aMove = async (count: number) => {
  const source = await aSource(count);
  const { ref, activities, hooks, begin, inside } = source;
  const runId = RunId.parse(randomUUID());
  const story: string[] = [];
  hooks.onDelivered = (part) => void story.push(`delivered ${Number(part) + 1}`);
  hooks.onCommitted = (pages) => void story.push(`committed ${pages}`);
  await begin(runId, 'full');
  const moves = () => inside(() => activities.movePages(ref, { runId, to, operationId: null }));
  const committed = async () => (await stores.syncs.state(ref, runId)).counts;
  return { ...source, story, moves, committed };
};

test('a page is committed after it was delivered and after the one before it, although the next one is delivered meanwhile', async () => {
  const { hooks, story, moves } = await aMove(350);
  const { promise: thirdDelivered, resolve } = Promise.withResolvers<void>();
  const { onDelivered } = hooks;
  hooks.onDelivered = (part) => {
    void onDelivered(part);
    if (Number(part) === 2) resolve();
  };
  // The second page is not committed before the third one was delivered; and the fourth waits for it.
  let commits = 0;
  hooks.onCommit = () => ((commits += 1) === 2 ? thirdDelivered : undefined);
  await moves();
  const order = (what: string) => story.filter((line) => line.startsWith(what));
  expect(order('committed')).toEqual([1, 2, 3, 4].map((page) => `committed ${page}`));
  expect(order('delivered')).toEqual([1, 2, 3, 4].map((page) => `delivered ${page}`));
  for (const page of [1, 2, 3, 4])
    expect(story.indexOf(`committed ${page}`)).toBeGreaterThan(story.indexOf(`delivered ${page}`));
  expect(story.indexOf('delivered 4')).toBeGreaterThan(story.indexOf('committed 2'));
});

test('a delivery that fails leaves the page before it committed, and nothing after', async () => {
  const { hooks, story, moves, committed } = await aMove(500);
  const { promise: thirdFailed, resolve } = Promise.withResolvers<void>();
  const { onDelivered } = hooks;
  hooks.onDelivered = (part) => {
    if (Number(part) !== 2) return onDelivered(part);
    resolve();
    dies();
  };
  // The second page is still being committed when the third one fails.
  let commits = 0;
  hooks.onCommit = () => ((commits += 1) === 2 ? thirdFailed.then(() => new Promise(setImmediate)) : undefined);
  await expect(moves()).rejects.toMatchObject({ code: 'provider_down' });
  expect([story.at(-1), commits]).toEqual(['committed 2', 2]);
  await expect(committed()).resolves.toMatchObject({ pages: 2, delivered: 200 });
});

test('a commit that fails ends the move when the delivery beside it has ended, and no later page is committed', async () => {
  const { hooks, story, moves, committed, run, held } = await aMove(500);
  const { onDelivered } = hooks;
  hooks.onDelivered = async (part) => {
    await new Promise(setImmediate);
    return onDelivered(part);
  };
  let commits = 0;
  hooks.onCommit = () => ((commits += 1) === 2 ? dies() : undefined);
  await expect(moves()).rejects.toMatchObject({ code: 'provider_down' });
  expect(story.sort()).toEqual(['committed 1', 'delivered 1', 'delivered 2', 'delivered 3']);
  await expect(committed()).resolves.toMatchObject({ pages: 1, delivered: 100 });
  hooks.onCommit = () => undefined;
  await moves();
  await expect(committed()).resolves.toMatchObject({ pages: 5, read: 500, delivered: 500 });
  await run();
  expect(held.size).toBe(500);
});

test('a reading that fails leaves what was delivered before it committed', async () => {
  const { hooks, moves, committed } = await aMove(500);
  hooks.onRead = (page) => (page === 3 ? dies() : undefined);
  hooks.onCommit = () => new Promise(setImmediate);
  await expect(moves()).rejects.toMatchObject({ code: 'provider_down' });
  await expect(committed()).resolves.toMatchObject({ pages: 3, delivered: 300 });
});

test('a record that a list names again on one of its next pages is delivered once, and again when it changed', async () => {
  const { repeat, put, deliveries, knowns, hooks, run } = await aSource(500);
  // As late as can be: no page is committed before the second one after it was looked at.
  const looks = Array.from({ length: 7 }, () => Promise.withResolvers<void>());
  let [looked, commits] = [0, 0];
  hooks.onLooked = () => looks[looked++]?.resolve();
  hooks.onCommit = () => ((commits += 1) + 2 <= 5 ? looks[commits + 1]?.promise : undefined);
  // Seen on the first page, and again on the second and the third; it changes behind the third.
  repeat(1, 'r000007');
  repeat(2, 'r000007');
  repeat(3, 'r000007', () => put(7, 'second'));
  await expect(run()).resolves.toMatchObject({ counts: { read: 503, delivered: 501, unchanged: 2 } });
  expect(deliveries.filter((id) => id === 'r000007')).toHaveLength(2);
  expect(knowns.get('r000007')).toEqual([
    { version: 0, targetId: null },
    { version: 1, targetId: 'target of r000007' },
  ]);
});

test('whoever watches the operation is told how far it is: counts, never a record', async () => {
  const { ref, activities, begin, inside } = await aSource(250);
  const [runId, operationId] = [RunId.parse(randomUUID()), OperationId.parse(randomUUID())];
  const whose = {
    scope: ref.tenantId,
    workflowId: 'one',
    kind: 'syncStream',
    startedBy: SCHEDULE,
    idempotencyKey: null,
  };
  await stores.operations.begin({ id: operationId, ...whose });
  await begin(runId, 'full');
  await inside(() => activities.movePages(ref, { runId, to, operationId }));
  const told = await stores.operations.eventsAfter(0, [operationId]);
  expect(told.at(-1)).toMatchObject({
    ...{ step: 'sync.3', state: 'completed', message: '250 posts read, 250 delivered' },
    data: { runId, pages: 3, read: 250, delivered: 250, calls: 3 },
  });
});

test('however many records are gone, all of them go', async () => {
  const { rows, held, run } = await aSource(1300);
  await run();
  for (const id of [...rows.keys()].slice(0, 1100)) rows.delete(id);
  const { counts } = await run();
  expect([counts.deleted, held.size]).toEqual([1100, 200]);
});

test('C80: cancelled at any page, nothing more is delivered, the run says so, and the next one delivers the rest once', async () => {
  for (const at of [0, 1, 2]) {
    const { ref, activities, deliveries, held, hooks, run, begin } = await aSource(300);
    const runId = RunId.parse(randomUUID());
    await begin(runId, 'full');
    const environment = anAttempt();
    hooks.onDelivered = (part) => {
      if (Number(part) === at) environment.cancel();
    };
    const moved = environment.run(() => activities.movePages(ref, { runId, to, operationId: null }));
    await expect(moved).rejects.toMatchObject({ name: 'CancelledFailure' });
    const partial = await activities.endSync(ref, runId, 'cancelled', 'cancelled: asked to');
    expect(partial).toMatchObject({ state: 'cancelled', counts: { pages: at + 1, delivered: (at + 1) * PAGE } });
    hooks.onDelivered = () => undefined;
    await expect(run()).resolves.toMatchObject({ counts: { read: 300, delivered: 300 - (at + 1) * PAGE } });
    expect([held.size, deliveries.length]).toEqual([300, 300]);
  }
});

test('C80: what a tenant no longer chose is forgotten, and a run at work there can commit nothing any more', async () => {
  const { ref, activities, hooks, begin, inside } = await aSource(300);
  const { tenantId, connectionId } = ref;
  const runId = RunId.parse(randomUUID());
  await begin(runId, 'full');
  const left: unknown[] = [];
  hooks.onDelivered = async () => left.push(await activities.chooseStreams({ tenantId, connectionId }, []));
  const moved = inside(() => activities.movePages(ref, { runId, to, operationId: null }));
  await expect(moved).rejects.toMatchObject({ code: 'conflict' });
  expect(left[0]).toEqual({ dropped: [{ stream: 'posts', ...to }] });
  await expect(stores.syncs.run(tenantId, runId)).resolves.toMatchObject({ state: 'cancelled' });
});

test('a stream that is chosen as before keeps what is known of it; one that goes elsewhere begins anew', async () => {
  const { ref, activities, run, deliveries } = await aSource(10);
  const { tenantId, connectionId } = ref;
  const target = { channelId: randomUUID() };
  await run();
  await activities.chooseStreams({ tenantId, connectionId }, [{ sink: 'store', stream: 'posts' }]);
  await run();
  expect(deliveries).toHaveLength(10);
  await activities.chooseStreams({ tenantId, connectionId }, [{ target, sink: 'webhook', stream: 'posts' }]);
  await run();
  expect(deliveries).toHaveLength(20);
  await activities.chooseStreams({ tenantId, connectionId }, [{ stream: 'posts', sink: 'webhook', target }]);
  await run();
  expect(deliveries).toHaveLength(20);
});

test('a stream whose changes cannot be asked for is read whole, and one whose scan proves nothing deletes nothing', async () => {
  const whole = await aSource(5, { incremental: null });
  await whole.run();
  whole.rows.delete('r000001');
  await expect(whole.run('incremental')).resolves.toMatchObject({ mode: 'full', counts: { deleted: 1 } });
  const loose = await aSource(5, { complete: false });
  await loose.run();
  loose.rows.delete('r000001');
  await expect(loose.run('full')).resolves.toMatchObject({ counts: { deleted: 0 } });
});

test('a webhook about a stream that tells of new records alone has it read whole: what it says changed is found', async () => {
  const source = await aSource(5, { incremental: 'created' });
  await source.run();
  const mode = async (lane?: Lane) => {
    const runId = RunId.parse(randomUUID());
    const begun = await source.begin(runId, 'incremental', 'one', lane);
    await stores.syncs.end(source.ref, runId, 'failed', null);
    return begun?.mode;
  };
  expect([await mode('backfill'), await mode('webhook')]).toEqual(['incremental', 'full']);
});

test('a run waits for its turn while another’s workflow lives, and takes it when that one ended without a word', async () => {
  const { ref, begin, close } = await aSource(5);
  const [first, second] = [RunId.parse(randomUUID()), RunId.parse(randomUUID())];
  await begin(first, 'full', 'one');
  await expect(begin(second, 'full', 'two')).resolves.toBeNull();
  close();
  await expect(begin(second, 'full', 'two')).resolves.toBeNull();
  await expect(begin(second, 'full', 'two')).resolves.toMatchObject({ scanComplete: false });
  await expect(stores.syncs.run(ref.tenantId, first)).resolves.toMatchObject({ state: 'failed' });
});

test('who says that a record is gone is believed when the source says so too, once', async () => {
  const { ref, rows, held, activities, inside, run } = await aSource(5);
  await run();
  const remove = (id: string) => inside(() => activities.removeIfGone(ref, id));
  await expect(remove('r000001')).resolves.toBe(false);
  rows.delete('r000001');
  await expect(remove('r000001')).resolves.toBe(true);
  await expect(remove('r000001')).resolves.toBe(false);
  await expect(remove('unheard-of')).resolves.toBe(false);
  expect(held.size).toBe(4);
});
