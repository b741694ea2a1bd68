import { granted } from '../case.ts';
import type { ContractCase } from '../case.ts';

const refused = (code: string) => ({ data: null, errors: [{ message: 'Sorry.', extensions: { code } }] });
const misfit = (message: string) => ({
  data: { done: { customer: null, userErrors: [{ field: ['email'], message }] } },
});
const VARIANT = 'gid://shopify/ProductVariant/44123456789012';

export const shopify: ContractCase = {
  connector: 'shopify',
  vendor: 'shopify',
  faultsAt: '/admin/api',
  method: 'oauth',
  settings: () => ({ shop: 'kornblume.myshopify.com' }),
  credential: granted('shopify'),
  wrong: { access_token: 'shpat_wrong' },
  points: 70,
  streams: {
    products: { collection: 'products', create: { title: 'Rye loaf', tags: ['bread'] }, update: { title: 'Rye' } },
    orders: {
      collection: 'orders',
      create: { lineItems: [{ variantId: VARIANT, quantity: 2 }], email: 'nora@example.com' },
      update: { note: 'By the back door.' },
    },
    customers: { collection: 'customers', create: { email: 'nora@example.com' }, update: { firstName: 'Nora' } },
    locations: {},
    inventory_levels: { collection: 'inventory_levels', probe: { location: 'gid://shopify/Location/123' } },
  },
  errors: [
    {
      name: 'expired',
      status: 401,
      body: { errors: '[API] Invalid API key or access token' },
      fault: 'credential_rejected',
    },
    { name: 'forbidden', status: 200, body: refused('ACCESS_DENIED'), fault: 'credential_forbidden' },
    { name: 'missing', status: 404, body: { errors: 'Not Found' }, fault: 'not_found' },
    { name: 'missing inside', status: 200, body: misfit("Customer can't be found"), fault: 'not_found' },
    { name: 'invalid', status: 200, body: refused('argumentLiteralsIncompatible'), fault: 'provider_rejected' },
    { name: 'invalid inside', status: 200, body: misfit('Email is invalid'), fault: 'provider_rejected' },
    { name: 'conflict', status: 200, body: misfit('Email has already been taken'), fault: 'conflict' },
    { name: 'frozen', status: 402, body: { errors: 'Unavailable Shop' }, fault: 'provider_rejected' },
    { name: 'locked', status: 423, body: { errors: 'Locked' }, fault: 'provider_rejected' },
    { name: 'internal', status: 200, body: refused('INTERNAL_SERVER_ERROR'), fault: 'provider_down' },
    // Last: what a vendor says of waiting is believed.
    { name: 'throttled', status: 200, body: refused('THROTTLED'), fault: 'provider_rate_limited' },
  ],
  webhook: { collection: 'products', kind: 'delete', streams: ['products'] },
};
