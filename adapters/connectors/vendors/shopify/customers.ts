import { z } from 'zod';
import { clean } from '../../plain-text.ts';
import { stream } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';
import { graphql, mutation } from './graphql.ts';
import { filters, Found, gid, paged, receiptOf } from './lists.ts';

const NODE =
  'id firstName lastName displayName defaultEmailAddress{emailAddress} defaultPhoneNumber{phoneNumber} numberOfOrders amountSpent{amount currencyCode} createdAt updatedAt';
const ERRORS = 'userErrors{field message}';

const Customer = z.strictObject({
  email: z.email(),
  firstName: z.string().max(255).optional(),
  lastName: z.string().max(255).optional(),
  /** With the country's prefix, like +34955111222. */
  phone: z
    .string()
    .regex(/^\+\d{5,15}$/)
    .optional(),
  note: z.string().max(5000).optional(),
  tags: z.array(z.string().max(255)).max(250).optional(),
});

export const customers = stream({
  title: 'Customers',
  model: 'customers',
  text: false,
  path: '/graphql.json',
  query: {},
  filters: filters({ email: 'email', phone: 'phone', tag: 'tag' }),
  search: 'search',
  items: 'data.customers.nodes',
  paging: paged('customers', NODE, 10),
  id: gid('Customer'),
  one: (id) => graphql(`query($id:ID!){customer(id:$id){${NODE}}}`, { id }, 10),
  item: 'data.customer',
  raw: z.object({
    id: z.string(),
    displayName: z.string().nullable(),
    defaultEmailAddress: z.object({ emailAddress: z.string().nullable() }).nullable(),
    defaultPhoneNumber: z.object({ phoneNumber: z.string().nullable() }).nullable(),
    /** Text: it may be longer than a number is exact. */
    numberOfOrders: z.string(),
    amountSpent: z.object({ amount: z.string(), currencyCode: z.string() }),
    updatedAt: z.string(),
  }),
  // Until Shopify has approved the application for customer data, names and ways to reach them are null, without an error.
  map: (customer) => ({
    externalId: customer.id,
    modifiedAt: new Date(customer.updatedAt).toISOString(),
    name: clean(customer.displayName ?? '') || null,
    email: customer.defaultEmailAddress?.emailAddress ?? null,
    phone: customer.defaultPhoneNumber?.phoneNumber ?? null,
    orders: Number(customer.numberOfOrders),
    spent: customer.amountSpent.amount,
    currency: customer.amountSpent.currencyCode,
  }),
  writes: {
    create: writing({
      safety: 'probe',
      input: Customer,
      call: ({ input }) =>
        mutation('$input:CustomerInput!', `customerCreate(input:$input){customer{id} ${ERRORS}}`, { input }),
      receiptOf: receiptOf('customer'),
      receipt: Found,
      // An e-mail address is there once: whoever finds it needs not make it, and a second one is refused.
      probes: ({ input }) => [
        {
          call: graphql(
            'query($email:String!){customerByIdentifier(identifier:{emailAddress:$email}){id}}',
            { email: input.email },
            5,
          ),
          items: 'data.customerByIdentifier',
        },
      ],
    }),
    update: writing({
      safety: 'idempotent',
      input: Customer.partial(),
      call: ({ input, id }) =>
        mutation('$input:CustomerInput!', `customerUpdate(input:$input){customer{id} ${ERRORS}}`, {
          input: { ...input, id },
        }),
      receiptOf: receiptOf('customer'),
    }),
    delete: deletion((id) =>
      mutation('$input:CustomerDeleteInput!', `customerDelete(input:$input){deletedCustomerId ${ERRORS}}`, {
        input: { id },
      }),
    ),
  },
});
