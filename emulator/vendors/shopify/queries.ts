import { record } from '../../http.ts';
import type { Kept } from '../../records/collection.ts';
import { connection, KEPT_FIELDS } from './connection.ts';
import type { Resolver, Source } from './execute.ts';
import { LOCATIONS, NODES, type Shop } from './shop.ts';
import type { Fields, SearchWarning } from './search.ts';

const of = (name: string) => (kept: Kept) => kept.body[name] as string;
const FIELDS: Record<'products' | 'orders' | 'customers', Fields<Kept>> = {
  products: {
    ...KEPT_FIELDS,
    ...{ title: of('title'), handle: of('handle'), status: of('status'), vendor: of('vendor') },
    ...{ product_type: of('productType'), sku: of('sku'), tag: ({ body }) => String(body['tags']) },
  },
  orders: {
    ...KEPT_FIELDS,
    ...{ name: of('name'), email: of('email'), source_identifier: of('sourceIdentifier') },
    financial_status: ({ body }) => (body['paid'] === true ? 'paid' : 'pending'),
    fulfillment_status: () => 'unfulfilled',
    status: () => 'open',
  },
  customers: {
    ...KEPT_FIELDS,
    ...{ email: of('email'), phone: of('phone'), first_name: of('firstName'), last_name: of('lastName') },
    tag: ({ body }) => String(body['tags']),
  },
};
const words = ({ body }: Kept): string =>
  Object.values(body)
    .filter((value) => typeof value === 'string')
    .join(' ');

/** What may be asked of a shop. */
export function queries(shop: Shop, warn: (warnings: SearchWarning[]) => void): Record<string, Resolver> {
  const listed =
    (name: keyof typeof FIELDS): Resolver =>
    (args) =>
      connection({ args, records: shop[name].all(), fields: FIELDS[name], text: words, node: NODES[name], warn });
  const found = (name: keyof Shop, is: (kept: Kept) => boolean): Source | null => {
    const kept = shop[name].all().find(is);
    return kept ? NODES[name](kept) : null;
  };
  const one =
    (name: keyof Shop): Resolver =>
    ({ id }) =>
      found(name, (kept) => kept.id === id);
  const located = (index: number): Source => ({
    ...LOCATIONS[index],
    inventoryLevels: (args: Record<string, unknown>) =>
      connection({
        args,
        records: shop.inventory_levels.all().filter(({ body }) => body['location'] === index),
        fields: KEPT_FIELDS,
        text: words,
        node: NODES.inventory_levels,
        warn,
      }),
  });

  return {
    products: listed('products'),
    product: one('products'),
    productByIdentifier: ({ identifier }) => {
      const { id, handle } = record(identifier);
      return found('products', (kept) => kept.id === id || (handle !== undefined && kept.body['handle'] === handle));
    },
    orders: listed('orders'),
    order: one('orders'),
    customers: listed('customers'),
    customer: one('customers'),
    customerByIdentifier: ({ identifier }) => {
      const { id, emailAddress } = record(identifier);
      return found(
        'customers',
        (kept) => kept.id === id || (emailAddress !== undefined && kept.body['email'] === emailAddress),
      );
    },
    inventoryLevel: one('inventory_levels'),
    location: ({ id }) => {
      const index = LOCATIONS.findIndex((location) => location.id === id);
      return index < 0 ? null : located(index);
    },
    locations: (args) =>
      connection({
        args,
        records: LOCATIONS.map(({ id }) => ({ id, body: {}, madeAt: 0, changedAt: 0, broken: false })),
        fields: null,
        text: () => '',
        node: ({ id }) => located(LOCATIONS.findIndex((location) => location.id === id)),
        warn,
      }),
  };
}
