import { z } from 'zod';
import { fromGmt } from '../../gmt.ts';
import { clean } from '../../plain-text.ts';
import { safeHtml } from '../../safe-html.ts';
import { stream } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';
import { dated, filledIn, GMT, ID, marked, newest, receipt } from './lists.ts';

const Money = z.string().regex(/^\d+(\.\d+)?$/, 'write it like 24.90');
const Product = z.strictObject({
  name: z.string().trim().min(1).max(200),
  status: z.enum(['draft', 'pending', 'private', 'publish']).default('draft'),
  regular_price: Money.optional(),
  sale_price: Money.optional(),
  sku: z.string().max(100).optional(),
  /** HTML, of which only what sets text is kept. */
  description: z.string().max(200_000).optional(),
  manage_stock: z.boolean().optional(),
  stock_quantity: z.int().optional(),
  categories: z.array(z.strictObject({ id: z.int().positive() })).optional(),
});
const ProductChange = Product.extend({ status: Product.shape.status.unwrap() }).partial();

const written = ({ description, ...rest }: z.output<typeof ProductChange>) => ({
  ...rest,
  ...(description !== undefined && { description: safeHtml(description) }),
});

export const products = stream({
  title: 'Products',
  model: 'products',
  text: false,
  path: '/products',
  query: { status: 'any', ...GMT },
  filters: {
    search: { param: 'search' },
    status: { param: 'status', values: ['any', 'draft', 'pending', 'private', 'publish'] },
    sku: { param: 'sku' },
    category: { param: 'category' },
  },
  search: 'search',
  items: '',
  paging: dated,
  id: ID,
  raw: z.object({
    id: z.int().positive(),
    name: z.string(),
    status: z.string(),
    sku: z.string().nullable(),
    price: z.string().nullable(),
    stock_quantity: z.number().nullish(),
    permalink: z.string().nullish(),
    date_modified_gmt: z.string().nullable(),
  }),
  map: (product) => ({
    externalId: String(product.id),
    modifiedAt: fromGmt(product.date_modified_gmt),
    title: clean(product.name),
    amount: filledIn(product.price),
    // Prices are in the currency of the store, which only its settings name.
    currency: null,
    sku: filledIn(product.sku),
    status: product.status,
    vendor: null,
    stock: product.stock_quantity ?? null,
    link: product.permalink ?? null,
  }),
  writes: {
    create: writing({
      safety: 'probe',
      input: Product,
      call: ({ input, marker }) => ({
        method: 'POST',
        path: '/products',
        body: { ...written(input), ...marked(marker) },
      }),
      receipt,
      probes: ({ marker }) => [newest('/products', marker, { status: 'any' })],
    }),
    update: writing({
      safety: 'idempotent',
      input: ProductChange,
      call: ({ input, id }) => ({ method: 'PUT', path: `/products/${id}`, body: written(input) }),
      receipt,
    }),
    delete: deletion((id) => ({ method: 'DELETE', path: `/products/${id}`, query: { force: 'true' } })),
  },
});
