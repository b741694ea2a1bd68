import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { UploadRef, WriteAction } from '../../ports/connectors.ts';
import type { RateBudgetPort } from '../../ports/budgets.ts';
import { AT, engineAt, thingsBy, vendorOf } from './testing-engine.ts';
import { json, openVendors } from './testing.ts';
import type { Reply, Vendors } from './testing.ts';
import { timeFor } from './terms.ts';
import { deletion, writing } from './writes.ts';
import type { Paging } from './streams.ts';
import type { Write, Writes } from './writes.ts';

let vendors: Vendors;
beforeAll(async () => {
  vendors = await openVendors(['api.vendor.test']);
});
afterAll(async () => vendors[Symbol.asyncDispose]());
beforeEach(() => void vendors.seen.splice(0));

const PAGED: Paging = { kind: 'pages', sizeMax: 3, call: () => ({ path: '/things' }), next: { kind: 'none' } };
const receipt = z
  .object({ id: z.string(), url: z.string().nullable() })
  .transform(({ id, url }) => ({ externalId: id, link: url }));
const creating = (safety: Write['safety'], more: Partial<Write> = {}): Write => ({
  ...writing({
    safety,
    input: z.strictObject({ name: z.string().min(2) }),
    call: ({ input, marker }) => ({ method: 'POST', path: '/things', headers: { 'x-key': marker }, body: input }),
    receipt,
    probes: ({ marker }) =>
      ['live', 'bin'].map((where) => ({ call: { path: `/${where}`, query: { marker } }, items: 'found' })),
  }),
  ...more,
});
const engineOf = (writes: Writes, files: Record<string, string[]> = {}) => {
  const things = thingsBy(PAGED, { writes });
  const getStream = async (_tenant: unknown, key: string) =>
    (async function* () {
      for (const part of files[key] ?? []) yield Buffer.from(part);
    })();
  return engineAt(vendors, vendorOf({ things }), { objects: { getStream } });
};
const create = (name = 'One', file?: UploadRef): WriteAction => ({
  kind: 'create',
  input: { name },
  ...(file && { file }),
});
const budget = () => {
  const lanes: string[] = [];
  const take: RateBudgetPort['take'] = async ({ lane }) => {
    lanes.push(lane);
    return { waited: false, settle: () => undefined };
  };
  return { lanes, take };
};
const lost: Reply = (_seen, response) => response.destroy();

test('a create says what it made; its input is checked field by field before anything is sent', async () => {
  vendors.answers(json({ id: 'x1', url: null }, 201));
  const engine = engineOf({ create: creating('keyed') });
  await expect(engine.write(AT, create(), 'bz-1')).resolves.toEqual({ externalId: 'x1', link: null });
  expect(vendors.seen[0]).toMatchObject({ method: 'POST', body: '{"name":"One"}', headers: { 'x-key': 'bz-1' } });
  expect(engine.checkWrite('vendor', 'things', create())).toBe('keyed');
  for (const act of [
    () => engine.checkWrite('vendor', 'things', create('x')),
    () => engine.write(AT, create('x'), 'bz-2'),
  ])
    await expect((async () => act())()).rejects.toMatchObject({ code: 'invalid_request', fields: [{ path: 'name' }] });
  expect(vendors.seen).toHaveLength(1);
});

test('what a stream cannot do is said, with what it can', () => {
  const engine = engineOf({ create: creating('unsafe') });
  const check = (action: WriteAction) => () => engine.checkWrite('vendor', 'things', action);
  expect(check({ kind: 'delete', externalId: 'x1' })).toThrow(
    'The vendor: no delete of things from here; there is: create',
  );
  const file = { objectKey: 'uploads/a', name: 'a', contentType: 'text/plain', bytes: 1 };
  expect(check(create('One', file))).toThrow('things take no file');
  expect(engine.info('vendor').streams[0]?.writes).toEqual([{ kind: 'create', safety: 'unsafe', fields: ['name'] }]);
});

