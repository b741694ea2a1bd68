import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { RunId } from '../../ports/ids.ts';
import type { PageOutcome, RunStart, RunState, StreamRef, SyncMode, SyncStore } from '../../ports/syncs.ts';
import type { Stores } from './stores.ts';
import { postgresStores } from './stores.ts';
import { aConnection, aTenant } from './testing-data.ts';
import type { TestDatabase } from './testing.ts';
import { freshDatabase } from './testing.ts';

let fresh: TestDatabase;
let stores: Stores;
let syncs: SyncStore;
beforeAll(async () => {
  fresh = await freshDatabase();
  stores = postgresStores(fresh.db);
  syncs = stores.syncs;
});
afterAll(() => fresh.close());

const aStream = async (): Promise<StreamRef> => {
  const tenantId = await aTenant(stores);
  return { tenantId, connectionId: await aConnection(stores, tenantId), stream: 'posts' };
};
const aRun = () => RunId.parse(randomUUID());
const page = (ids: string[], cursor: string | null, highWater: string | null = null, version = 1): PageOutcome => ({
  seen: ids.map((externalId) => ({ externalId, hash: `${externalId}@${version}` })),
  quarantined: [],
  unnamed: 0,
  cursor,
  counts: { read: ids.length, delivered: ids.length, unchanged: 0, bytes: 10, calls: 1, throttled: 0 },
  highWater,
  fields: ['id', 'title'],
});
/** Every run of these tests has a workflow of its own that has ended; those that live say so. */
const begin = async (ref: StreamRef, run: RunId, mode: SyncMode, start: Partial<RunStart> = {}): Promise<RunState> => {
  const begun = await syncs.begin(ref, run, { mode, reachMs: null, complete: true, workflowId: 'w', ...start });
  if ('busy' in begun) throw new Error(`busy: ${begun.busy.workflowId}`);
  return begun;
};
const all = { after: '', limit: 100 };
const changedOf = async (ref: StreamRef, records: { externalId: string; hash: string }[]) => [
  ...(await syncs.changed(ref, records)).keys(),
];
/** A full run over these records, in one page. */
const scan = async (ref: StreamRef, ids: string[], highWater: string | null = null, version = 1) => {
  const run = aRun();
  await begin(ref, run, 'full');
  await syncs.commitPage(ref, run, null, page(ids, null, highWater, version));
  return run;
};

test('a page committed twice from the same cursor counts once, also when both arrive together', async () => {
  const ref = await aStream();
  const run = aRun();
  await begin(ref, run, 'full');
  const first = () => syncs.commitPage(ref, run, null, page(['1', '2'], 'c2'));
  const states = await Promise.all([first(), first(), first()]);
  for (const state of states) expect(state).toMatchObject({ cursor: 'c2', counts: { pages: 1, read: 2 } });
  const last = () => syncs.commitPage(ref, run, 'c2', page(['3'], null));
  await last();
  const done = await last();
  expect(done).toMatchObject({ cursor: null, scanComplete: true, counts: { pages: 2, read: 3, bytes: 20 } });
  const same = { ...done, counts: { ...done.counts, seconds: expect.any(Number) } };
  await expect(first()).resolves.toEqual(same);
  await expect(begin(ref, run, 'full')).resolves.toEqual(same);
});

test('hashes come with their page or not at all: a late copy of a page leaves what was delivered last', async () => {
  const ref = await aStream();
  const run = aRun();
  await begin(ref, run, 'full');
  await syncs.commitPage(ref, run, null, page(['1'], 'c2'));
  await syncs.commitPage(ref, run, null, page(['1', '9'], 'c2', null, 2));
  const records = ['1@1', '9@2'].map((hash) => ({ externalId: hash.slice(0, 1), hash }));
  expect(await changedOf(ref, records)).toEqual(['9']);
  await expect(syncs.commitPage(ref, aRun(), null, page(['7'], null))).rejects.toMatchObject({ code: 'not_found' });
  expect(await changedOf(ref, [{ externalId: '7', hash: '7@1' }])).toEqual(['7']);
});

test('only a record whose hash differs from what was delivered last has changed', async () => {
  const ref = await aStream();
  await scan(ref, ['1', '2']);
  const asked = [
    { externalId: '1', hash: '1@1' },
    { externalId: '2', hash: '2@2' },
    { externalId: '3', hash: '3@1' },
  ];
  expect(await changedOf(ref, asked)).toEqual(['2', '3']);
  expect(await changedOf({ ...ref, stream: 'pages' }, asked)).toEqual(['1', '2', '3']);
  expect(await changedOf(ref, [])).toEqual([]);
});

