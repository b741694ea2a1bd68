import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { ConnectorPort, ReadQuery } from '../../../../ports/connectors.ts';
import { receive } from '../../../webhooks/receive.ts';
import { openEmulated } from '../../testing-vendors.ts';
import type { Emulated } from '../../testing-vendors.ts';
import { AT, connectionId, tenantId } from '../../testing-engine.ts';
import { shopify } from './index.ts';

const SHOP = 'kornblume.myshopify.com';
const PATH = '/admin/api/2026-07/graphql.json';

let at: Emulated;
let shop: ConnectorPort;
beforeAll(async () => {
  at = await openEmulated();
});
afterAll(async () => {
  await at[Symbol.asyncDispose]();
});
beforeEach(() => {
  at.emulator.control.reset();
  shop = at.connectedBy('shopify', 'token', { shop: SHOP }, { access_token: 'shpat_emulated' });
});

const read = (stream: string, query: Partial<ReadQuery> = {}) =>
  shop.read(tenantId, connectionId, stream, { limit: 250, ...query });
const kept = (name: string) => at.emulator.control.records('shopify').collections[name];
const answers = (body: unknown) =>
  at.emulator.control.fault({ match: { path: `/shopify${PATH}` }, kind: 'body', body });
/** Past the connector, to see what the vendor itself says. */
const asked = async (body: unknown) => {
  const headers = { 'content-type': 'application/json', 'x-shopify-access-token': 'shpat_emulated' };
  const sent = { method: 'POST', headers: { ...headers, 'x-forwarded-host': SHOP }, body: JSON.stringify(body) };
  return (await fetch(`${at.emulator.url}/shopify${PATH}`, sent)).json() as Promise<Answered>;
};
interface Answered {
  errors?: unknown;
  extensions: { cost: { requestedQueryCost: number }; search?: unknown };
}

test.each(Object.entries(shopify.streams))(
  '%s: a page asks for no more points than its budget gives it, nor ever for more than one question may cost',
  async (_name, { paging, one }) => {
    if (paging.kind !== 'pages') throw new Error('not by pages');
    const filter = { location: 'gid://shopify/Location/123', text: 'olive', status: 'active' };
    const ask = { position: null, sinceMs: 0, filter, newest: false, settings: {} };
    for (const call of [
      paging.call({ ...ask, limit: paging.sizeMax }),
      paging.call({ ...ask, limit: 1 }),
      one?.('x', {}),
    ]) {
      at.emulator.control.records('shopify').limiter.set(null);
      const { errors, extensions } = await asked(call?.body);
      expect(errors).toBeUndefined();
      expect(extensions.cost.requestedQueryCost).toBeLessThanOrEqual(call?.cost ?? 0);
      expect(call?.cost).toBeLessThanOrEqual(1000);
    }
  },
);

test('what people type stays within its filter: it is quoted, and no quote of theirs ends it', async () => {
  const names = ["x' OR id:>0", 'olive-box:*', '"', "' AND status:'active"];
  for (const vendor of names) expect((await read('products', { filter: { vendor } })).rows).toEqual([]);
  expect((await read('products', { filter: { vendor: 'Ferro', status: 'active' } })).rows).toHaveLength(6);
  expect((await read('products', { filter: { search: 'Rye & spelt' } })).rows).toHaveLength(1);
  const { paging } = shopify.streams['products'] ?? {};
  if (paging?.kind !== 'pages') throw new Error('not by pages');
  const filter = { text: "it's", vendor: 'a"b', status: 'draft', tag: 'x y' };
  const call = paging.call({
    limit: 1,
    position: 'gid://shopify/Product/7',
    sinceMs: 0,
    filter,
    newest: false,
    settings: {},
  });
  expect(call.body).toMatchObject({
    variables: {
      q: "'it s' AND vendor:'a b' AND status:'draft' AND tag:'x y' AND updated_at:>='1970-01-01T00:00:00.000Z' AND id:>7",
    },
  });
  // The vendor drops a filter that it does not understand, and says so in a corner.
  expect((await asked(call.body)).extensions.search).toBeUndefined();
});

