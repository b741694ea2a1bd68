import { z } from 'zod';
import { Row } from '../../../../ports/connectors.ts';
import { fromGmt } from '../../gmt.ts';
import { clean } from '../../plain-text.ts';
import { stream } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';
import { dated, GMT, ID, marked, newest, receipt } from './lists.ts';

const Coupon = z.strictObject({
  code: z.string().trim().min(1).max(100).toLowerCase(),
  amount: z.string().regex(/^\d+(\.\d+)?$/, 'write it like 10.00'),
  discount_type: z.enum(['percent', 'fixed_cart', 'fixed_product']),
});

export const coupons = stream({
  title: 'Coupons',
  text: false,
  path: '/coupons',
  query: GMT,
  filters: { search: { param: 'search' }, code: { param: 'code' } },
  search: 'search',
  items: '',
  paging: dated,
  id: ID,
  raw: z.object({
    id: z.int().positive(),
    code: z.string(),
    amount: z.string(),
    discount_type: z.string(),
    usage_count: z.int(),
    date_modified_gmt: z.string().nullable(),
  }),
  row: Row.extend({ code: z.string(), amount: z.string(), discountType: z.string(), used: z.int() }),
  map: ({ id, code, amount, discount_type: discountType, usage_count: used, date_modified_gmt: modified }) => ({
    externalId: String(id),
    modifiedAt: fromGmt(modified),
    ...{ code: clean(code), amount, discountType, used },
  }),
  writes: {
    create: writing({
      safety: 'probe',
      input: Coupon,
      call: ({ input, marker }) => ({ method: 'POST', path: '/coupons', body: { ...input, ...marked(marker) } }),
      receipt,
      probes: ({ input, marker }) => [newest('/coupons', marker, { code: input.code })],
    }),
    update: writing({
      safety: 'idempotent',
      input: Coupon.partial(),
      call: ({ input, id }) => ({ method: 'PUT', path: `/coupons/${id}`, body: input }),
      receipt,
    }),
    delete: deletion((id) => ({ method: 'DELETE', path: `/coupons/${id}`, query: { force: 'true' } })),
  },
});
