import { z } from 'zod';
import { fromGmt } from '../../gmt.ts';
import { clean } from '../../plain-text.ts';
import { stream } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';
import { filledIn, ID, marked, newest, receipt, undated } from './lists.ts';

const Customer = z.strictObject({
  email: z.email(),
  first_name: z.string().max(200).optional(),
  last_name: z.string().max(200).optional(),
  billing: z.strictObject({ phone: z.string().max(50).optional(), city: z.string().max(200).optional() }).optional(),
});

export const customers = stream({
  title: 'Customers',
  model: 'customers',
  text: false,
  path: '/customers',
  query: { role: 'all' },
  filters: { search: { param: 'search' }, email: { param: 'email' } },
  search: 'search',
  items: '',
  paging: undated,
  id: ID,
  raw: z.object({
    id: z.int().positive(),
    email: z.string(),
    first_name: z.string(),
    last_name: z.string(),
    billing: z.object({ phone: z.string().nullish() }).nullish(),
    date_modified_gmt: z.string().nullable(),
  }),
  map: ({ id, email, first_name: first, last_name: last, billing, date_modified_gmt: modified }) => ({
    externalId: String(id),
    modifiedAt: fromGmt(modified),
    name: filledIn(clean(`${first} ${last}`)),
    email: filledIn(email),
    phone: filledIn(billing?.phone),
    // The store counts neither here.
    orders: null,
    spent: null,
    currency: null,
  }),
  writes: {
    create: writing({
      safety: 'probe',
      input: Customer,
      call: ({ input, marker }) => ({ method: 'POST', path: '/customers', body: { ...input, ...marked(marker) } }),
      receipt,
      probes: ({ input, marker }) => [newest('/customers', marker, { email: input.email, role: 'all' })],
    }),
    update: writing({
      safety: 'idempotent',
      input: Customer.partial(),
      call: ({ input, id }) => ({ method: 'PUT', path: `/customers/${id}`, body: input }),
      receipt,
    }),
    delete: deletion((id) => ({ method: 'DELETE', path: `/customers/${id}`, query: { force: 'true' } })),
  },
});
