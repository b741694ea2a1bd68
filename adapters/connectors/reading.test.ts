import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { z } from 'zod';
import { Row } from '../../ports/connectors.ts';
import { vendorOf, engineAt, readAll, connectionId, tenantId, thingsBy } from './testing-engine.ts';
import { json, openVendors } from './testing.ts';
import type { Reply, Seen, Vendors } from './testing.ts';
import { stream } from './streams.ts';
import type { Next, PageAsk, Paging, Stream } from './streams.ts';

let vendors: Vendors;
beforeAll(async () => {
  vendors = await openVendors(['api.vendor.test', 'other.vendor.test']);
});
afterAll(async () => vendors[Symbol.asyncDispose]());
beforeEach(() => void vendors.seen.splice(0));

const ALL = Array.from({ length: 8 }, (_, index) => ({ id: index + 1, name: `Thing ${index + 1}` }));
const BASE = 'https://api.vendor.test/v1';

/** Asks with the position under the name that its kind has at this vendor. */
const call = ({ limit, position, sinceMs, filter, newest }: PageAsk) => ({
  path: '/things',
  query: {
    ...filter,
    limit: String(limit),
    ...(position !== null && { from: position }),
    ...(sinceMs !== null && { since: String(sinceMs) }),
    ...(newest && { sort: 'newest' }),
  },
});
const paged = (next: Next, more: Partial<Extract<Paging, { kind: 'pages' }>> = {}): Paging => ({
  ...{ kind: 'pages', sizeMax: 3, call, next },
  ...more,
});
const engine = (next: Next, more: Partial<Extract<Paging, { kind: 'pages' }>> = {}, stream: Partial<Stream> = {}) =>
  engineAt(vendors, vendorOf({ things: thingsBy(paged(next, more), stream) }));
const page = (from: number) => ALL.slice(from, from + 3);
const answers = (
  made: (seen: Seen, from: string | undefined) => { body: unknown; headers?: Record<string, string> },
) => {
  const reply: Reply = (seen, response, request) => {
    const { body, headers } = made(seen, seen.query['from']);
    json(body, 200, headers)(seen, response, request);
  };
  vendors.answers(reply);
};

/** Each way to say where the next page begins, as some vendor would say it. */
const WAYS: [
  string,
  Next,
  (from: string | undefined, seen: Seen) => { body: unknown; headers?: Record<string, string> },
][] = [
  [
    'a cursor',
    { kind: 'cursor', at: 'paging.after' },
    (from = '0') => ({
      body: { items: page(Number(from)), paging: { after: Number(from) < 6 ? Number(from) + 3 : null } },
    }),
  ],
  [
    'a cursor that only counts while another one is there',
    { kind: 'cursor', at: 'after', while: 'next' },
    (from = '0') => ({
      body: { items: page(Number(from)), after: `${Number(from) + 3}`, ...(Number(from) < 6 && { next: 'https://x' }) },
    }),
  ],
  [
    'the last id while there is more',
    { kind: 'last-id', more: 'has_more' },
    (from = '0') => ({ body: { items: page(Number(from)), has_more: Number(from) < 6 } }),
  ],
  [
    'page numbers and a flag',
    { kind: 'page', more: 'more' },
    (from = '1') => ({ body: { items: page(3 * (Number(from) - 1)), more: from !== '3' } }),
  ],
  [
    'page numbers and their number in a header',
    { kind: 'page', pages: 'x-pages' },
    (from = '1') => ({ body: { items: page(3 * (Number(from) - 1)) }, headers: { 'X-Pages': '3' } }),
  ],
  [
    'page numbers until one is short',
    { kind: 'page' },
    (from = '1') => ({ body: { items: page(3 * (Number(from) - 1)) } }),
  ],
  [
    'an offset and a total',
    { kind: 'offset', at: 'total' },
    (from = '0') => ({ body: { items: page(Number(from)), total: 8 } }),
  ],
  [
    'an offset and a total in a header',
    { kind: 'offset', header: 'x-total' },
    (from = '0') => ({ body: { items: page(Number(from)) }, headers: { 'x-total': '8' } }),
  ],
  ['an offset until a page is short', { kind: 'offset' }, (from = '0') => ({ body: { items: page(Number(from)) } })],
  [
    'a Link header',
    { kind: 'link' },
    (from = '0') => ({
      body: { items: page(Number(from)) },
      headers: {
        link: `<${BASE}/things?limit=3>; rel="first", <${BASE}/things?limit=3&from=${Number(from) + 3}&also=a&also=b>; rel="${Number(from) < 6 ? 'next' : 'prev'}"`,
      },
    }),
  ],
  [
    'a path below the list’s own',
    { kind: 'path', at: 'next' },
    (_from, { url }) => {
      const from = Number(url.split('/things/').at(1) ?? 0);
      return { body: { items: page(from), next: from < 6 ? `/v1/things/${from + 3}` : null } };
    },
  ],
  [
    'the last value of a field',
    { kind: 'keyset', field: 'id' },
    (from = '0') => ({ body: { items: page(Number(from)) } }),
  ],
  [
    'what a function finds',
    {
      kind: 'told',
      by: (_json, position, { limit }) => (Number(position) < 6 ? String(Number(position) + limit) : null),
    },
    (from = '0') => ({ body: { items: page(Number(from)) } }),
  ],
];

