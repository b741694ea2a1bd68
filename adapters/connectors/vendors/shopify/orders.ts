import { z } from 'zod';
import { at } from '../../paths.ts';
import { clean } from '../../plain-text.ts';
import { stream } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';
import { graphql, mutation } from './graphql.ts';
import { filters, Found, gid, paged, receiptOf } from './lists.ts';

const NODE =
  'id name createdAt updatedAt processedAt cancelledAt displayFinancialStatus displayFulfillmentStatus currencyCode totalPriceSet{shopMoney{amount currencyCode}} customer{id} lineItems(first:50){nodes{id name sku quantity}}';

const words = { note: z.string().max(5000).optional(), tags: z.array(z.string().max(40)).max(250).optional() };
const Order = z.strictObject({
  lineItems: z
    .array(z.strictObject({ variantId: z.string().regex(gid('ProductVariant')), quantity: z.int().positive() }))
    .min(1),
  email: z.email().optional(),
  financialStatus: z.enum(['PENDING', 'AUTHORIZED', 'PAID']).optional(),
  ...words,
});
const OrderChange = z.strictObject({ email: z.email().optional(), ...words });

/** The latest orders, read without a search, which may be seconds behind; an attempt was made minutes ago. */
const LATEST = 'query{orders(first:100,sortKey:CREATED_AT,reverse:true){nodes{id sourceIdentifier}}}';

export const orders = stream({
  title: 'Orders',
  model: 'orders',
  text: false,
  path: '/graphql.json',
  query: {},
  filters: {
    ...filters({ name: 'name', email: 'email', tag: 'tag', paid: 'financial_status', shipped: 'fulfillment_status' }),
    status: { param: 'status', values: ['open', 'closed', 'cancelled'] },
  },
  search: 'search',
  items: 'data.orders.nodes',
  paging: paged('orders', NODE, 60),
  id: gid('Order'),
  one: (id) => graphql(`query($id:ID!){order(id:$id){${NODE}}}`, { id }, 60),
  item: 'data.order',
  raw: z.object({
    id: z.string(),
    name: z.string(),
    updatedAt: z.string(),
    processedAt: z.string().nullable(),
    cancelledAt: z.string().nullable(),
    displayFinancialStatus: z.string().nullable(),
    displayFulfillmentStatus: z.string(),
    currencyCode: z.string(),
    totalPriceSet: z.object({ shopMoney: z.object({ amount: z.string() }) }),
    customer: z.object({ id: z.string() }).nullable(),
    lineItems: z.object({
      nodes: z.array(z.object({ name: z.string(), sku: z.string().nullable(), quantity: z.number() })),
    }),
  }),
  map: (order) => ({
    externalId: order.id,
    modifiedAt: new Date(order.updatedAt).toISOString(),
    number: order.name,
    status: order.cancelledAt === null ? order.displayFulfillmentStatus : 'CANCELLED',
    paid: order.displayFinancialStatus === null ? null : order.displayFinancialStatus === 'PAID',
    total: order.totalPriceSet.shopMoney.amount,
    currency: order.currencyCode,
    customerId: order.customer?.id ?? null,
    placedAt: order.processedAt === null ? null : new Date(order.processedAt).toISOString(),
    items: order.lineItems.nodes.map(({ name, sku, quantity }) => ({ title: clean(name), sku: sku || null, quantity })),
  }),
  writes: {
    create: writing({
      safety: 'probe',
      input: Order,
      call: ({ input, marker }) =>
        mutation('$order:OrderCreateOrderInput!', 'orderCreate(order:$order){order{id} userErrors{field message}}', {
          order: { ...input, sourceIdentifier: marker },
        }),
      receiptOf: receiptOf('order'),
      receipt: Found,
      probes: ({ marker }) => [
        {
          call: graphql(LATEST, {}, 102),
          items: 'data.orders.nodes',
          is: (order) => at(order, 'sourceIdentifier') === marker,
        },
      ],
    }),
    update: writing({
      safety: 'idempotent',
      input: OrderChange,
      call: ({ input, id }) =>
        mutation('$input:OrderInput!', 'orderUpdate(input:$input){order{id} userErrors{field message}}', {
          input: { ...input, id },
        }),
      receiptOf: receiptOf('order'),
    }),
    delete: deletion((id) =>
      mutation('$id:ID!', 'orderDelete(orderId:$id){deletedId userErrors{field message code}}', { id }),
    ),
  },
});
