import { list, record } from '../../http.ts';
import type { Collection, Kept } from '../../records/collection.ts';
import type { Resolver, Source } from './execute.ts';
import { NODES, type Shop } from './shop.ts';

interface UserError {
  field: string[] | null;
  message: string;
  code?: string;
}

/** Refusals of what was asked come inside the answer, which is a good one otherwise. */
const refused = (name: string, ...userErrors: UserError[]): Source => ({
  [name]: null,
  userErrors: userErrors.map((error) => ({ code: 'INVALID', ...error })),
});
const done = (name: string, value: unknown): Source => ({ [name]: value, userErrors: [] });
const blank = (field: string[]): UserError => ({ field, message: `${field.at(-1) ?? ''} can't be blank` });
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** `given` over `before`, of these fields and no others. */
const over = (names: string[], given: Source, before: Source): Source => ({
  ...before,
  ...Object.fromEntries(names.filter((name) => name in given).map((name) => [name, given[name]])),
});

const unknownOf = (word: string): UserError => ({ field: ['id'], message: word, code: 'NOT_FOUND' });
const NO_PRODUCT = unknownOf('Product does not exist');
const NO_ORDER = unknownOf('Order does not exist');
const NO_CUSTOMER = unknownOf("Customer can't be found");

const PRODUCT = ['title', 'handle', 'status', 'vendor', 'productType', 'descriptionHtml', 'tags'];
const CUSTOMER = ['firstName', 'lastName', 'email', 'phone', 'note', 'tags'];

export function mutations(shop: Shop): Record<string, Resolver> {
  const removing =
    (collection: Collection, answer: string, none: UserError) =>
    (id: unknown): Source =>
      collection.remove(text(id)) ? done(answer, id) : refused(answer, none);
  const removeProduct = removing(shop.products, 'deletedProductId', NO_PRODUCT);
  const removeOrder = removing(shop.orders, 'deletedId', NO_ORDER);
  const removeCustomer = removing(shop.customers, 'deletedCustomerId', NO_CUSTOMER);
  const emailTaken = (email: unknown, self?: Kept): boolean =>
    Boolean(email) && shop.customers.all().some((kept) => kept !== self && kept.body['email'] === email);
  const TAKEN = { field: ['email'], message: 'Email has already been taken', code: 'TAKEN' };

  return {
    productCreate({ product }) {
      const given = record(product);
      const title = text(given['title']);
      if (title === '') return refused('product', blank(['title']));
      const twin = shop.products.all().find((kept) => kept.body['handle'] === given['handle']);
      if (twin)
        return refused('product', { field: ['handle'], message: `Handle '${text(given['handle'])}' already in use.` });
      const handle = title.toLowerCase().replace(/[^a-z0-9]+/g, '-');
      const first = { title, handle, status: 'ACTIVE', vendor: 'kornblume', productType: '', descriptionHtml: '' };
      const rest = { tags: [], sku: '', price: 0, stock: 0 };
      return done('product', NODES.products(shop.products.create(over(PRODUCT, given, { ...first, ...rest }))));
    },
    productUpdate({ product }) {
      const given = record(product);
      const kept = shop.products.get(text(given['id']));
      if (!kept) return refused('product', NO_PRODUCT);
      if ('title' in given && text(given['title']) === '') return refused('product', blank(['title']));
      return done('product', NODES.products(shop.products.update(kept, over(PRODUCT, given, kept.body))));
    },
    productDelete: ({ input }) => removeProduct(record(input)['id']),

    orderCreate({ order }) {
      const given = record(order);
      const lines = list(given['lineItems']).map(record);
      if (lines.length === 0) return refused('order', { field: ['order', 'lineItems'], message: 'must have one' });
      const first = { note: null, tags: [], sourceIdentifier: null, email: null, customer: null, paid: false };
      const body = {
        ...over(['note', 'tags', 'sourceIdentifier', 'email'], given, first),
        name: `#${1042 + shop.orders.all().length}`,
        paid: given['financialStatus'] === 'PAID',
        customer: record(record(record(given['customer'])['toAssociate']))['id'] ?? null,
        lines: lines.map((line) => ({
          name: text(line['title']) || 'Variant',
          sku: text(line['sku']) || null,
          quantity: Number(line['quantity'] ?? 1),
          price: Number(record(record(line['priceSet'])['shopMoney'])['amount'] ?? 10),
        })),
      };
      return done('order', NODES.orders(shop.orders.create(body)));
    },
    orderUpdate({ input }) {
      const given = record(input);
      const kept = shop.orders.get(text(given['id']));
      if (!kept) return refused('order', NO_ORDER);
      return done('order', NODES.orders(shop.orders.update(kept, over(['note', 'tags', 'email'], given, kept.body))));
    },
    orderDelete: ({ orderId }) => removeOrder(orderId),

    customerCreate({ input }) {
      const given = record(input);
      const named = [given['firstName'], given['lastName'], given['email'], given['phone']].some(Boolean);
      if (!named)
        return refused('customer', { field: null, message: 'A name, phone number, or email must be present' });
      if (emailTaken(given['email'])) return refused('customer', TAKEN);
      const first = { firstName: null, lastName: null, email: null, phone: null, note: null, tags: [] };
      return done('customer', NODES.customers(shop.customers.create(over(CUSTOMER, given, first))));
    },
    customerUpdate({ input }) {
      const given = record(input);
      const kept = shop.customers.get(text(given['id']));
      if (!kept) return refused('customer', NO_CUSTOMER);
      if (emailTaken(given['email'], kept)) return refused('customer', TAKEN);
      return done('customer', NODES.customers(shop.customers.update(kept, over(CUSTOMER, given, kept.body))));
    },
    customerDelete: ({ input }) => removeCustomer(record(input)['id']),
  };
}