test('each page is a list of its own, from an id on: the 25,000 objects beyond which no list is paged are never met', () => {
  for (const name of ['products', 'orders', 'customers']) {
    const paging = shopify.streams[name]?.paging;
    if (paging?.kind !== 'pages') throw new Error('not by pages');
    const ask = { limit: 250, sinceMs: null, filter: {}, newest: false, settings: {} };
    const first = paging.call({ ...ask, position: null }).body;
    const later = paging.call({ ...ask, position: 'gid://shopify/Product/8123456789012' }).body;
    expect([first, later]).toMatchObject([{ variables: { q: '' } }, { variables: { q: 'id:>8123456789012' } }]);
    expect(JSON.stringify([first, later])).not.toContain('after');
  }
});

test('the newest come first for people, and pages go on downwards', async () => {
  const first = await read('orders', { order: 'newest', limit: 2 });
  const second = await read('orders', { order: 'newest', limit: 2, cursor: first.nextCursor ?? '' });
  const numbers = [...first.rows, ...second.rows].map((row) => row['number']);
  expect(numbers).toEqual(['#1046', '#1045', '#1044', '#1043']);
});

test('levels lie in locations: all are read as one list, one location’s alone by its filter', async () => {
  const all = await read('inventory_levels');
  const rest = await read('inventory_levels', { cursor: all.nextCursor ?? '' });
  expect([...all.rows, ...rest.rows]).toHaveLength(7);
  const there = await read('inventory_levels', { filter: { location: 'gid://shopify/Location/124' } });
  expect(there.rows.map((row) => row['locationId'])).toEqual(Array(3).fill('gid://shopify/Location/124'));
  expect(there.rows[0]).toMatchObject({ sku: 'OB-2', available: 12, onHand: 14 });
  expect((await read('inventory_levels', { filter: { location: 'gid://shopify/Location/9' } })).rows).toEqual([]);
});

test('customers of a shop whose data Shopify has not approved us for are read, with nothing in them', async () => {
  const id = 'gid://shopify/Customer/7';
  const none = { displayName: null, defaultEmailAddress: null, defaultPhoneNumber: null };
  const node = { id, ...none, numberOfOrders: '3', amountSpent: { amount: '1.0', currencyCode: 'EUR' } };
  const nodes = [{ ...node, updatedAt: '2026-05-02T15:00:00Z' }];
  answers({ data: { customers: { nodes, pageInfo: { hasNextPage: false } } } });
  const { rows, unreadable } = await read('customers');
  expect([rows, unreadable]).toMatchObject([[{ externalId: id, name: null, email: null, phone: null, orders: 3 }], []]);
});

const PRODUCT = { title: '¡Pan de centeno! № 1', descriptionHtml: '<p onclick="x">Rye</p>' };
const write = (stream: string, action: Parameters<ConnectorPort['write']>[1], marker = 'mark-1') =>
  shop.write({ ...AT, stream }, action, marker);

test('C55: a product whose answer was lost is found at once by its handle, in another one’s place never', async () => {
  const create = { kind: 'create', input: PRODUCT } as const;
  const look = (marker: string) => shop.probe({ ...AT, stream: 'products' }, create, marker);
  expect(await look('mark-1')).toBeNull();
  at.emulator.control.fault({ match: { path: `/shopify${PATH}` }, kind: 'drop-after' });
  await expect(write('products', create)).rejects.toMatchObject({ code: 'provider_down' });
  const made = kept('products')?.writes()[0]?.id;
  expect(await look('mark-1')).toEqual({ externalId: made, link: null });
  expect(await look('mark-2')).toBeNull();
  const native = await shop.readOne(tenantId, connectionId, 'products', made ?? '', { native: true });
  expect(native).toMatchObject({
    title: PRODUCT.title,
    status: 'DRAFT',
    native: { handle: expect.stringMatching(/^pan-de-centeno-/) },
  });
});

