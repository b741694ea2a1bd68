import { z } from 'zod';
import { fromGmt } from '../../gmt.ts';
import { clean } from '../../plain-text.ts';
import { stream } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';
import { dated, filledIn, GMT, ID, marked, newest, receipt } from './lists.ts';

const Address = z.strictObject({
  first_name: z.string().max(200).optional(),
  last_name: z.string().max(200).optional(),
  email: z.email().optional(),
  phone: z.string().max(50).optional(),
  address_1: z.string().max(300).optional(),
  city: z.string().max(200).optional(),
  postcode: z.string().max(30).optional(),
  country: z.string().length(2).optional(),
});
const Order = z.strictObject({
  line_items: z.array(
    z.strictObject({
      product_id: z.int().positive(),
      variation_id: z.int().positive().optional(),
      quantity: z.int().positive(),
    }),
  ),
  customer_id: z.int().min(0).optional(),
  billing: Address.optional(),
  customer_note: z.string().max(5000).optional(),
  /** Stores may have states of their own besides pending, processing, on-hold, completed, cancelled, refunded and failed. */
  status: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,40}$/)
    .optional(),
});
const OrderChange = Order.omit({ line_items: true }).partial();

export const orders = stream({
  title: 'Orders',
  model: 'orders',
  text: false,
  path: '/orders',
  query: { status: 'any', ...GMT },
  filters: { search: { param: 'search' }, status: { param: 'status' }, customer: { param: 'customer' } },
  search: 'search',
  items: '',
  paging: dated,
  id: ID,
  raw: z.object({
    id: z.int().positive(),
    number: z.string(),
    status: z.string(),
    currency: z.string(),
    total: z.string(),
    customer_id: z.int(),
    date_created_gmt: z.string().nullable(),
    date_modified_gmt: z.string().nullable(),
    date_paid_gmt: z.string().nullish(),
    line_items: z.array(z.object({ name: z.string(), sku: z.string().nullish(), quantity: z.number() })),
  }),
  map: (order) => ({
    externalId: String(order.id),
    modifiedAt: fromGmt(order.date_modified_gmt),
    number: order.number,
    status: order.status,
    paid: order.date_paid_gmt === undefined ? null : order.date_paid_gmt !== null,
    total: filledIn(order.total),
    currency: filledIn(order.currency),
    customerId: order.customer_id === 0 ? null : String(order.customer_id),
    placedAt: fromGmt(order.date_created_gmt),
    items: order.line_items.map(({ name, sku, quantity }) => ({ title: clean(name), sku: filledIn(sku), quantity })),
  }),
  writes: {
    create: writing({
      safety: 'probe',
      input: Order,
      call: ({ input, marker }) => ({ method: 'POST', path: '/orders', body: { ...input, ...marked(marker) } }),
      receipt,
      probes: ({ marker }) => [newest('/orders', marker, { status: 'any' })],
    }),
    update: writing({
      safety: 'idempotent',
      input: OrderChange,
      call: ({ input, id }) => ({ method: 'PUT', path: `/orders/${id}`, body: input }),
      receipt,
    }),
    // To the bin, where the merchant finds it again.
    delete: deletion((id) => ({ method: 'DELETE', path: `/orders/${id}` })),
  },
});
