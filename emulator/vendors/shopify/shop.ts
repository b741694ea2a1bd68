import { createCollection, type Collection, type Kept } from '../../records/collection.ts';
import { iso } from './connection.ts';
import type { Source } from './execute.ts';

const THINGS = ['Olive box', 'Sourdough loaf', 'Cake stand', 'Rye & spelt mix', 'Bread knife', 'Apron', 'Starter kit'];
const PEOPLE = ['Lucia Marin', 'Tom Reed', 'Mei Lin', 'Otto Brandt', 'Ines Vogel', 'Ana Prado', 'Jonas Albrecht'];
const thing = (place: number): string => THINGS[place] ?? `Bread no. ${place}`;
const person = (place: number): [first: string, last: string] => {
  const [first = '', last = ''] = (PEOPLE[place] ?? `Guest Number${place}`).split(' ');
  return [first, last];
};
const money = (amount: number) => ({ amount: amount.toFixed(2), currencyCode: 'EUR' });

export const LOCATIONS = [
  { id: 'gid://shopify/Location/123', name: 'Depotgasse 4' },
  { id: 'gid://shopify/Location/124', name: 'Market hall' },
];

/** What one shop keeps. Ids ascend with time, as the vendor's do. */
export interface Shop {
  products: Collection;
  orders: Collection;
  customers: Collection;
  inventory_levels: Collection;
}

export function createShop(now: () => number): Shop {
  const collection = (
    count: number,
    spell: (place: number) => string,
    make: (place: number) => Record<string, unknown>,
    edit: (body: Record<string, unknown>) => Record<string, unknown>,
  ) => createCollection({ now, count, spell, make, edit });
  return {
    products: collection(
      6,
      (place) => `gid://shopify/Product/${8_123_456_789_012 + place}`,
      (place) => ({
        ...{ title: thing(place), handle: `bread-${place}`, status: 'ACTIVE', vendor: 'Ferro', productType: 'Food' },
        ...{ descriptionHtml: '<p>Good.</p>', tags: [], sku: `OB-${place + 1}`, price: 24.9 + place, stock: 12 },
      }),
      (body) => ({ ...body, title: `${body['title'] as string}, new` }),
    ),
    orders: collection(
      5,
      (place) => `gid://shopify/Order/${5_123_456_789_012 + place}`,
      (place) => ({
        ...{ name: `#${1042 + place}`, note: null, tags: [], sourceIdentifier: null, email: null, paid: true },
        customer: `gid://shopify/Customer/${7_123_456_789_012 + place}`,
        lines: [{ name: thing(place), sku: `OB-${place + 1}`, quantity: 2, price: 24.9 }],
      }),
      (body) => ({ ...body, paid: body['paid'] !== true }),
    ),
    customers: collection(
      5,
      (place) => `gid://shopify/Customer/${7_123_456_789_012 + place}`,
      (place) => {
        const [firstName, lastName] = person(place);
        return { firstName, lastName, email: `guest${place}@example.com`, phone: '+34955111222', tags: [], note: null };
      },
      (body) => ({ ...body, lastName: `${body['lastName'] as string}-Ruiz` }),
    ),
    inventory_levels: collection(
      7,
      (place) => `gid://shopify/InventoryLevel/${9912 + (place % 2)}?inventory_item_id=${4455 + place}`,
      (place) => ({ location: place % 2, sku: `OB-${place + 1}`, item: 4455 + place, available: 12, onHand: 14 }),
      (body) => ({ ...body, available: Number(body['available']) - 1 }),
    ),
  };
}

const times = ({ madeAt, changedAt }: Kept) => ({ createdAt: iso(madeAt), updatedAt: iso(changedAt) });
const listOf = (nodes: Source[]) => () => ({ nodes, pageInfo: { hasNextPage: false, endCursor: null } });

/** How each looks outside. A broken one lacks the field that makes it useless; null would be an answer. */
export const NODES: Record<keyof Shop, (kept: Kept) => Source> = {
  products: (kept) => {
    const { title, sku, price, stock, ...rest } = kept.body;
    const id = kept.id.replace('Product', 'ProductVariant');
    const variant = { id, sku, price: Number(price).toFixed(2), inventoryQuantity: stock };
    return {
      ...{ id: kept.id, title: kept.broken ? undefined : title, ...rest, ...times(kept) },
      ...{ totalInventory: stock, onlineStoreUrl: null, variants: listOf([variant]) },
    };
  },
  orders: (kept) => {
    const { name, customer, paid, lines, ...rest } = kept.body;
    const sold = lines as { name: string; sku: string | null; quantity: number; price: number }[];
    const total = sold.reduce((sum, { quantity, price }) => sum + quantity * price, 0);
    const items = sold.map(({ price: _price, ...line }, index) => ({ id: `gid://shopify/LineItem/${index}`, ...line }));
    return {
      ...{ id: kept.id, name: kept.broken ? undefined : name, ...rest, ...times(kept) },
      ...{ processedAt: iso(kept.madeAt), cancelledAt: null, currencyCode: 'EUR' },
      displayFinancialStatus: paid === true ? 'PAID' : 'PENDING',
      displayFulfillmentStatus: 'UNFULFILLED',
      totalPriceSet: { shopMoney: money(total) },
      customer: customer === null ? null : { id: customer },
      lineItems: listOf(items),
    };
  },
  customers: (kept) => {
    const { email, phone, ...rest } = kept.body;
    return {
      ...{ id: kept.id, ...rest, ...times(kept) },
      displayName: kept.broken ? undefined : [rest['firstName'], rest['lastName']].filter(Boolean).join(' '),
      defaultEmailAddress: email ? { emailAddress: email } : null,
      defaultPhoneNumber: phone ? { phoneNumber: phone } : null,
      ...{ numberOfOrders: '3', amountSpent: money(149.4) },
    };
  },
  inventory_levels: (kept) => {
    const { location, sku, item, available, onHand } = kept.body;
    const counted: Record<string, unknown> = { available, on_hand: onHand };
    return {
      ...{ id: kept.id, updatedAt: iso(kept.changedAt), location: LOCATIONS[Number(location)] },
      item: kept.broken ? undefined : { id: `gid://shopify/InventoryItem/${String(item)}`, sku },
      quantities: ({ names }: Record<string, unknown>) =>
        (names as string[]).map((name) => ({ name, quantity: counted[name] ?? 0 })),
    };
  },
};
