import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { ConnectorPort, ReadQuery } from '../../../../ports/connectors.ts';
import { openEmulated } from '../../testing-vendors.ts';
import type { Emulated } from '../../testing-vendors.ts';
import { AT, connectionId, tenantId } from '../../testing-engine.ts';

const KEYS = { consumer_key: 'ck_emulated', consumer_secret: 'cs_emulated' };
const READ_ONLY = { consumer_key: 'ck_readonly', consumer_secret: 'cs_readonly' };

let at: Emulated;
let store: ConnectorPort;
const connect = (method = 'keys', keys = KEYS) =>
  at.connectedBy('woocommerce', method, { site_url: `${at.emulator.url}/woocommerce` }, keys);
beforeAll(async () => {
  at = await openEmulated();
});
afterAll(async () => {
  await at[Symbol.asyncDispose]();
});
beforeEach(() => {
  at.emulator.control.reset();
  store = connect();
});

const read = (stream: string, query: Partial<ReadQuery> = {}, by = store) =>
  by.read(tenantId, connectionId, stream, { limit: 100, ...query });
const kept = (name: string) => at.emulator.control.records('woocommerce').collections[name];
const asked = () => at.emulator.control.requests().map(({ path }) => new URL(path, 'http://x').searchParams);
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const ORDER = { line_items: [{ product_id: 93, quantity: 2 }] };
const create = (marker: string, input = ORDER) =>
  store.write({ ...AT, stream: 'orders' }, { kind: 'create', input }, marker);
const look = (marker: string) => store.probe({ ...AT, stream: 'orders' }, { kind: 'create', input: ORDER }, marker);

test('a time is asked by the clock of Greenwich: the store, two hours ahead, finds what changed this minute and no more', async () => {
  const [first = '', second = ''] = kept('orders')?.ids() ?? [];
  kept('orders')?.touch(second);
  const { rows } = await read('orders', { since: ago(0) });
  expect(rows.map(({ externalId }) => externalId)).toEqual(expect.arrayContaining([second]));
  expect((await read('orders', { since: new Date(Date.now() + 3_600_000).toISOString() })).rows).toEqual([]);
  const [query] = asked();
  expect(query?.get('modified_after')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
  expect(query?.get('dates_are_gmt')).toBe('true');
  expect(rows.map(({ externalId }) => externalId)).toContain(first);
});

test('what a store leaves empty is null, and guests are nobody’s customers', async () => {
  const { rows } = await read('orders');
  expect(rows[0]).toMatchObject({ paid: false, customerId: '26', currency: 'EUR', total: '12.40' });
  expect(rows[1]).toMatchObject({ paid: true, customerId: null, placedAt: expect.stringMatching(/\.000Z$/) });
  const [product] = (await read('products')).rows;
  expect(product).toMatchObject({ amount: '24.90', currency: null, sku: 'OB-1', stock: 12, status: 'publish' });
});

test('customers, who cannot be asked for by date, are read whole whatever the date', async () => {
  const { rows } = await read('customers', { since: ago(0) });
  expect(rows).toHaveLength(5);
  expect(asked()[0]?.has('modified_after')).toBe(false);
});

test('requests are signed so that neither key nor secret’s text travels, and another secret signs nothing', async () => {
  const signed = connect('signed');
  expect((await read('orders', { filter: { search: 'a & b+c=d' } }, signed)).rows).toEqual([]);
  expect((await read('orders', {}, signed)).rows).toHaveLength(5);
  await signed.write({ ...AT, stream: 'orders' }, { kind: 'create', input: ORDER }, 'm');
  const seen = at.emulator.control.requests();
  expect(JSON.stringify(seen)).not.toContain(KEYS.consumer_secret);
  expect(seen.every(({ credential }) => credential === undefined)).toBe(true);
  const wrong = connect('signed', { ...KEYS, consumer_secret: 'cs_wrong' });
  await expect(read('orders', {}, wrong)).rejects.toMatchObject({ code: 'credential_rejected' });
});

test('a key that only reads is told apart from one that is not known, by what it may do', async () => {
  const reader = connect('keys', READ_ONLY);
  expect((await read('coupons', {}, reader)).rows).toHaveLength(5);
  const action = { kind: 'create', input: ORDER } as const;
  await expect(reader.write({ ...AT, stream: 'orders' }, action, 'm')).rejects.toMatchObject({
    code: 'credential_rejected',
    message: expect.stringContaining('permission'),
  });
});

test('C55: an order whose answer was lost is found among the newest by its own mark, and no other is taken for it', async () => {
  await create('mark-1');
  expect(await look('mark-2')).toBeNull();
  at.emulator.control.fault({ match: { method: 'POST', path: 'wc/v3/orders' }, kind: 'drop-after' });
  await expect(create('mark-2')).rejects.toMatchObject({ code: 'provider_down' });
  await create('mark-3');
  const [, lost] = kept('orders')?.writes() ?? [];
  expect(await look('mark-2')).toEqual({ externalId: lost?.id, link: null });
});

test('a SKU that is taken is a conflict, and an order in the bin is gone for us', async () => {
  const product = { name: 'Rye loaf', sku: 'OB-1' };
  await expect(
    store.write({ ...AT, stream: 'products' }, { kind: 'create', input: product }, 'm'),
  ).rejects.toMatchObject({ code: 'conflict', providerCode: 'product_invalid_sku' });
  const { externalId } = await create('m');
  const remove = () => store.write({ ...AT, stream: 'orders' }, { kind: 'delete', externalId }, 'm');
  await remove();
  await remove();
  expect((await read('orders')).rows.map((row) => row.externalId)).not.toContain(externalId);
});

test.each([
  ['has no WooCommerce', '/wordpress/demo', 'not_that_system'],
  ['has plain permalinks', '/woocommerce', 'unsupported'],
])('an address that %s is refused at its field', async (why, path, code) => {
  if (why.includes('plain')) {
    const body = { namespaces: ['wc/v3'], authentication: {} };
    at.emulator.control.fault({ match: { path: '/woocommerce/wp-json' }, kind: 'html', status: 404 });
    at.emulator.control.fault({ match: { path: '/woocommerce/?rest_route' }, kind: 'status', status: 200, body });
  }
  const settings = { site_url: `${at.emulator.url}${path}` };
  await expect(store.verify({ connectorId: 'woocommerce', methodId: 'keys', settings }, KEYS)).rejects.toMatchObject({
    code,
    fields: [{ path: 'site_url' }],
  });
});
