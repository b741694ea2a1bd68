import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createEmulator } from './server.ts';

let clock = Date.parse('2026-11-21T12:00:00.500Z');
const emulator = createEmulator({ now: () => clock });
beforeAll(() => emulator.listen());
beforeEach(() => emulator.control.reset());
afterAll(() => emulator.close());

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString('base64')}`;
const ask = async (path: string, method = 'GET', body?: object, authorization = basic('ck_emulated:cs_emulated')) => {
  const headers = { 'content-type': 'application/json', ...(authorization && { authorization }) };
  const answer = await fetch(`${emulator.url}/woocommerce/wp-json/wc/v3${path}`, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
};
const codeOf = async (...asked: Parameters<typeof ask>) => {
  const { status, body } = await ask(...asked);
  return [status, body['code']];
};
const idsOf = async (query: string) => {
  const { body } = await ask(`/orders?${query}`);
  return (body as unknown as { id: number }[]).map(({ id }) => id);
};

test('nobody, a wrong pair, and a key that may only read are told apart', async () => {
  expect(await codeOf('/orders', 'GET', undefined, '')).toEqual([401, 'woocommerce_rest_cannot_view']);
  const wrong = basic('ck_emulated:cs_wrong');
  expect(await codeOf('/orders', 'GET', undefined, wrong)).toEqual([401, 'woocommerce_rest_authentication_error']);
  const reader = basic('ck_readonly:cs_readonly');
  expect((await ask('/orders', 'GET', undefined, reader)).status).toBe(200);
  expect(await codeOf('/orders', 'POST', {}, reader)).toEqual([401, 'woocommerce_rest_authentication_error']);
  expect((await ask('/orders?consumer_key=ck_emulated&consumer_secret=cs_emulated', 'GET', undefined, '')).status).toBe(
    200,
  );
});

test('lists are counted in headers, end with an empty page, and take no page of more than a hundred', async () => {
  const { headers } = await ask('/orders?per_page=2');
  expect([headers.get('x-wp-total'), headers.get('x-wp-totalpages')]).toEqual(['5', '3']);
  expect(headers.get('link')).toContain('rel="next"');
  expect(await idsOf('per_page=2&page=9')).toEqual([]);
  expect(await codeOf('/orders?per_page=101')).toEqual([400, 'rest_invalid_param']);
  expect(await codeOf('/orders?orderby=colour')).toEqual([400, 'rest_invalid_param']);
});

test('a date is the store’s own, two hours ahead, unless it is said to be GMT; customers do not know it at all', async () => {
  clock += 10_000;
  emulator.control.records('woocommerce').collections['orders']?.touch('729');
  expect(await idsOf('modified_after=2026-11-21T12:00:05&dates_are_gmt=true')).toEqual([729]);
  expect(await idsOf('modified_after=2026-11-21T14:00:05')).toEqual([729]);
  expect(await idsOf('modified_after=2026-11-21T12:00:11&dates_are_gmt=true')).toEqual([]);
  expect((await ask('/customers?modified_after=2999-01-01T00:00:00')).body).toHaveLength(5);
});

test('an order goes to the bin, where it is read by its id alone, and for good by force; customers know no bin', async () => {
  expect((await ask('/orders/727', 'DELETE')).body).toMatchObject({ status: 'trash' });
  expect(await idsOf('per_page=100')).not.toContain(727);
  expect((await ask('/orders/727')).body).toMatchObject({ status: 'trash' });
  expect(await codeOf('/orders/727', 'DELETE')).toEqual([410, 'woocommerce_rest_already_trashed']);
  await ask('/orders/727?force=true', 'DELETE');
  expect(await codeOf('/orders/727')).toEqual([404, 'woocommerce_rest_shop_order_invalid_id']);
  expect(await codeOf('/customers/26', 'DELETE')).toEqual([501, 'woocommerce_rest_trash_not_supported']);
});

test('money is text, meta data are kept by their keys, and what must be there once is', async () => {
  const order = { line_items: [{ product_id: 93, quantity: 1, total: '5.00' }], meta_data: [{ key: 'k', value: 'v' }] };
  const { status, body } = await ask('/orders', 'POST', order);
  expect([status, body]).toMatchObject([201, { total: '5.00', meta_data: [{ key: 'k', value: 'v' }] }]);
  expect(await codeOf('/products', 'POST', { name: 'x', sku: 'OB-1' })).toEqual([400, 'product_invalid_sku']);
  expect(await codeOf('/customers', 'POST', {})).toEqual([400, 'rest_missing_callback_param']);
});