test('C55: an order is found among the latest by the name of its write', async () => {
  const input = { lineItems: [{ variantId: 'gid://shopify/ProductVariant/1', quantity: 1 }] };
  const { externalId } = await write('orders', { kind: 'create', input }, 'a');
  await write('orders', { kind: 'create', input }, 'b');
  const look = (marker: string) => shop.probe({ ...AT, stream: 'orders' }, { kind: 'create', input }, marker);
  expect(await look('a')).toEqual({ externalId, link: null });
  expect(await look('c')).toBeNull();
});

test('C56: refusals inside a good answer are refusals: of a field, of a record that is gone, of one that is there already', async () => {
  const [first = '', second = ''] = kept('customers')?.ids() ?? [];
  const taken = { kind: 'update', externalId: first, input: { email: 'guest1@example.com' } } as const;
  await expect(write('customers', taken)).rejects.toMatchObject({ code: 'conflict', fields: [{ path: 'email' }] });
  answers({
    data: { done: { order: null, userErrors: [{ field: ['order', 'lineItems', '0', 'quantity'], message: 'no' }] } },
  });
  const input = { lineItems: [{ variantId: 'gid://shopify/ProductVariant/1', quantity: 1 }] };
  await expect(write('orders', { kind: 'create', input })).rejects.toMatchObject({
    code: 'provider_rejected',
    fields: [{ path: 'lineItems.0.quantity' }],
  });
  for (const stream of ['customers', 'products', 'orders']) {
    const externalId = kept(stream)?.ids()[0] ?? '';
    await write(stream, { kind: 'delete', externalId });
    await write(stream, { kind: 'delete', externalId });
    const input = stream === 'customers' ? { firstName: 'x' } : { tags: ['x'] };
    await expect(write(stream, { kind: 'update', externalId, input })).rejects.toMatchObject({ code: 'not_found' });
  }
  expect(kept('customers')?.ids()).toContain(second);
});

const { webhooks } = shopify;
const delivered = (ask: { collection?: string; kind?: 'update' | 'delete'; rename?: boolean; topic?: string } = {}) => {
  const { collection = 'products', kind = 'update', rename = false, topic } = ask;
  const id = kept(collection)?.ids()[0] ?? '';
  const given = at.emulator.control
    .records('shopify')
    .delivery?.({ collection, id, kind, secret: 'our-secret', url: '', eventId: 'e1' });
  if (!given || !webhooks) throw new Error('no webhooks');
  const names = Object.entries(given.headers).map(([name, value]) => [rename ? name.replace(/^x-/, '') : name, value]);
  const headers = { ...Object.fromEntries(names), ...(topic && { 'x-shopify-topic': topic }) } as Record<
    string,
    string
  >;
  const delivery = { method: 'POST' as const, url: '', query: {}, headers, body: Buffer.from(given.body) };
  return {
    id,
    received: receive(webhooks, delivery, { secrets: ['another', 'our-secret'], verifyToken: '', nowMs: Date.now() }),
  };
};

test.each([false, true])('an event is read by either family of headers (newer: %s)', (rename) => {
  const { id, received } = delivered({ rename });
  expect(received).toMatchObject({
    kind: 'events',
    events: [{ id: 'e1', type: 'products/update', account: SHOP, record: id }],
  });
});

test('a delete, which names its record by a bare number, is about the record that we know', () => {
  const { id, received } = delivered({ kind: 'delete' });
  expect(received).toMatchObject({ events: [{ type: 'products/delete', record: id }] });
});

test('the three topics of the law are known, reach people, and name what must happen within 30 days', () => {
  for (const topic of ['customers/data_request', 'customers/redact', 'shop/redact']) {
    const { received } = delivered({ topic });
    expect(received).toMatchObject({ events: [{ type: topic }] });
    expect(Object.keys(webhooks?.events ?? {})).toContain(topic);
    expect(webhooks?.tells?.[topic]).toContain('30 days');
  }
  expect(webhooks?.ends).toEqual(['app/uninstalled']);
});