test.each<[string, Reply]>([
  ['a lost answer', lost],
  ['a gateway’s error', json('<html>', 504)],
  ['an answer that does not say what was made', json({ ok: 1 })],
  ['an answer that is no JSON', json('<html>')],
])('C55: %s leaves the end of an unsafe write unknown, and of the others to be found out', async (_name, reply) => {
  vendors.answers(reply);
  await expect(engineOf({ create: creating('unsafe') }).write(AT, create(), 'bz-1')).rejects.toMatchObject({
    code: 'outcome_unknown',
  });
  for (const safety of ['idempotent', 'keyed', 'probe'] as const) {
    const failure = engineOf({ create: creating(safety) }).write(AT, create(), 'bz-1');
    await expect(failure).rejects.toMatchObject({ code: expect.stringMatching(/^provider_(down|garbage)$/) });
  }
});

test('C55: a write that was surely refused, or never sent, is not unknown', async () => {
  vendors.answers(json({}, 400));
  const engine = engineOf({ create: creating('unsafe') });
  await expect(engine.write(AT, create(), 'bz-1')).rejects.toMatchObject({ code: 'provider_rejected' });
  vendors.answers(json({}, 429, { 'retry-after': '60' }));
  await expect(engine.write(AT, create(), 'bz-1')).rejects.toMatchObject({ code: 'provider_rate_limited' });
});

test('C55: what an earlier attempt made is looked for in each place, and only our own counts', async () => {
  const engine = engineOf({ create: creating('probe') });
  vendors.answers((seen, response, request) =>
    json({ found: seen.url.endsWith('/bin') ? [{ id: 'x7', url: null }] : [] })(seen, response, request),
  );
  await expect(engine.probe(AT, create(), 'bz-1')).resolves.toEqual({ externalId: 'x7', link: null });
  expect(vendors.seen.map(({ url, query }) => [url.split('/').at(-1), query['marker']])).toEqual([
    ['live', 'bz-1'],
    ['bin', 'bz-1'],
  ]);
  vendors.answers(json({ found: null }));
  await expect(engine.probe(AT, create(), 'bz-1')).resolves.toBeNull();
  vendors.answers(json({}, 404));
  await expect(engine.probe(AT, create(), 'bz-1')).resolves.toBeNull();
  const ours = creating('probe', {
    probes: () => [{ call: { path: '/live' }, items: '', is: (item) => (item as { mark?: string }).mark === 'bz-1' }],
  });
  vendors.answers(
    json([
      { id: 'other', url: null, mark: 'bz-10' },
      { id: 'own', url: null, mark: 'bz-1' },
    ]),
  );
  await expect(engineOf({ create: ours }).probe(AT, create(), 'bz-1')).resolves.toMatchObject({ externalId: 'own' });
});

test('a person’s write goes first, and a copied record’s waits its turn behind', async () => {
  vendors.answers(json({ id: 'x1', url: null }));
  const { take, lanes } = budget();
  const things = thingsBy(PAGED, { writes: { create: creating('keyed') } });
  const engine = engineAt(vendors, vendorOf({ things }), { budgets: { take } });
  await engine.write(AT, create(), 'bz-1');
  await engine.write({ ...AT, lane: 'backfill' }, create(), 'bz-2');
  expect(lanes).toEqual(['interactive', 'backfill']);
});

test('no call of a write is under way after its time; a file may take all of it', () => {
  expect(timeFor({})).toBeUndefined();
  expect(timeFor({ untilMs: Date.now() + 60_000 })).toBe(20_000);
  expect(timeFor({ untilMs: Date.now() + 5_000 })).toBeLessThanOrEqual(5_000);
  const file = { ...FILE, open: async () => (async function* () {})() };
  expect(timeFor({ untilMs: Date.now() + 60_000, file })).toBeGreaterThan(20_000);
  const late = (() => {
    try {
      return timeFor({ untilMs: Date.now() - 1 });
    } catch (error) {
      return error;
    }
  })();
  expect(late).toMatchObject({ code: 'provider_down', maybeProcessed: false });
});

