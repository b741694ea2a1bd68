import { at } from '../../paths.ts';
import type { Webhooks } from '../../webhooks.ts';

/** Newer deliveries drop the `X-` of every header. */
const named = (name: string): string[] => [`x-shopify-${name}`, `shopify-${name}`];

const KINDS: Record<string, string> = { products: 'Product', orders: 'Order', customers: 'Customer' };

export const webhooks: Webhooks = {
  signature: {
    scheme: 'hmac',
    header: named('hmac-sha256'),
    algorithm: 'sha256',
    encoding: 'base64',
    signed: '{body}',
  },
  secret: 'app',
  // Of one event; each subscription and each attempt gives a delivery of its own.
  id: { header: named('event-id') },
  type: { header: named('topic') },
  at: { header: named('triggered-at') },
  // A delete names the record by its number alone.
  recordOf: (json, type) => {
    const kind = KINDS[type.split('/')[0] ?? ''];
    const id = at(json, 'id');
    return kind !== undefined && Number.isSafeInteger(id) ? `gid://shopify/${kind}/${String(id)}` : undefined;
  },
  account: { from: { header: named('shop-domain') }, setting: 'shop' },
  events: {
    'orders/*': ['orders'],
    'products/*': ['products'],
    'customers/create': ['customers'],
    'customers/update': ['customers'],
    'customers/delete': ['customers'],
    'inventory_levels/update': ['inventory_levels'],
    'app/uninstalled': [],
    'app/scopes_update': [],
    'customers/data_request': [],
    'customers/redact': ['customers'],
    'shop/redact': [],
  },
  deletes: ['products/delete', 'customers/delete'],
  ends: ['app/uninstalled'],
  // The law gives 30 days. They are asked of every application in the store, whatever it reads.
  tells: {
    'customers/data_request':
      'A customer of this shop asks what is kept about them: send it to the shop’s owner within 30 days.',
    'customers/redact':
      'This shop must forget a customer: delete what is kept about them within 30 days, in what was synced as well.',
    'shop/redact': 'This shop left 48 hours ago: delete all that is kept of it within 30 days.',
  },
  setUp:
    'In the Dev Dashboard, or in shopify.app.toml: subscribe our URL to the topics that you want, and name it for the three compliance topics (customers/data_request, customers/redact, shop/redact).',
};
