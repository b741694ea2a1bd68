import { z } from 'zod';
import { stream } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';
import { keyed, list, receipt, seconds } from './lists.ts';
import { money } from './money.ts';

const id = z.string();
const idOrNone = id.nullish().transform((value) => value ?? null);
const description = z.string().max(500).optional();

export const invoices = stream({
  title: 'Invoices',
  ...list('invoices', 'in'),
  model: 'invoices',
  filters: {
    payerId: { param: 'customer' },
    status: { param: 'status', values: ['draft', 'open', 'paid', 'uncollectible', 'void'] },
    subscriptionId: { param: 'subscription' },
  },
  raw: z.object({
    ...{ id, number: z.string().nullish(), status: z.string().nullish(), customer: idOrNone, created: z.int() },
    ...{ total: z.int(), currency: z.string(), due_date: seconds.nullish(), hosted_invoice_url: z.string().nullish() },
  }),
  map: ({ id: externalId, number, status, customer, due_date: due, hosted_invoice_url: link, ...sum }) => ({
    ...{ externalId, modifiedAt: null, number: number ?? null, status: status ?? null, payerId: customer },
    ...{ dueAt: due ?? null, link: link ?? null },
    ...money(sum.total, sum.currency),
  }),
  writes: {
    create: writing({
      safety: 'keyed',
      input: z.strictObject({ payerId: id, description, daysUntilDue: z.int().min(1).max(365).optional() }),
      call: ({ input: { payerId, description: text, daysUntilDue }, marker }) =>
        keyed(
          '/v1/invoices',
          {
            ...{ customer: payerId, description: text },
            ...(daysUntilDue !== undefined && { collection_method: 'send_invoice', days_until_due: daysUntilDue }),
          },
          marker,
        ),
      receipt,
    }),
    update: writing({
      safety: 'keyed',
      input: z.strictObject({ description }),
      call: ({ input, id: of, marker }) => keyed(`/v1/invoices/${of}`, input, marker),
      receipt,
    }),
    // Drafts only; Stripe refuses the others.
    delete: deletion((of) => ({ method: 'DELETE', path: `/v1/invoices/${of}` })),
  },
});

export const subscriptions = stream({
  title: 'Subscriptions',
  // Without `status` those that were cancelled are left out, and a complete scan would take them for deleted.
  ...list('subscriptions', 'sub', { status: 'all' }),
  model: 'subscriptions',
  filters: {
    payerId: { param: 'customer' },
    status: {
      param: 'status',
      values: ['active', 'past_due', 'unpaid', 'canceled', 'incomplete', 'trialing', 'paused'],
    },
  },
  raw: z.object({
    ...{ id, status: z.string(), customer: idOrNone, created: z.int(), cancel_at_period_end: z.boolean() },
    // The period's end sits on the items since 2025-03-31.
    items: z.object({ data: z.array(z.object({ current_period_end: seconds.nullish() })) }),
  }),
  map: ({ id: externalId, status, customer, cancel_at_period_end: cancelsAtEnd, items }) => ({
    ...{ externalId, modifiedAt: null, status, payerId: customer, cancelsAtEnd },
    renewsAt: items.data[0]?.current_period_end ?? null,
  }),
  writes: {
    create: writing({
      safety: 'keyed',
      input: z.strictObject({ payerId: id, priceId: id, quantity: z.int().min(1).optional() }),
      call: ({ input: { payerId, priceId, quantity }, marker }) =>
        keyed('/v1/subscriptions', { customer: payerId, items: [{ price: priceId, quantity }] }, marker),
      receipt,
    }),
    update: writing({
      safety: 'keyed',
      input: z.strictObject({ cancelsAtEnd: z.boolean().optional(), description }),
      call: ({ input: { cancelsAtEnd, description: text }, id: of, marker }) =>
        keyed(`/v1/subscriptions/${of}`, { cancel_at_period_end: cancelsAtEnd, description: text }, marker),
      receipt,
    }),
    // Cancels it now; it stays in the list as cancelled.
    delete: deletion((of) => ({ method: 'DELETE', path: `/v1/subscriptions/${of}` })),
  },
});