test('an update answers for the record it was asked for; one of no id is asked nowhere', async () => {
  const update = writing({
    safety: 'idempotent',
    input: z.strictObject({ name: z.string() }),
    call: ({ input, id }) => ({
      method: 'PATCH',
      path: `/things/${id}`,
      form: { thing: { ...input, tags: ['a', 'b'], none: null } },
    }),
  });
  vendors.answers((_seen, response) => response.writeHead(204).end());
  const engine = engineOf({ update });
  const action = (externalId: string): WriteAction => ({ kind: 'update', externalId, input: { name: 'Ü&=' } });
  await expect(engine.write(AT, action('x1'), 'bz-1')).resolves.toEqual({ externalId: 'x1', link: null });
  expect([...new URLSearchParams(vendors.seen[0]?.body)]).toEqual([
    ['thing[name]', 'Ü&='],
    ['thing[tags][0]', 'a'],
    ['thing[tags][1]', 'b'],
    ['thing[none]', ''],
  ]);
  await expect(engine.write(AT, action('../x'), 'bz-1')).rejects.toMatchObject({ code: 'not_found' });
  expect(vendors.seen).toHaveLength(1);
});

test('gone is gone: a second delete, and one of what is no id, are silent', async () => {
  const engine = engineOf({ delete: deletion((id) => ({ method: 'DELETE', path: `/things/${id}` })) });
  vendors.answers(json({}, 404));
  const gone = (externalId: string) => engine.write(AT, { kind: 'delete', externalId }, 'bz-1');
  await expect(gone('x1')).resolves.toEqual({ externalId: 'x1', link: null });
  await expect(gone('../x')).resolves.toEqual({ externalId: '../x', link: null });
  expect(vendors.seen).toHaveLength(1);
});

const PARTS = Array.from({ length: 80 }, (_, index) => String(index % 10).repeat(64 * 1024));
const FILE: UploadRef = {
  objectKey: 'uploads/a',
  name: 'Bild "1".png',
  contentType: 'image/png',
  bytes: 80 * 64 * 1024,
};

test('a file of any size goes as it is, with its length said before', async () => {
  const upload = creating('unsafe', {
    takesFile: true,
    call: ({ file }) => ({ method: 'PUT', path: `/files/${file?.bytes ?? 0}`, file: 'raw' }),
  });
  vendors.answers(json({ id: 'f1', url: null }));
  const engine = engineOf({ create: upload }, { 'uploads/a': PARTS });
  await expect(engine.write(AT, create('One', FILE), 'bz-1')).resolves.toMatchObject({ externalId: 'f1' });
  expect(vendors.seen[0]?.headers).toMatchObject({ 'content-type': 'image/png', 'content-length': String(FILE.bytes) });
  expect(vendors.seen[0]?.body === PARTS.join('')).toBe(true);
  expect(engine.info('vendor').streams[0]?.upload).toBe(true);
});

test('a file goes as a part of a form, beside its fields', async () => {
  const upload = creating('unsafe', {
    takesFile: true,
    call: ({ input }) => ({ method: 'POST', path: '/files', form: { meta: input }, file: { part: 'file' } }),
  });
  vendors.answers(json({ id: 'f1', url: null }));
  await engineOf({ create: upload }, { 'uploads/a': PARTS }).write(AT, create('Ünique', FILE), 'bz-1');
  const { headers, body } = vendors.seen[0] ?? { headers: {}, body: '' };
  expect(headers['content-length']).toBe(String(Buffer.byteLength(body)));
  // Read by somebody else's reader of forms.
  const form = await new Response(body, { headers: { 'content-type': headers['content-type'] ?? '' } }).formData();
  expect(form.get('meta[name]')).toBe('Ünique');
  const file = form.get('file') as File;
  expect([file.name, file.type, file.size]).toEqual(['Bild "1".png', 'image/png', FILE.bytes]);
});

test('a file that is cut short, or is missing, is no upload', async () => {
  const upload = creating('probe', { takesFile: true, call: () => ({ method: 'PUT', path: '/files', file: 'raw' }) });
  vendors.answers(json({ id: 'f1', url: null }));
  const engine = engineOf({ create: upload }, { 'uploads/a': PARTS.slice(1) });
  await expect(engine.write(AT, create('One', FILE), 'bz-1')).rejects.toMatchObject({ code: 'provider_down' });
  await expect(engine.write(AT, create('One'), 'bz-1')).rejects.toMatchObject({
    code: 'invalid_request',
    fields: [{ path: 'file' }],
  });
});
