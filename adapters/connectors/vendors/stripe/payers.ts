import { z } from 'zod';
import { listAt } from '../../list-at.ts';
import { at } from '../../paths.ts';
import { clean } from '../../plain-text.ts';
import { stream } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';
import { keyed, list, receipt } from './lists.ts';

const text = z.string().max(500);
const input = z.strictObject({
  name: text.optional(),
  email: z.email().optional(),
  phone: text.optional(),
  description: text.optional(),
});
const shownText = z
  .string()
  .nullish()
  .transform((value) => (value ? clean(value) : null));

export const payers = stream({
  title: 'Customers',
  ...list('customers', 'cus'),
  model: 'payers',
  filters: { email: { param: 'email' } },
  // One that was deleted is still answered, as such.
  itemsOf: (json, { id }) => {
    if (id === undefined) return listAt(json, 'data');
    return at(json, 'deleted') === true ? [] : [json];
  },
  raw: z.object({
    id: z.string(),
    created: z.int(),
    name: shownText,
    email: shownText,
    phone: shownText,
  }),
  map: ({ id, name, email, phone }) => ({ externalId: id, modifiedAt: null, name, email, phone }),
  writes: {
    create: writing({
      safety: 'keyed',
      input,
      call: ({ input: form, marker }) => keyed('/v1/customers', form, marker),
      receipt,
    }),
    update: writing({
      safety: 'keyed',
      input,
      call: ({ input: form, id, marker }) => keyed(`/v1/customers/${id}`, form, marker),
      receipt,
    }),
    delete: deletion((id) => ({ method: 'DELETE', path: `/v1/customers/${id}` })),
  },
});
