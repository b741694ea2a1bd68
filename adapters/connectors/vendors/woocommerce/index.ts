import { z } from 'zod';
import type { Field } from '../../auth-methods.ts';
import { defineConnector } from '../../manifest.ts';
import { coupons } from './coupons.ts';
import { customers } from './customers.ts';
import { discoverStore } from './store.ts';
import { orders } from './orders.ts';
import { products } from './products.ts';

const WHERE = 'WooCommerce → Settings → Advanced → REST API → Add key, with read and write permission';

const FIELDS: Field[] = [
  {
    name: 'site_url',
    title: 'Store address',
    secret: false,
    kind: 'url',
    help: 'The address of the store, like https://shop.example.com',
    tidy: (url) => url.replace(/\/(wp-admin|wp-login\.php|wp-json)(\/.*)?$/, ''),
  },
  {
    name: 'consumer_key',
    title: 'Consumer key',
    secret: true,
    kind: 'text',
    help: `${WHERE}; it begins with ck_`,
    implies: (key) => (key.startsWith('ck_') ? {} : { problem: 'a consumer key begins with ck_' }),
  },
  {
    name: 'consumer_secret',
    title: 'Consumer secret',
    secret: true,
    kind: 'text',
    help: 'Shown once beside the key; it begins with cs_',
    implies: (secret) => (secret.startsWith('cs_') ? {} : { problem: 'a consumer secret begins with cs_' }),
  },
];
const PAIR = { key: '{consumer_key}', secret: '{consumer_secret}' };

export const woocommerce = defineConnector({
  id: 'woocommerce',
  title: 'WooCommerce',
  category: 'ecommerce',
  docs: 'https://woocommerce.github.io/woocommerce-rest-api-docs/',
  notes: [
    'The store needs HTTPS and pretty permalinks. A server that hides the Authorization header is connected by signed requests instead: the secret then never travels at all.',
    'The keys must be those of a shop manager or administrator, and die with that user’s role; reading needs read permission, every change write permission.',
    'Customers cannot be asked for by date: they are read in full. Guests are found in orders only.',
    'Coupons are found by date of change in newer versions only; an older store gives all of them.',
    'A store whose wp-cron is off sends webhooks late or never, and switches one off after five failures in a row.',
  ],
  auth: [
    {
      id: 'keys',
      title: 'With a consumer key and its secret',
      kind: 'basic',
      fields: FIELDS,
      use: { in: 'basic', user: PAIR.key, password: PAIR.secret },
    },
    {
      id: 'signed',
      title: 'With the same two, by signed requests',
      kind: 'oauth1_keys',
      fields: FIELDS,
      // The vendor also takes both in the query; there they would stand in every log on the way.
      use: { in: 'oauth1', algorithm: 'HMAC-SHA256', consumer: PAIR, at: 'query' },
    },
  ],
  base: '{site_url}/wp-json/wc/v3',
  discover: discoverStore,
  // Any key that reads may ask this, and it is quick; the store's status is for managers, and slow.
  verify: {
    path: '/orders',
    query: { per_page: '1' },
    account: z.array(z.unknown()).transform(() => ({ accountId: '', accountName: '', settings: {} })),
    named: { accountId: '{site_url}', accountName: '{site_url}' },
  },
  errors: {
    code: 'code',
    fields: 'data.params',
    rules: [
      {
        status: 401,
        is: ['woocommerce_rest_cannot_view'],
        fault: 'credential_rejected',
        message:
          'the store saw no key, or its user may not do this: connect by signed requests, or give a manager’s key',
      },
      {
        status: 401,
        fault: 'credential_rejected',
        message: 'this key is not (or no longer) valid, or lacks the permission to read or to write; make a new one',
      },
      {
        status: 400,
        is: [
          'product_invalid_sku',
          'registration-error-email-exists',
          'registration-error-username-exists',
          'woocommerce_rest_coupon_code_already_exists',
        ],
        fault: 'conflict',
        message: 'something of this SKU, code or e-mail address is there already',
      },
    ],
  },
  webhooks: {
    signature: {
      scheme: 'hmac',
      header: 'x-wc-webhook-signature',
      algorithm: 'sha256',
      encoding: 'base64',
      signed: '{body}',
    },
    secret: 'endpoint',
    handshake: 'ping',
    id: { header: 'x-wc-webhook-delivery-id' },
    type: { header: 'x-wc-webhook-topic' },
    record: { at: 'id' },
    events: {
      'order.*': ['orders'],
      'product.*': ['products'],
      'customer.*': ['customers'],
      'coupon.*': ['coupons'],
    },
    deletes: ['order.deleted', 'product.deleted', 'customer.deleted', 'coupon.deleted'],
    setUp:
      'WooCommerce → Settings → Advanced → Webhooks → Add webhook: status Active, one for each topic that you want, our URL as delivery URL and our secret as secret.',
  },
  streams: { orders, products, customers, coupons },
});