test.each(WAYS)('a list by %s is read to its end, each row once', async (_name, next, made) => {
  answers((seen, from) => made(from, seen));
  const { rows, pages } = await readAll(engine(next));
  expect(rows.map(({ externalId }) => externalId)).toEqual(ALL.map(({ id }) => String(id)));
  expect(pages.map(({ calls }) => calls)).toEqual([1, 1, 1]);
  expect(vendors.seen[0]?.query['from']).toBeUndefined();
});

test('a Link’s query is sent as it came, names that come twice too', async () => {
  const [, next, made] = WAYS[9] ?? [];
  if (!next || !made) throw new Error('no Link');
  let raw = '';
  vendors.answers((seen, response, request) => {
    raw = request.url ?? '';
    const { body, headers } = made(seen.query['from'], seen);
    json(body, 200, headers)(seen, response, request);
  });
  await readAll(engine(next));
  expect(raw).toContain('?limit=3&from=6&also=a&also=b');
});

test('rows that are hidden from this account make a page short in the middle: some are read twice, none is missed', async () => {
  answers((_seen, from = '0') => ({ body: { items: page(Number(from)).filter(({ id }) => id !== 2), total: 8 } }));
  const { rows } = await readAll(engine({ kind: 'offset', at: 'total' }));
  expect([...new Set(rows.map(({ externalId }) => externalId))]).toEqual(['1', '3', '4', '5', '6', '7', '8']);
});

test('pages that are numbered keep the size of the first one, whatever is asked for later', async () => {
  answers((_seen, from = '1') => ({ body: { items: page(3 * (Number(from) - 1)) } }));
  const it = engine({ kind: 'page' });
  const first = await it.read(tenantId, connectionId, 'things', { limit: 3 });
  await it.read(tenantId, connectionId, 'things', { limit: 2, cursor: first.nextCursor ?? '' });
  expect(vendors.seen.map(({ query }) => query['limit'])).toEqual(['3', '3']);
});

test.each<[string, Next, { body: unknown; headers?: Record<string, string> }]>([
  [
    'a Link to another host',
    { kind: 'link' },
    { body: { items: ALL }, headers: { link: '<https://other.vendor.test/v1/things?from=3>; rel=next' } },
  ],
  [
    'a Link without a scheme',
    { kind: 'link' },
    { body: { items: ALL }, headers: { link: '<//other.vendor.test/v1/things?from=3>; rel="next"' } },
  ],
  [
    'a path on another host',
    { kind: 'path', at: 'next' },
    { body: { items: ALL, next: 'https://other.vendor.test/v1/things?from=3' } },
  ],
  [
    'a host behind a user name',
    { kind: 'path', at: 'next' },
    { body: { items: ALL, next: 'https://api.vendor.test@other.vendor.test/v1/things' } },
  ],
  ['a path beside the list', { kind: 'path', at: 'next' }, { body: { items: ALL, next: '/v1/secrets?from=3' } }],
  ['a path above the list', { kind: 'path', at: 'next' }, { body: { items: ALL, next: '/v1/things/../secrets' } }],
  [
    'a path that only begins alike',
    { kind: 'path', at: 'next' },
    { body: { items: ALL, next: '/v1/things-of-others' } },
  ],
])('C50: %s stops the read, and nothing is asked there', async (_name, next, answer) => {
  answers(() => answer);
  await expect(readAll(engine(next))).rejects.toMatchObject({ code: 'host_refused' });
  expect(vendors.seen.map(({ url }) => url)).toEqual([`${BASE}/things`]);
});

