import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { json, openVendors } from './testing.ts';
import type { Vendors } from './testing.ts';
import { connectionId, engineAt, readAll, tenantId, thingsBy, vendorOf } from './testing-engine.ts';
import type { PagesPaging } from './streams.ts';

let vendors: Vendors;
/** What each parent has; parents are listed two a page. */
let parents: { id: string | null; name?: unknown; has: string[] }[];
beforeEach(async () => {
  vendors = await openVendors(['api.vendor.test']);
  parents = [
    { id: 'a', has: ['a1', 'a2', 'a3', 'a4'] },
    { id: 'b', has: [] },
    { id: 'c', has: ['c1'] },
  ];
  vendors.answers((seen, response, request) => {
    const [, parent] = /\/parents\/(\w+)\/things$/.exec(seen.url) ?? [];
    const from = Number(seen.query['from'] ?? 0);
    const all = parent === undefined ? parents : parents.find(({ id }) => id === parent)?.has.map((id) => ({ id }));
    if (!all) return json({ code: 'GONE' }, 404)(seen, response, request);
    const size = parent === undefined ? 2 : 3;
    const items = all.slice(from, from + size);
    const next = from + size < all.length ? from + size : null;
    return json({ items, next })(seen, response, request);
  });
});
afterEach(async () => vendors[Symbol.asyncDispose]());

const paging = (path: (filter: Record<string, string>) => string): PagesPaging => ({
  kind: 'pages',
  sizeMax: 100,
  call: ({ position, filter }) => ({ path: path(filter), query: position === null ? {} : { from: position } }),
  next: { kind: 'cursor', at: 'next' },
});
const engine = () =>
  engineAt(
    vendors,
    vendorOf({
      parents: thingsBy(paging(() => '/parents')),
      things: thingsBy(
        paging(({ of = '' }) => `/parents/${of}/things`),
        { filters: { parent: { param: 'of' } }, per: { stream: 'parents', filter: 'parent' } },
      ),
    }),
  );
const asked = () => vendors.seen.map(({ url }) => url.split('/v1')[1]);

test('every parent’s list is read to its end, in turn, and parents page by page', async () => {
  const { rows, pages } = await readAll(engine());
  expect(rows.map(({ externalId }) => externalId)).toEqual(['a1', 'a2', 'a3', 'a4', 'c1']);
  expect(pages.at(-1)?.nextCursor).toBeNull();
  expect(asked()).toEqual([
    ...['/parents', '/parents/a/things', '/parents/a/things', '/parents/b/things'],
    ...['/parents', '/parents/c/things'],
  ]);
  expect(pages.map(({ calls }) => calls)).toEqual([2, 1, 1, 2]);
});

test('a named parent is read alone', async () => {
  const { rows } = await readAll(engine(), { filter: { parent: 'c' } });
  expect(rows.map(({ externalId }) => externalId)).toEqual(['c1']);
  expect(asked()).toEqual(['/parents/c/things']);
});

test('without any parent there is nothing', async () => {
  parents = [];
  const { rows, pages } = await readAll(engine());
  expect([rows, pages.length]).toEqual([[], 1]);
});

test('a parent that went meanwhile has nothing; the rest is read', async () => {
  const live = engine();
  const first = await live.read(tenantId, connectionId, 'things', { limit: 3 });
  parents = parents.filter(({ id }) => id !== 'a');
  const { rows } = await readAll(live, { cursor: first.nextCursor ?? '' });
  expect(rows).toEqual([]);
  parents.push({ id: 'd', has: ['d1'] }, { id: 'e', has: ['e1'] });
  const again = await readAll(live, {});
  expect(again.rows.map(({ externalId }) => externalId)).toEqual(['c1', 'd1', 'e1']);
});

test('a parent that cannot be read is walked by its id; one without an id says that the whole is not complete', async () => {
  parents = [
    { id: 'a', name: 7, has: ['a1'] },
    { id: null, has: ['x'] },
    { id: 'c', has: ['c1'] },
  ];
  const { rows, pages } = await readAll(engine());
  expect(rows.map(({ externalId }) => externalId)).toEqual(['a1', 'c1']);
  expect(pages.flatMap(({ unreadable }) => unreadable.map(({ externalId }) => externalId))).toEqual([null]);
});

test('a refusal of a parent’s list is a refusal of the whole', async () => {
  vendors.answers((seen, response, request) =>
    (seen.url.endsWith('/parents') ? json({ items: parents }) : json({ code: 'NO' }, 403))(seen, response, request),
  );
  await expect(readAll(engine())).rejects.toMatchObject({ code: 'credential_forbidden' });
});

test('a cursor of another list is refused', async () => {
  const read = engine().read(tenantId, connectionId, 'things', { limit: 3, cursor: 'bm90aGluZw' });
  await expect(read).rejects.toMatchObject({ code: 'invalid_request' });
});
