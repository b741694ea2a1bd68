import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RunId } from '../../ports/ids.ts';
import type { PageOutcome, StreamRef, SyncStore } from '../../ports/syncs.ts';
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
  cursor,
  counts: { read: ids.length, delivered: ids.length, unchanged: 0, bytes: 10 },
  highWater,
});
/** A full run over these records, in one page. */
const scan = async (ref: StreamRef, ids: string[], highWater: string | null = null, version = 1) => {
  const run = aRun();
  await syncs.begin(ref, run, 'full');
  await syncs.commitPage(ref, run, null, page(ids, null, highWater, version));
  return run;
};

test('a page committed twice from the same cursor counts once, also when both arrive together', async () => {
  const ref = await aStream();
  const run = aRun();
  await syncs.begin(ref, run, 'full');
  const first = () => syncs.commitPage(ref, run, null, page(['1', '2'], 'c2'));
  const states = await Promise.all([first(), first(), first()]);
  for (const state of states) expect(state).toMatchObject({ cursor: 'c2', counts: { pages: 1, read: 2 } });
  const last = () => syncs.commitPage(ref, run, 'c2', page(['3'], null));
  await last();
  const done = await last();
  expect(done).toMatchObject({ cursor: null, scanComplete: true, counts: { pages: 2, read: 3, bytes: 20 } });
  await expect(first()).resolves.toEqual(done);
  await expect(syncs.begin(ref, run, 'full')).resolves.toEqual(done);
});

test('hashes come with their page or not at all: a late copy of a page leaves what was delivered last', async () => {
  const ref = await aStream();
  const run = aRun();
  await syncs.begin(ref, run, 'full');
  await syncs.commitPage(ref, run, null, page(['1'], 'c2'));
  await syncs.commitPage(ref, run, null, page(['1', '9'], 'c2', null, 2));
  const records = ['1@1', '9@2'].map((hash) => ({ externalId: hash.slice(0, 1), hash }));
  await expect(syncs.changed(ref, records)).resolves.toEqual(new Set(['9']));
  await expect(syncs.commitPage(ref, aRun(), null, page(['7'], null))).rejects.toMatchObject({ code: 'not_found' });
  await expect(syncs.changed(ref, [{ externalId: '7', hash: '7@1' }])).resolves.toEqual(new Set(['7']));
});

test('only a record whose hash differs from what was delivered last has changed', async () => {
  const ref = await aStream();
  await scan(ref, ['1', '2']);
  const asked = [
    { externalId: '1', hash: '1@1' },
    { externalId: '2', hash: '2@2' },
    { externalId: '3', hash: '3@1' },
  ];
  await expect(syncs.changed(ref, asked)).resolves.toEqual(new Set(['2', '3']));
  await expect(syncs.changed({ ...ref, stream: 'pages' }, asked)).resolves.toEqual(new Set(['1', '2', '3']));
  await expect(syncs.changed(ref, [])).resolves.toEqual(new Set());
});

test('the high-water mark moves when a run completes, never back, and decides where the next one begins', async () => {
  const ref = await aStream();
  const noMark = await syncs.begin(ref, aRun(), 'incremental');
  expect(noMark).toMatchObject({ mode: 'full', since: null });
  const failed = await scan(ref, ['1'], '2026-01-03T00:00:00.000Z');
  await syncs.end(ref, failed, 'failed', 'provider_down');
  await expect(syncs.begin(ref, aRun(), 'incremental')).resolves.toMatchObject({ mode: 'full' });
  await syncs.end(ref, await scan(ref, ['1'], '2026-01-02T00:00:00.000Z'), 'completed', null);
  const next = { mode: 'incremental', since: '2026-01-02T00:00:00.000Z' };
  await expect(syncs.begin(ref, aRun(), 'incremental')).resolves.toMatchObject(next);
  await syncs.end(ref, await scan(ref, ['1'], '2025-12-31T23:59:59+00:00'), 'completed', null);
  await expect(syncs.begin(ref, aRun(), 'incremental')).resolves.toMatchObject(next);
  await expect(syncs.begin(ref, aRun(), 'full')).resolves.toMatchObject({ mode: 'full', since: null });
});

test('a run ends once; one whose list was not read to its end does not complete', async () => {
  const ref = await aStream();
  const run = aRun();
  await syncs.begin(ref, run, 'full');
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
  await syncs.begin(ref, run, 'full');
  await syncs.commitPage(ref, run, null, page(['1'], 'c2'));
  await expect(syncs.missing(ref, run)).rejects.toMatchObject({ code: 'conflict' });
  const meanwhile = aRun();
  await syncs.begin(ref, meanwhile, 'incremental');
  await syncs.commitPage(ref, meanwhile, null, page(['4', '1'], null));
  await expect(syncs.missing(ref, meanwhile)).rejects.toMatchObject({ code: 'conflict' });
  await syncs.commitPage(ref, run, 'c2', page(['2'], null));
  await expect(syncs.missing(ref, run)).resolves.toEqual({ externalIds: ['3'], known: 4 });
  await expect(syncs.forget(ref, run, ['3'])).resolves.toMatchObject({ counts: { deleted: 1 } });
  await expect(syncs.forget(ref, run, ['3'])).resolves.toMatchObject({ counts: { deleted: 1 } });
  await expect(syncs.missing(ref, run)).resolves.toEqual({ externalIds: [], known: 3 });
});

test('a list that names the same page as its next one is refused instead of read for ever', async () => {
  const ref = await aStream();
  const run = aRun();
  await syncs.begin(ref, run, 'full');
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
  await expect(syncs.begin(ref, aRun(), 'incremental')).resolves.toMatchObject({ mode: 'full' });
  await stores.connections.remove(ref.tenantId, ref.connectionId);
  await stores.connections.remove(ref.tenantId, ref.connectionId);
  await expect(stores.knowledge.count(ref.tenantId)).resolves.toEqual({ documents: 0, chunks: 0 });
  await expect(syncs.list(ref.tenantId)).resolves.toEqual([]);
  await expect(syncs.begin(ref, aRun(), 'full')).rejects.toMatchObject({ code: 'not_found' });
});