test('C50: a cursor that somebody made up asks nothing but the list', async () => {
  const forged = (p: string) =>
    Buffer.from(JSON.stringify({ p, s: null, z: 3, t: '', n: 0, e: 0 })).toString('base64url');
  answers(() => ({ body: { items: [] } }));
  for (const p of ['https://other.vendor.test/v1/things', '//other.vendor.test/x', '/v1/secrets', '../secrets']) {
    const cursor = forged(p);
    const read = engine({ kind: 'path', at: 'next' }).read(tenantId, connectionId, 'things', { limit: 3, cursor });
    await expect(read).rejects.toMatchObject({ code: 'host_refused' });
  }
  expect(vendors.seen).toEqual([]);
});

test.each<[string, Next, (from: string | undefined, nth: number) => unknown]>([
  ['a cursor that comes again at once', { kind: 'cursor', at: 'after' }, () => ({ items: page(0), after: 'same' })],
  [
    'a circle of seven pages',
    { kind: 'cursor', at: 'after' },
    (_from, nth) => ({ items: page(0), after: `c${nth % 7}` }),
  ],
  [
    'a circle that begins late',
    { kind: 'cursor', at: 'after' },
    (_from, nth) => ({ items: page(0), after: nth < 20 ? `x${nth}` : `c${nth % 3}` }),
  ],
  ['a list that does not know pages', { kind: 'page' }, () => ({ items: page(0) })],
  ['an offset that is not looked at', { kind: 'offset', at: 'total' }, () => ({ items: page(0), total: 1_000_000 })],
  ['a last id that stays', { kind: 'last-id', more: 'more' }, () => ({ items: page(0), more: true })],
  ['a field that does not move on', { kind: 'keyset', field: 'id' }, () => ({ items: page(0) })],
])('C51: %s is an error, not an endless read', async (_name, next, made) => {
  let nth = 0;
  answers((_seen, from) => ({ body: made(from, (nth += 1)) }));
  await expect(readAll(engine(next))).rejects.toMatchObject({ code: 'provider_garbage' });
  expect(vendors.seen.length).toBeLessThan(60);
});

test('C51: empty pages without an end are an error', async () => {
  let nth = 0;
  answers(() => ({ body: { items: [], after: `c${(nth += 1)}` } }));
  await expect(readAll(engine({ kind: 'cursor', at: 'after' }))).rejects.toMatchObject({ code: 'provider_garbage' });
  expect(nth).toBe(201);
});