test('the high-water mark moves when a run completes, never back, and decides where the next one begins', async () => {
  const ref = await aStream();
  const noMark = await begin(ref, aRun(), 'incremental');
  expect(noMark).toMatchObject({ mode: 'full', since: null });
  const failed = await scan(ref, ['1'], '2026-01-03T00:00:00.000Z');
  await syncs.end(ref, failed, 'failed', 'provider_down');
  await expect(begin(ref, aRun(), 'incremental')).resolves.toMatchObject({ mode: 'full' });
  await syncs.end(ref, await scan(ref, ['1'], '2026-01-02T00:00:00.000Z'), 'completed', null);
  const next = { mode: 'incremental', since: '2026-01-02T00:00:00.000Z' };
  await expect(begin(ref, aRun(), 'incremental')).resolves.toMatchObject(next);
  await syncs.end(ref, await scan(ref, ['1'], '2025-12-31T23:59:59+00:00'), 'completed', null);
  await expect(begin(ref, aRun(), 'incremental')).resolves.toMatchObject(next);
  await expect(begin(ref, aRun(), 'full')).resolves.toMatchObject({ mode: 'full', since: null });
});

test('a run ends once; one whose list was not read to its end does not complete', async () => {
  const ref = await aStream();
  const run = aRun();
  await begin(ref, run, 'full');
  await syncs.commitPage(ref, run, null, page(['1'], 'c2', '2026-01-01T00:00:00.000Z'));
  await expect(syncs.end(ref, run, 'completed', null)).rejects.toMatchObject({ code: 'conflict' });
  const ended = await syncs.end(ref, run, 'cancelled', 'asked to');
  expect(ended).toMatchObject({ state: 'cancelled', reason: 'asked to', counts: { pages: 1 } });
  await expect(syncs.end(ref, run, 'failed', 'other')).resolves.toEqual(ended);
  await expect(syncs.commitPage(ref, run, 'c2', page(['2'], null))).rejects.toMatchObject({ code: 'conflict' });
  await expect(syncs.list(ref.tenantId, ref.connectionId)).resolves.toEqual([ended]);
});

test('a record is missing when a complete full scan did not see it, and no other run saw it since', async () => {
  const ref = await aStream();
  await syncs.end(ref, await scan(ref, ['1', '2', '3', '4'], '2026-01-01T00:00:00.000Z'), 'completed', null);
  const run = aRun();
  await begin(ref, run, 'full');
  await syncs.commitPage(ref, run, null, page(['1'], 'c2'));
  await expect(syncs.missing(ref, run, all)).rejects.toMatchObject({ code: 'conflict' });
  await syncs.commitPage(ref, run, 'c2', page(['2'], null));
  const meanwhile = aRun();
  await begin(ref, meanwhile, 'incremental');
  await syncs.commitPage(ref, meanwhile, null, page(['4', '1'], null));
  await expect(syncs.missing(ref, meanwhile, all)).rejects.toMatchObject({ code: 'conflict' });
  await expect(syncs.missing(ref, run, all)).resolves.toEqual({ externalIds: ['3'], missing: 1, known: 4 });
  await expect(syncs.missing(ref, run, { after: '3', limit: 9 })).resolves.toMatchObject({
    externalIds: [],
    missing: 1,
  });
  await expect(syncs.forget(ref, run, ['3'])).resolves.toMatchObject({ counts: { deleted: 1 } });
  await expect(syncs.forget(ref, run, ['3'])).resolves.toMatchObject({ counts: { deleted: 1 } });
  await expect(syncs.missing(ref, run, all)).resolves.toEqual({ externalIds: [], missing: 0, known: 3 });
});

test('a list whose scan proves nothing, or a page with an item that told no id, lets nothing be taken for gone', async () => {
  const ref = await aStream();
  await syncs.end(ref, await scan(ref, ['1', '2']), 'completed', null);
  const byNature = aRun();
  await begin(ref, byNature, 'full', { complete: false });
  await syncs.commitPage(ref, byNature, null, page(['1'], null));
  await expect(syncs.missing(ref, byNature, all)).rejects.toMatchObject({ code: 'conflict' });
  const byItem = aRun();
  await begin(ref, byItem, 'full');
  const state = await syncs.commitPage(ref, byItem, null, { ...page(['1'], null), unnamed: 1 });
  expect(state).toMatchObject({ unproven: true, counts: { quarantined: 1 } });
  await expect(syncs.missing(ref, byItem, all)).rejects.toMatchObject({ code: 'conflict' });
});

