import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Emulated } from '../../testing-emulated.ts';
import { emulated, idsOf } from '../../testing-emulated.ts';

let ground: Emulated;
beforeAll(async () => {
  ground = await emulated({
    connectorId: 'salesforce',
    settings: { login_host: 'login.salesforce.com', instance_url: 'https://kornblume.my.salesforce.com' },
    credential: ({ control }) => ({ access_token: control.oauth('salesforce').grant().accessToken }),
  });
});
afterAll(async () => ground[Symbol.asyncDispose]());
beforeEach(() => ground.emulator.control.reset());

const collection = (name: string) => {
  const found = ground.emulator.control.records('salesforce').collections[name];
  if (!found) throw new Error(`no collection ${name}`);
  return found;
};

const queries = () =>
  ground.emulator.control
    .requests({ path: '/salesforce/services/data/v67.0/query' })
    .map(({ path }) => new URL(path, 'https://x.test').searchParams.get('q') ?? '');
const cursorAt = (position: string): string =>
  Buffer.from(JSON.stringify({ p: position, s: null, z: 3, t: '', n: 1, e: 0 })).toString('base64url');

test.each([
  ["nobody' OR LastName LIKE '%"],
  ["\\' OR LastName LIKE '%"],
  ["x') OR (LastName LIKE '%"],
  ["'; DELETE FROM Contact"],
])('whatever people ask for stays within its quotes: %s', async (typed) => {
  await expect(ground.scan('contacts', { filter: { email: typed } })).resolves.toEqual([]);
  await expect(ground.scan('contacts', { filter: { search: typed } })).resolves.toEqual([]);
  await expect(ground.scan('contacts', { cursor: cursorAt(`zzz${typed}`) })).resolves.toEqual([]);
  await expect(ground.one('contacts', typed)).rejects.toMatchObject({ code: 'not_found' });
});

test('a search finds what holds its words, and the signs of a pattern stand for themselves', async () => {
  await expect(ground.scan('contacts', { filter: { search: "o'brien" } })).resolves.toHaveLength(3);
  await expect(ground.scan('contacts', { filter: { search: 'contact_' } })).resolves.toEqual([]);
  await expect(ground.scan('contacts', { filter: { search: '%' } })).resolves.toEqual([]);
});

test('a page that the vendor cut is not taken for the last one', async () => {
  ground.emulator.control.oauth('salesforce').turn('wide records', true);
  const rows = await ground.scan('contacts', { limit: 5 });
  expect(idsOf(rows)).toEqual(collection('contacts').ids().sort());
  ground.emulator.control.oauth('salesforce').turn('wide records', false);
});

test('pages go along the ids, whatever changes meanwhile, and depend on no cursor that lapses', async () => {
  const all = collection('leads').ids();
  const rows = await ground.scan('leads', {}, (page) => collection('leads').touch(all[page] ?? ''));
  expect(idsOf(rows)).toEqual([...all].sort());
  expect(queries().every((query) => query.endsWith('ORDER BY Id ASC LIMIT 3'))).toBe(true);
  expect(queries()[1]).toContain(`Id > '${all[2] ?? ''}'`);
});

test('after a lost answer what was made is found by its own values, and by no others', async () => {
  const input = { name: "O'Klee’s order", stage: 'Prospecting', amount: '1250.50', closesAt: '2026-12-31' };
  const action = { kind: 'create' as const, input };
  await expect(ground.probe('deals', action)).resolves.toBeNull();
  ground.emulator.control.fault({ match: { path: '/salesforce/services/data', method: 'POST' }, kind: 'drop-after' });
  await expect(ground.write('deals', action)).rejects.toMatchObject({ code: 'provider_down' });
  const [made] = collection('opportunities').writes();
  await expect(ground.probe('deals', action)).resolves.toEqual({ externalId: made?.id, link: null });
  const other = { ...action, input: { ...input, amount: '1250.51' } };
  await expect(ground.probe('deals', other)).resolves.toBeNull();
});

test('a refused field is named', async () => {
  const [id = ''] = collection('contacts').ids();
  const update = ground.write('contacts', { kind: 'update', externalId: id, input: { native: { Nonsense: 1 } } });
  await expect(update).rejects.toMatchObject({
    code: 'provider_rejected',
    providerCode: 'INVALID_FIELD',
    fields: [{ path: 'Nonsense', message: expect.any(String) }],
  });
});