test('C51: a page of more bytes than any page has is refused while it comes', async () => {
  vendors.answers((_seen, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"items":[');
    const more = () => {
      while (!response.destroyed && response.write(`"${'x'.repeat(65_000)}",`));
    };
    response.on('drain', more);
    more();
  });
  await expect(readAll(engine({ kind: 'none' }))).rejects.toMatchObject({ code: 'provider_garbage' });
});

test.each<[string, Next, unknown]>([
  ['no list', { kind: 'none' }, { things: [] }],
  ['an object for a list', { kind: 'none' }, { items: { 0: {} } }],
  ['a cursor that is an object', { kind: 'cursor', at: 'after' }, { items: [], after: {} }],
  ['a cursor longer than any', { kind: 'cursor', at: 'after' }, { items: [], after: 'x'.repeat(5000) }],
  ['a total that is no number', { kind: 'offset', at: 'total' }, { items: [], total: 'many' }],
  ['more, and no last row', { kind: 'last-id', more: 'more' }, { items: [], more: true }],
])('C57: %s is named, and is no end of the list', async (_name, next, body) => {
  answers(() => ({ body }));
  await expect(readAll(engine(next))).rejects.toMatchObject({
    code: 'provider_garbage',
    message: expect.stringContaining('things'),
  });
});

test('C52: what cannot be read is named without its content, and the rest of the page goes on', async () => {
  const things = stream({
    ...thingsBy(paged({ kind: 'none' })),
    raw: z.object({ id: z.int(), name: z.string() }),
    row: Row,
    map({ id, name }) {
      if (name === 'trap') throw new TypeError('value-canary');
      return { externalId: String(id), modifiedAt: null };
    },
  });
  const items = [
    { id: 1, name: 'fine' },
    { id: 2, name: { canary: 1 } },
    { id: 'no id!', name: 3 },
    'canary',
    null,
    { id: 6, name: 'fine too' },
    { id: 7, name: 'trap' },
  ];
  answers(() => ({ body: { items } }));
  const { pages } = await readAll(engineAt(vendors, vendorOf({ things })));
  expect(pages[0]?.rows.map(({ externalId }) => externalId)).toEqual(['1', '6']);
  expect(pages[0]?.unreadable).toEqual([
    { externalId: '2', reason: 'name (invalid_type)' },
    { externalId: null, reason: 'id (invalid_type), name (invalid_type)' },
    { externalId: null, reason: expect.stringContaining('invalid_type') },
    { externalId: null, reason: expect.stringContaining('invalid_type') },
    { externalId: '7', reason: 'cannot be mapped' },
  ]);
  expect(pages[0]?.fields).toEqual(['id', 'name']);
  expect(JSON.stringify(pages[0]?.unreadable)).not.toContain('canary');
});

test('C52: an id beyond what JavaScript counts stays what it was, and `__proto__` changes nothing', async () => {
  vendors.answers(json('{"items":[{"id":9007199254740993,"name":"a","__proto__":{"name":"evil","admin":true}}]}'));
  const { rows } = await readAll(engine({ kind: 'none' }), { native: true });
  expect(rows[0]).toMatchObject({ externalId: '9007199254740993', name: 'a' });
  const native = rows[0]?.['native'] as object;
  expect(Object.keys(native)).toEqual(['id', 'name']);
  expect('admin' in Object.assign({}, native)).toBe(false);
});

test('fields and the vendor’s own item are given where they are asked for', async () => {
  answers(() => ({ body: { items: [{ id: 1, name: 'One', more: 7 }] } }));
  const it = engine({ kind: 'none' });
  const { rows } = await it.read(tenantId, connectionId, 'things', { limit: 3, fields: [], native: true });
  expect(rows).toEqual([{ externalId: '1', modifiedAt: null, native: { id: 1, name: 'One', more: 7 } }]);
});

test('filters are the vendor’s parameters; one that is not there, does not fit, or is missing is refused', async () => {
  answers(() => ({ body: { items: [] } }));
  const it = engine({ kind: 'none' }, {}, { needs: ['kind'] });
  await it.read(tenantId, connectionId, 'things', { limit: 9, filter: { kind: 'a' }, order: 'newest' });
  expect(vendors.seen[0]?.query).toEqual({ type: 'a', limit: '3', sort: 'newest' });
  for (const filter of [{ kind: 'z' }, { kind: 'a', colour: 'red' }, {}]) {
    const read = it.read(tenantId, connectionId, 'things', { limit: 3, filter });
    await expect(read).rejects.toMatchObject({
      code: 'invalid_request',
      fields: [{ path: expect.stringMatching(/^filter\./) }],
    });
  }
  expect(it.info('vendor').streams[0]).toMatchObject({
    syncs: false,
    filters: [{ name: 'kind', values: ['a', 'b'], required: true }],
  });
});

test('an incremental read looks back, keeps its moment from page to page, and stops where the vendor cannot be asked', async () => {
  answers((_seen, from = '0') => ({
    body: {
      items: page(Number(from)).map((thing) => ({ ...thing, at: `2026-01-0${9 - thing.id}T00:00:00Z` })),
      after: String(Number(from) + 3),
    },
  }));
  const since = '2026-01-05T00:00:00.000Z';
  const it = engine({ kind: 'cursor', at: 'after' }, { since: { finds: 'changed', lookBackMs: 1000, stops: true } });
  const { rows } = await readAll(it, { since });
  expect(rows.map(({ externalId }) => externalId)).toEqual(['1', '2', '3', '4', '5', '6']);
  expect(new Set(vendors.seen.map(({ query }) => query['since']))).toEqual(new Set([String(Date.parse(since) - 1000)]));
  expect(it.info('vendor').streams[0]).toMatchObject({ incremental: 'changed', complete: true, reachMs: null });
});

test('a vendor that cannot be asked for changes is read whole', async () => {
  answers((_seen, from = '0') => ({ body: { items: page(Number(from)) } }));
  const { rows } = await readAll(engine({ kind: 'offset' }), { since: '2026-01-05T00:00:00.000Z' });
  expect(rows).toHaveLength(8);
});

test('an item is read alone; what the vendor has not, what is no id, and what it does not give alone are told apart', async () => {
  vendors.answers((seen, response, request) =>
    json({ data: seen.url.endsWith('/1') ? ALL[0] : null })(seen, response, request),
  );
  const it = engine({ kind: 'none' }, {}, { item: 'data' });
  const one = (id: string, from = it) => from.readOne(tenantId, connectionId, 'things', id);
  await expect(one('1')).resolves.toEqual({ externalId: '1', modifiedAt: null, name: 'Thing 1' });
  await expect(one('2')).rejects.toMatchObject({ code: 'not_found' });
  const asked = vendors.seen.length;
  await expect(one('../2')).rejects.toMatchObject({ code: 'not_found' });
  await expect(one('1', engine({ kind: 'none' }, {}, { one: null }))).rejects.toMatchObject({ code: 'unsupported' });
  expect(vendors.seen).toHaveLength(asked);
});