test('runs of one stream move records one after the other, and one whose workflow began anew is over', async () => {
  const ref = await aStream();
  const [first, second, other] = [aRun(), aRun(), aRun()];
  await begin(ref, first, 'full', { workflowId: 'one' });
  const start = { mode: 'full', reachMs: null, complete: true } as const;
  const begun = () => syncs.begin(ref, second, { ...start, workflowId: 'two' });
  await expect(begun()).resolves.toEqual({ busy: { runId: first, workflowId: 'one' } });
  await begin({ ...ref, stream: 'pages' }, other, 'full', { workflowId: 'three' });
  await syncs.commitPage(ref, first, null, page(['1'], null));
  await expect(begun()).resolves.toMatchObject({ cursor: null });
  const third = aRun();
  await begin(ref, third, 'full', { workflowId: 'two' });
  await expect(syncs.commitPage(ref, second, null, page(['1'], null))).rejects.toMatchObject({ code: 'conflict' });
  await expect(syncs.run(ref.tenantId, second)).resolves.toMatchObject({ state: 'failed', workflowId: 'two' });
});

test('the mark is never later than the start of its run: what changed behind the scan is read by the next one', async () => {
  const ref = await aStream();
  const run = await scan(ref, ['1'], '2999-01-01T00:00:00.000Z');
  const { startedAt } = await syncs.end(ref, run, 'completed', null);
  await expect(begin(ref, aRun(), 'incremental')).resolves.toMatchObject({ since: startedAt });
});

test('an incremental run is a full one when the last good run is longer ago than the vendor tells of changes', async () => {
  const ref = await aStream();
  await syncs.end(ref, await scan(ref, ['1'], '2026-01-01T00:00:00.000Z'), 'completed', null);
  await expect(begin(ref, aRun(), 'incremental', { reachMs: 60_000 })).resolves.toMatchObject({ mode: 'incremental' });
  await expect(begin(ref, aRun(), 'incremental', { reachMs: 0 })).resolves.toMatchObject({ mode: 'full', since: null });
});

test('the first run after an outage says since when, how much it missed and how much of that is repaired', async () => {
  const ref = await aStream();
  const good = await syncs.end(ref, await scan(ref, ['1', '2']), 'completed', null);
  expect(good.gap).toBeNull();
  await syncs.end(ref, await scan(ref, ['1', '2']), 'completed', null);
  const last = await syncs.end(ref, await scan(ref, ['1', '2']), 'completed', null);
  expect(last.gap).toBeNull();
  const { tenantId, connectionId } = ref;
  await stores.connections.change(tenantId, connectionId, { state: 'reauth_required' });
  await stores.connections.change(tenantId, connectionId, { state: 'healthy' });
  const run = aRun();
  await begin(ref, run, 'full');
  const held = [{ externalId: '2', reason: 'title: is missing' }];
  await syncs.commitPage(ref, run, null, { ...page(['1'], null, null, 2), quarantined: held });
  const report = await syncs.end(ref, run, 'completed', null);
  expect(report.gap).toEqual({ from: last.endedAt, missed: 2, repaired: 1 });
  expect((await syncs.end(ref, await scan(ref, ['1']), 'completed', null)).gap).toBeNull();
  await syncs.end(ref, await scan(ref, ['1']), 'failed', 'provider_down: away');
  expect((await syncs.end(ref, await scan(ref, ['1']), 'completed', null)).gap).not.toBeNull();
});

test('fields that come or go are reported once; a run that met few records takes none for gone', async () => {
  const ref = await aStream();
  const withFields = async (mode: SyncMode, fields: string[]) => {
    const run = aRun();
    await begin(ref, run, mode);
    await syncs.commitPage(ref, run, null, { ...page(['1'], 'c2', '2026-01-01T00:00:00.000Z'), fields });
    await syncs.commitPage(ref, run, 'c2', { ...page([], null), fields: [] });
    return (await syncs.end(ref, run, 'completed', null)).drift;
  };
  expect(await withFields('full', ['id', 'title', 'old'])).toBeNull();
  expect(await withFields('incremental', ['id', 'slug'])).toEqual({ added: ['slug'], gone: [] });
  expect(await withFields('full', ['id', 'slug', 'title'])).toEqual({ added: [], gone: ['old'] });
  expect(await withFields('full', ['id', 'slug', 'title'])).toBeNull();
});

