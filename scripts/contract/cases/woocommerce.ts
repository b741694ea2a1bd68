import type { ContractCase } from '../case.ts';

const wc = (code: string, status: number) => ({ code, message: 'Sorry.', data: { status } });

export const woocommerce: ContractCase = {
  connector: 'woocommerce',
  vendor: 'woocommerce',
  faultsAt: '/wp-json/wc',
  method: 'keys',
  settings: ({ url }) => ({ site_url: `${url}/woocommerce` }),
  credential: () => ({ consumer_key: 'ck_emulated', consumer_secret: 'cs_emulated' }),
  wrong: { consumer_key: 'ck_emulated', consumer_secret: 'cs_wrong' },
  streams: {
    orders: {
      collection: 'orders',
      probe: { status: 'completed' },
      create: { line_items: [{ product_id: 93, quantity: 2 }], billing: { email: 'nora@example.com' } },
      update: { status: 'completed' },
    },
    products: {
      collection: 'products',
      create: { name: 'Rye loaf', regular_price: '4.90', sku: 'RYE-1' },
      update: { regular_price: '5.10' },
    },
    customers: { collection: 'customers', create: { email: 'nora@example.com' }, update: { first_name: 'Nora' } },
    coupons: {
      collection: 'coupons',
      create: { code: 'winter25', amount: '25.00', discount_type: 'percent' },
      update: { amount: '20.00' },
    },
  },
  errors: [
    // Keys do not lapse: they are known, or not.
    {
      name: 'expired',
      status: 401,
      body: wc('woocommerce_rest_authentication_error', 401),
      fault: 'credential_rejected',
    },
    { name: 'revoked', status: 401, body: wc('woocommerce_rest_cannot_view', 401), fault: 'credential_rejected' },
    { name: 'forbidden', status: 403, body: wc('woocommerce_rest_cannot_view', 403), fault: 'credential_forbidden' },
    { name: 'missing', status: 404, body: wc('rest_no_route', 404), fault: 'not_found' },
    { name: 'invalid', status: 400, body: wc('rest_invalid_param', 400), fault: 'provider_rejected' },
    { name: 'conflict', status: 400, body: wc('product_invalid_sku', 400), fault: 'conflict' },
    // Last: what a vendor says of waiting is believed.
    {
      name: 'throttled',
      status: 429,
      headers: { 'retry-after': '3600' },
      body: 'Too Many Requests',
      fault: 'provider_rate_limited',
      retryAfterMs: 3_600_000,
    },
  ],
  webhook: { collection: 'orders', kind: 'update', streams: ['orders'] },
};

/** The same by signatures, for stores that hide the Authorization header. */
export const woocommerceSigned: ContractCase = { ...woocommerce, method: 'signed' };
