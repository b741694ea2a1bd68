import { record } from '../../http.ts';
import { invalidParam, missingParam, wcError } from './errors.ts';
import { byChange, byDate, byId, metaData, taken, times, type Body, type Kind } from './kind.ts';

const ORDER_STATUSES = ['pending', 'processing', 'on-hold', 'completed', 'cancelled', 'refunded', 'failed'];
const PRODUCT_STATUSES = ['draft', 'pending', 'private', 'publish'];
const NAMES = ['Olive box', 'Sourdough loaf', 'Cake stand', 'Rye & spelt mix', 'Bread knife', 'Apron', 'Starter kit'];
const PEOPLE = ['Lucia Marin', 'Tom Reed', 'Mei Lin', 'Otto Brandt', 'Ines Vogel', 'Ana Prado', 'Jonas Albrecht'];

const nameAt = (place: number): string => NAMES[place] ?? `Bread no. ${place}`;
const personAt = (place: number): string[] => (PEOPLE[place] ?? `Guest Number${place}`).split(' ');
const has = (text: unknown, words: string | null): boolean =>
  String(text)
    .toLowerCase()
    .includes((words ?? '').toLowerCase());
const money = (value: unknown): string => Number(value).toFixed(2);

const orders: Kind = {
  name: 'orders',
  unknown: 'woocommerce_rest_shop_order_invalid_id',
  statuses: ORDER_STATUSES,
  ...{ modified: true, bin: true, firstOrder: 'date', firstId: 727 },
  orders: { date: byDate, modified: byChange, id: byId },
  fits: ({ body }, query) =>
    (query.get('customer') ?? String(body['customer_id'])) === String(body['customer_id']) &&
    has(JSON.stringify(body['billing']), query.get('search')),
  make(place) {
    const [first_name, last_name] = personAt(place);
    return {
      status: place % 3 === 0 ? 'pending' : 'processing',
      currency: 'EUR',
      customer_id: place % 2 === 0 ? 26 + place : 0,
      billing: { first_name, last_name, email: `guest${place}@example.com`, phone: '+34955111222', country: 'ES' },
      line_items: [line(place)],
      meta_data: [],
      customer_note: '',
    };
  },
  edit: (body) => ({ ...body, status: 'completed', customer_note: `${String(body['customer_note'])} Thank you.` }),
  merged(given, before) {
    const status = given['status'];
    if (status !== undefined && !ORDER_STATUSES.includes(status as string)) {
      return invalidParam('status', `status is not one of ${ORDER_STATUSES.join(', ')}.`);
    }
    const first = {
      status: 'pending',
      currency: 'EUR',
      customer_id: 0,
      billing: {},
      line_items: [],
      customer_note: '',
    };
    const fields = ['status', 'currency', 'customer_id', 'customer_note'];
    const lines = Array.isArray(given['line_items']) ? (given['line_items'] as Body[]) : null;
    return {
      ...taken(fields, given, before ?? first),
      billing: { ...record(before?.['billing']), ...record(given['billing']) },
      line_items: lines?.map((given_, index) => ({ ...line(index), ...given_ })) ?? before?.['line_items'] ?? [],
      meta_data: metaData(given['meta_data'], before?.['meta_data']),
    };
  },
  shown: ({ id, body, madeAt, changedAt, broken }) => {
    const lines = body['line_items'] as { total: string }[];
    const total = money(lines.reduce((sum, { total: one }) => sum + Number(one), 0));
    const paid = body['status'] === 'processing' || body['status'] === 'completed' ? madeAt + 1000 : null;
    return {
      ...{ id: Number(id), number: id, order_key: `wc_order_${id}`, parent_id: 0 },
      ...body,
      ...(broken ? {} : { total }),
      total_tax: money(Number(total) * 0.19),
      ...times('date_created', madeAt),
      ...times('date_modified', changedAt),
      ...times('date_paid', paid),
    };
  },
};

const line = (place: number) => ({
  id: 315 + place,
  name: nameAt(place % NAMES.length),
  product_id: 93 + (place % NAMES.length),
  variation_id: 0,
  sku: `OB-${(place % NAMES.length) + 1}`,
  quantity: 1 + (place % 3),
  total: money(12.4 + place),
});