test('a quarantined record counts as seen, is named with its reason, tried once a run, and leaves when it is well', async () => {
  const ref = await aStream();
  const { tenantId, connectionId } = ref;
  await syncs.end(ref, await scan(ref, ['1', '2', '3']), 'completed', null);
  const run = aRun();
  await begin(ref, run, 'full');
  const held = ['2', '3', '1'].map((externalId) => ({ externalId, reason: 'title: is missing' }));
  const state = await syncs.commitPage(ref, run, null, { ...page(['1'], null), quarantined: held });
  expect(state).toMatchObject({ toRetry: 2, counts: { quarantined: 2 } });
  await expect(syncs.missing(ref, run, all)).resolves.toMatchObject({ missing: 0, known: 3 });
  await expect(syncs.quarantine(tenantId, { connectionId, stream: 'posts' })).resolves.toMatchObject([
    { externalId: '2', reason: 'title: is missing', tries: 0 },
    { externalId: '3', reason: 'title: is missing', tries: 0 },
  ]);
  const again = () => syncs.retried(ref, run, '2', { kind: 'failed', reason: null });
  await again();
  await again();
  await expect(syncs.toRetry(ref, run, 10)).resolves.toEqual(['3']);
  const healed = { kind: 'healed', hash: '3@2', delivered: true } as const;
  await expect(syncs.retried(ref, run, '3', healed)).resolves.toMatchObject({ toRetry: 0, counts: { delivered: 2 } });
  await expect(syncs.retried(ref, run, '3', healed)).resolves.toMatchObject({ counts: { delivered: 2 } });
  expect(await changedOf(ref, [{ externalId: '3', hash: '3@2' }])).toEqual([]);
  await expect(syncs.quarantine(tenantId, {})).resolves.toMatchObject([{ externalId: '2', tries: 1 }]);
  await syncs.end(ref, run, 'completed', null);
  await scan(ref, ['1', '2', '3']);
  await expect(syncs.quarantine(tenantId, {})).resolves.toEqual([]);
});

test('after five tries a quarantined record waits for a person, who has it tried anew', async () => {
  const ref = await aStream();
  const held = [{ externalId: '2', reason: 'title: is missing' }];
  for (let tries = 0; tries < 6; tries += 1) {
    const run = aRun();
    await begin(ref, run, 'full');
    await syncs.commitPage(ref, run, null, { ...page([], null), quarantined: held });
    await expect(syncs.toRetry(ref, run, 10)).resolves.toEqual(tries < 5 ? ['2'] : []);
    await syncs.retried(ref, run, '2', { kind: 'failed', reason: 'still is' });
  }
  await expect(syncs.requeue(ref, ['2'])).resolves.toBe(1);
  await expect(begin(ref, aRun(), 'full')).resolves.toMatchObject({ toRetry: 1 });
});

test('each version of a record has its number, also when it comes to be as it was, and keeps its place in the target', async () => {
  const ref = await aStream();
  const deliver = async (hash: string, targetId?: string) => {
    const known = (await syncs.changed(ref, [{ externalId: '1', hash }])).get('1');
    const run = aRun();
    await begin(ref, run, 'full');
    await syncs.commitPage(ref, run, null, { ...page([], null), seen: [{ externalId: '1', hash, targetId }] });
    return known;
  };
  expect(await deliver('a', 't7')).toEqual({ version: 0, targetId: null });
  expect(await deliver('a')).toBeUndefined();
  expect(await deliver('b')).toEqual({ version: 1, targetId: 't7' });
  expect(await deliver('a')).toEqual({ version: 2, targetId: 't7' });
  await expect(syncs.forgetGone(ref, '1')).resolves.toBe(true);
  await expect(syncs.forgetGone(ref, '1')).resolves.toBe(false);
});

