import { z } from 'zod';
import { Row } from '../../../../ports/connectors.ts';
import { stream } from '../../streams.ts';
import { writing } from '../../writes.ts';
import { keyed, list, receipt, seconds } from './lists.ts';
import { amount, currency, hasFitting, money, smallest } from './money.ts';

const UNFIT = { message: 'give the amount with its currency, and no more decimals than it has', path: ['amount'] };
const id = z.string();
const idOrNone = id.nullish().transform((value) => value ?? null);
const metadata = z.record(z.string().max(40), z.string().max(500)).optional();
const noted = (path: string) =>
  writing({
    safety: 'keyed',
    input: z.strictObject({ description: z.string().max(1000).optional(), metadata }),
    call: ({ input: form, id: of, marker }) => keyed(`${path}/${of}`, form, marker),
    receipt,
  });

export const payments = stream({
  title: 'Payments',
  ...list('payment_intents', 'pi'),
  model: 'payments',
  filters: { payerId: { param: 'customer' } },
  raw: z.object({ id, amount: z.int(), currency: id, customer: idOrNone, status: z.string(), created: seconds }),
  map: ({ id: externalId, customer, status, created, ...sum }) => ({
    ...{ externalId, modifiedAt: null, payerId: customer, status, createdAt: created },
    ...money(sum.amount, sum.currency),
  }),
  writes: {
    create: writing({
      safety: 'keyed',
      input: z
        .strictObject({
          amount,
          currency,
          payerId: id.optional(),
          description: z.string().max(1000).optional(),
          metadata,
        })
        .refine(hasFitting, UNFIT),
      call: ({ input: { amount: sum, currency: of, payerId, ...rest }, marker }) =>
        keyed('/v1/payment_intents', { ...rest, amount: smallest(sum, of), currency: of, customer: payerId }, marker),
      receipt,
    }),
    update: noted('/v1/payment_intents'),
  },
});

export const charges = stream({
  title: 'Charges',
  ...list('charges', 'ch'),
  filters: { payerId: { param: 'customer' }, paymentId: { param: 'payment_intent' } },
  raw: z.object({
    ...{ id, amount: z.int(), amount_refunded: z.int(), currency: id, paid: z.boolean(), refunded: z.boolean() },
    ...{ status: z.string(), customer: idOrNone, payment_intent: idOrNone, created: seconds },
  }),
  row: Row.extend({
    ...{
      amount: z.string(),
      refundedAmount: z.string(),
      currency: z.string(),
      paid: z.boolean(),
      refunded: z.boolean(),
    },
    ...{ status: z.string(), payerId: id.nullable(), paymentId: id.nullable(), createdAt: z.string() },
  }),
  map: ({ id: externalId, amount_refunded: back, customer, payment_intent: payment, created, ...rest }) => ({
    ...{ externalId, modifiedAt: null, paid: rest.paid, refunded: rest.refunded, status: rest.status },
    ...{ payerId: customer, paymentId: payment, createdAt: created },
    ...money(rest.amount, rest.currency),
    refundedAmount: money(back, rest.currency).amount,
  }),
  writes: { update: noted('/v1/charges') },
});

export const refunds = stream({
  title: 'Refunds',
  ...list('refunds', '(?:re|pyr)'),
  model: 'refunds',
  filters: { paymentId: { param: 'payment_intent' }, chargeId: { param: 'charge' } },
  raw: z.object({
    ...{ id, amount: z.int(), currency: id, status: z.string().nullish(), reason: z.string().nullish() },
    ...{ payment_intent: idOrNone, created: seconds },
  }),
  map: ({ id: externalId, status, reason, payment_intent: payment, created, ...sum }) => ({
    ...{ externalId, modifiedAt: null, status: status ?? null, reason: reason ?? null, paymentId: payment },
    createdAt: created,
    ...money(sum.amount, sum.currency),
  }),
  writes: {
    create: writing({
      safety: 'keyed',
      input: z
        .strictObject({
          ...{ paymentId: id, amount: amount.optional(), currency: currency.optional() },
          reason: z.enum(['duplicate', 'fraudulent', 'requested_by_customer']).optional(),
        })
        .refine(hasFitting, UNFIT),
      call: ({ input: { paymentId, amount: sum, currency: of, reason }, marker }) =>
        keyed(
          '/v1/refunds',
          // Without an amount all that is left of the payment goes back. The currency is the payment's own.
          { payment_intent: paymentId, reason, ...(sum !== undefined && { amount: smallest(sum, of ?? '') }) },
          marker,
        ),
      receipt,
    }),
    update: writing({
      safety: 'keyed',
      input: z.strictObject({ metadata: z.record(z.string().max(40), z.string().max(500)) }),
      call: ({ input: form, id: of, marker }) => keyed(`/v1/refunds/${of}`, form, marker),
      receipt,
    }),
  },
});