const products: Kind = {
  name: 'products',
  unknown: 'woocommerce_rest_product_invalid_id',
  statuses: PRODUCT_STATUSES,
  ...{ modified: true, bin: true, firstOrder: 'date', firstId: 93 },
  orders: { date: byDate, modified: byChange, id: byId, title: ({ body }) => String(body['name']) },
  fits: ({ body }, query) =>
    (query.get('sku') ?? body['sku']) === body['sku'] &&
    (query.get('slug') ?? body['slug']) === body['slug'] &&
    has(body['name'], query.get('search')),
  make: (place) => ({
    ...{ name: nameAt(place), slug: `bread-${place}`, type: 'simple', status: 'publish', sku: `OB-${place + 1}` },
    ...{ regular_price: money(24.9 + place), sale_price: '', manage_stock: true, stock_quantity: 12 },
    ...{ description: '', categories: [{ id: 9, name: 'Food', slug: 'food' }], meta_data: [] },
  }),
  edit: (body) => ({ ...body, name: `${String(body['name'])}, new` }),
  merged(given, before, all, self) {
    const { sku, status } = given;
    if (status !== undefined && !PRODUCT_STATUSES.includes(status as string)) {
      return invalidParam('status', `status is not one of ${PRODUCT_STATUSES.join(', ')}.`);
    }
    const twin = typeof sku === 'string' && sku !== '' && all.all().find((kept) => kept.body['sku'] === sku);
    if (twin && twin !== self) {
      return wcError(400, 'product_invalid_sku', 'Invalid or duplicated SKU.', { resource_id: Number(twin.id) });
    }
    const first = { name: 'Product', type: 'simple', status: 'publish', sku: '', regular_price: '', sale_price: '' };
    const rest = { description: '', manage_stock: false, stock_quantity: null, categories: [], slug: '' };
    const fields = [...Object.keys(first), ...Object.keys(rest)];
    const meta_data = metaData(given['meta_data'], before?.['meta_data']);
    return { ...taken(fields, given, before ?? { ...first, ...rest }), meta_data };
  },
  shown: ({ id, body, madeAt, changedAt, broken }, base) => {
    const { name, ...rest } = body;
    return {
      id: Number(id),
      ...(broken ? {} : { name }),
      permalink: `${base}/product/${(body['slug'] as string) || id}/`,
      ...rest,
      price: body['sale_price'] || body['regular_price'],
      stock_status: body['stock_quantity'] === 0 ? 'outofstock' : 'instock',
      ...times('date_created', madeAt),
      ...times('date_modified', changedAt),
    };
  },
};

const customers: Kind = {
  name: 'customers',
  unknown: 'woocommerce_rest_invalid_id',
  ...{ modified: false, bin: false, firstOrder: 'name', firstId: 26 },
  orders: { id: byId, name: ({ body }) => String(body['first_name']), registered_date: byDate },
  fits: ({ body }, query) =>
    (query.get('email') ?? body['email']) === body['email'] &&
    has(`${String(body['first_name'])} ${String(body['last_name'])} ${String(body['email'])}`, query.get('search')),
  make(place) {
    const [first_name, last_name] = personAt(place);
    return {
      ...{ email: `guest${place}@example.com`, first_name, last_name, role: 'customer', username: `guest${place}` },
      billing: { city: 'Sevilla', country: 'ES', phone: '+34955111222' },
      meta_data: [],
    };
  },
  edit: (body) => ({ ...body, last_name: `${String(body['last_name'])}-Ruiz` }),
  merged(given, before, all, self) {
    const email = given['email'] ?? before?.['email'];
    if (typeof email !== 'string' || email === '') return missingParam('email');
    const twin = all.all().find((kept) => kept.body['email'] === email);
    if (twin && twin !== self) {
      const told = 'An account is already registered with your email address.';
      return wcError(400, 'registration-error-email-exists', told);
    }
    const first = { email, first_name: '', last_name: '', role: 'customer', username: email.split('@')[0] };
    const billing = { ...record(before?.['billing']), ...record(given['billing']) };
    const meta_data = metaData(given['meta_data'], before?.['meta_data']);
    return { ...taken(['email', 'first_name', 'last_name'], given, before ?? first), billing, meta_data };
  },
  shown: ({ id, body, madeAt, changedAt, broken }) => {
    const { email, ...rest } = body;
    const shown = { id: Number(id), ...(broken ? {} : { email }), ...rest, is_paying_customer: true };
    return { ...shown, ...times('date_created', madeAt), ...times('date_modified', changedAt) };
  },
};

const coupons: Kind = {
  name: 'coupons',
  unknown: 'woocommerce_rest_shop_coupon_invalid_id',
  ...{ modified: true, bin: true, firstOrder: 'date', firstId: 720 },
  orders: { date: byDate, modified: byChange, id: byId },
  fits: ({ body }, query) =>
    (query.get('code') ?? body['code']) === body['code'] && has(body['code'], query.get('search')),
  make: (place) => ({ code: `spring${10 + place}`, amount: '10.00', discount_type: 'percent', meta_data: [] }),
  edit: (body) => ({ ...body, amount: money(Number(body['amount']) + 1) }),
  merged(given, before, all, self) {
    const code = given['code'] ?? before?.['code'];
    if (typeof code !== 'string' || code === '') return missingParam('code');
    const twin = all.all().find((kept) => kept.body['code'] === code.toLowerCase());
    if (twin && twin !== self) {
      return wcError(400, 'woocommerce_rest_coupon_code_already_exists', 'The coupon code already exists');
    }
    const first = { amount: '0.00', discount_type: 'fixed_cart' };
    const meta_data = metaData(given['meta_data'], before?.['meta_data']);
    return { ...taken(['amount', 'discount_type'], given, before ?? first), code: code.toLowerCase(), meta_data };
  },
  shown: ({ id, body, madeAt, changedAt, broken }) => {
    const { code, ...rest } = body;
    const shown = { id: Number(id), ...(broken ? {} : { code }), ...rest, usage_count: 3 };
    return { ...shown, ...times('date_created', madeAt), ...times('date_modified', changedAt) };
  },
};

export const KINDS = [orders, products, customers, coupons];