test('one stream is forgotten without the others: its run ends, and a new choice is another one', async () => {
  const ref = await aStream();
  const pages = { ...ref, stream: 'pages' };
  const [run, other] = [aRun(), aRun()];
  const { choice } = await begin(ref, run, 'full');
  await begin(pages, other, 'full');
  await syncs.clear(ref.tenantId, ref.connectionId, 'posts');
  await expect(syncs.commitPage(ref, run, null, page(['1'], null))).rejects.toMatchObject({ code: 'conflict' });
  await expect(syncs.commitPage(pages, other, null, page(['1'], null))).resolves.toMatchObject({ scanComplete: true });
  expect((await begin(ref, aRun(), 'full')).choice).not.toBe(choice);
});

test('what is put for one write alone is nobody else’s, and goes with it', async () => {
  const { tenantId } = await aStream();
  const input = { title: 'Bread' };
  const [one, other, shared] = [
    await stores.content.putFor(tenantId, 'one', input),
    await stores.content.putFor(tenantId, 'other', input),
    await stores.content.put(tenantId, input),
  ];
  await expect(stores.content.putFor(tenantId, 'one', input)).resolves.toEqual(one);
  await stores.content.drop(tenantId, 'one');
  await stores.content.drop(tenantId, 'one');
  await expect(stores.content.get(tenantId, one.id)).rejects.toMatchObject({ code: 'not_found' });
  for (const { id } of [other, shared]) await expect(stores.content.get(tenantId, id)).resolves.toEqual(input);
});

test('a list that names the same page as its next one is refused instead of read for ever', async () => {
  const ref = await aStream();
  const run = aRun();
  await begin(ref, run, 'full');
  await syncs.commitPage(ref, run, null, page(['1'], 'c2'));
  const stuck = syncs.commitPage(ref, run, 'c2', page(['1'], 'c2'));
  await expect(stuck).rejects.toMatchObject({ code: 'provider_garbage' });
});

test('what belongs to a connection goes with it, and clearing twice is silent', async () => {
  const ref = await aStream();
  await syncs.end(ref, await scan(ref, ['1'], '2026-01-01T00:00:00.000Z'), 'completed', null);
  await stores.knowledge.put(ref, { externalId: '1', title: 't', link: null, hash: 'h', chunks: ['a', 'b'] });
  await stores.knowledge.put(ref, { externalId: '1', title: 't', link: null, hash: 'h2', chunks: ['c'] });
  await expect(stores.knowledge.count(ref.tenantId)).resolves.toEqual({ documents: 1, chunks: 1 });
  await syncs.clear(ref.tenantId, ref.connectionId);
  await syncs.clear(ref.tenantId, ref.connectionId);
  await expect(begin(ref, aRun(), 'incremental')).resolves.toMatchObject({ mode: 'full' });
  await stores.connections.remove(ref.tenantId, ref.connectionId);
  await stores.connections.remove(ref.tenantId, ref.connectionId);
  await expect(stores.knowledge.count(ref.tenantId)).resolves.toEqual({ documents: 0, chunks: 0 });
  await expect(syncs.list(ref.tenantId)).resolves.toEqual([]);
  await expect(begin(ref, aRun(), 'full')).rejects.toMatchObject({ code: 'not_found' });
});

test('with a connection, or with its tenant, goes what is known of its records; a page that comes too late leaves none', async () => {
  const known = async ({ connectionId }: StreamRef) => {
    const client = new pg.Client({ connectionString: fresh.adminUrl });
    await client.connect();
    const { rowCount } = await client.query('SELECT FROM sync_records WHERE connection_id = $1', [connectionId]);
    await client.end();
    return rowCount;
  };
  const [kept, ofTenant] = [await aStream(), await aStream()];
  for (const ref of [kept, ofTenant]) await scan(ref, ['1', '2']);
  for (let races = 0; races < 10; races += 1) {
    const ref = { ...kept, connectionId: await aConnection(stores, kept.tenantId) };
    const run = await scan(ref, ['1']);
    await syncs.end(ref, run, 'completed', null);
    const next = aRun();
    await begin(ref, next, 'full');
    await Promise.allSettled([
      syncs.commitPage(ref, next, null, page(['1', '2', '3'], null)),
      stores.connections.remove(ref.tenantId, ref.connectionId),
    ]);
    expect(await known(ref)).toBe(0);
    await expect(syncs.commitPage(ref, next, null, page(['4'], null))).rejects.toMatchObject({ code: 'not_found' });
  }
  await stores.tenants.release(ofTenant.tenantId);
  expect([await known(kept), await known(ofTenant)]).toEqual([2, 0]);
});
