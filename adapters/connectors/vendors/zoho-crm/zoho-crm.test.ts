import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Emulated } from '../../testing-emulated.ts';
import { emulated, idsOf } from '../../testing-emulated.ts';

let ground: Emulated;
beforeAll(async () => {
  ground = await emulated({
    connectorId: 'zoho-crm',
    settings: { accounts_server: 'https://accounts.zoho.eu', api_domain: 'https://www.zohoapis.eu' },
    credential: ({ control }) => ({ access_token: control.oauth('zoho-crm').grant().accessToken }),
  });
});
afterAll(async () => ground[Symbol.asyncDispose]());
beforeEach(() => ground.emulator.control.reset());

const collection = (name: string) => {
  const found = ground.emulator.control.records('zoho-crm').collections[name];
  if (!found) throw new Error(`no collection ${name}`);
  return found;
};

const CONTACTS = '/zoho-crm/crm/v8/Contacts';
const asked = () => ground.emulator.control.requests({ path: CONTACTS }).map(({ path }) => new URLSearchParams(path));

test('a list that is empty, and one in which nothing changed, have no body: they are read as what they are', async () => {
  await expect(ground.scan('contacts', { since: new Date(Date.now() + 3_600_000).toISOString() })).resolves.toEqual([]);
  collection('contacts').seed(0);
  await expect(ground.scan('contacts')).resolves.toEqual([]);
  const statuses = ground.emulator.control.requests({ path: CONTACTS }).map(({ status }) => status);
  expect(statuses).toEqual([304, 204]);
});

test('beyond 2,000 records, where page numbers end, tokens lead on; no call names a page and a token', async () => {
  collection('contacts').seed(2450);
  const rows = await ground.scan('contacts', { limit: 1000 });
  expect(idsOf(rows)).toEqual(collection('contacts').ids());
  expect(asked()).toHaveLength(13);
  expect(asked().filter((query) => query.has('page'))).toEqual([]);
});

test('ids of nineteen digits stay text, and times of any offset are told in UTC', async () => {
  const [row] = await ground.scan('contacts');
  expect(row).toMatchObject({
    externalId: '5725767000000524157',
    modifiedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
  });
  expect(Math.abs(Date.now() - 11_000 - Date.parse(row?.modifiedAt ?? ''))).toBeLessThan(5000);
  await expect(ground.one('contacts', '5725767000000524157')).resolves.toEqual(row);
  await expect(ground.one('contacts', '5725767000000999999')).rejects.toMatchObject({ code: 'not_found' });
});

test('a search goes on by page numbers to its end', async () => {
  const rows = await ground.scan('contacts', { filter: { search: 'marin' } });
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.every(({ ['lastName']: name }) => name === 'Marin')).toBe(true);
  collection('leads').seed(10);
  await expect(ground.scan('leads', { filter: { search: 'example.com' } })).resolves.toHaveLength(10);
});

test.each([
  ['two filters', { filter: { email: 'a@example.com', search: 'a' } }],
  ['a filter within what changed', { filter: { search: 'a' }, since: '2026-01-01T00:00:00Z' }],
])('%s, which its search does not have, are refused and not half obeyed', async (_what, query) => {
  await expect(ground.scan('contacts', query)).rejects.toMatchObject({ code: 'unsupported' });
  expect(asked()).toEqual([]);
});

test('a record that is refused inside an accepted answer is refused, and its field is named', async () => {
  const create = (email: string) => ground.write('contacts', { kind: 'create', input: { lastName: 'Klee', email } });
  const made = await create('nora@example.com');
  await expect(ground.one('contacts', made.externalId)).resolves.toMatchObject({ email: 'nora@example.com' });
  await expect(create('nora@example.com')).rejects.toMatchObject({
    code: 'conflict',
    providerCode: 'DUPLICATE_DATA',
    fields: [{ path: 'Email', message: expect.any(String) }],
  });
  expect(ground.emulator.control.requests({ path: CONTACTS, method: 'POST' }).at(-1)?.status).toBe(202);
});

test('what has no unique mark is never made twice on a guess: its end is said to be unknown', async () => {
  ground.emulator.control.fault({ match: { path: CONTACTS, method: 'POST' }, kind: 'drop-after' });
  const action = { kind: 'create' as const, input: { lastName: 'Klee' } };
  await expect(ground.write('contacts', action)).rejects.toMatchObject({ code: 'outcome_unknown' });
  expect(collection('contacts').writes()).toHaveLength(1);
});

test('an update of what is gone is told from one that does not fit', async () => {
  const [id = ''] = collection('deals').ids();
  const update = (input: Record<string, unknown>) => ground.write('deals', { kind: 'update', externalId: id, input });
  await expect(update({ native: { Email: 'no address' } })).rejects.toMatchObject({ code: 'provider_rejected' });
  collection('deals').remove(id);
  await expect(update({ stage: 'Closed Won' })).rejects.toMatchObject({ code: 'not_found' });
  await expect(ground.write('deals', { kind: 'delete', externalId: id })).resolves.toMatchObject({ externalId: id });
});
