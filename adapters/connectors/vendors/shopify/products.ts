import { createHash } from 'node:crypto';
import { z } from 'zod';
import { clean } from '../../plain-text.ts';
import { safeHtml } from '../../safe-html.ts';
import { stream } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';
import { graphql, mutation } from './graphql.ts';
import { filters, Found, gid, paged, receiptOf } from './lists.ts';

const NODE =
  'id title handle status vendor productType updatedAt createdAt totalInventory onlineStoreUrl variants(first:50){nodes{id sku price inventoryQuantity}}';
const ERRORS = 'userErrors{field message}';

const Product = z.strictObject({
  title: z.string().trim().min(1).max(255),
  /** HTML, of which only what sets text is kept. */
  descriptionHtml: z.string().max(200_000).optional(),
  status: z.enum(['ACTIVE', 'ARCHIVED', 'DRAFT']).default('DRAFT'),
  vendor: z.string().max(255).optional(),
  productType: z.string().max(255).optional(),
  tags: z.array(z.string().max(255)).max(250).optional(),
});
const ProductChange = Product.extend({ status: Product.shape.status.unwrap(), handle: z.string().max(255) }).partial();

const written = ({ descriptionHtml: html, ...rest }: z.output<typeof ProductChange>) => ({
  ...rest,
  ...(html !== undefined && { descriptionHtml: safeHtml(html) }),
});

/** A product is found at once by its handle, while a search may be seconds behind: the handle carries the write's name. */
const handleOf = (title: string, marker: string): string => {
  const words = title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 80);
  const mark = createHash('sha256').update(marker).digest('hex').slice(0, 16);
  return `${words}-bz-${mark}`.replace(/^-+/, '');
};

export const products = stream({
  title: 'Products',
  model: 'products',
  text: false,
  path: '/graphql.json',
  query: {},
  filters: {
    ...filters({ vendor: 'vendor', type: 'product_type', sku: 'sku', tag: 'tag' }),
    status: { param: 'status', values: ['active', 'archived', 'draft'] },
  },
  search: 'search',
  items: 'data.products.nodes',
  paging: paged('products', NODE, 60),
  id: gid('Product'),
  one: (id) => graphql(`query($id:ID!){product(id:$id){${NODE}}}`, { id }, 60),
  item: 'data.product',
  raw: z.object({
    id: z.string(),
    title: z.string(),
    status: z.string(),
    vendor: z.string().nullable(),
    updatedAt: z.string(),
    totalInventory: z.number().nullable(),
    onlineStoreUrl: z.string().nullable(),
    variants: z.object({ nodes: z.array(z.object({ sku: z.string().nullable(), price: z.string() })) }),
  }),
  map: ({ variants: { nodes }, ...product }) => ({
    externalId: product.id,
    modifiedAt: new Date(product.updatedAt).toISOString(),
    title: clean(product.title),
    // Of the first variant; prices are in the currency of the shop, which the product does not name.
    amount: nodes[0]?.price ?? null,
    currency: null,
    sku: nodes[0]?.sku || null,
    status: product.status,
    vendor: product.vendor || null,
    stock: product.totalInventory,
    link: product.onlineStoreUrl,
  }),
  writes: {
    create: writing({
      safety: 'probe',
      input: Product,
      call: ({ input, marker }) =>
        mutation('$product:ProductCreateInput!', `productCreate(product:$product){product{id} ${ERRORS}}`, {
          product: { ...written(input), handle: handleOf(input.title, marker) },
        }),
      receiptOf: receiptOf('product'),
      receipt: Found,
      probes: ({ input, marker }) => [
        {
          call: graphql(
            'query($handle:String!){productByIdentifier(identifier:{handle:$handle}){id}}',
            { handle: handleOf(input.title, marker) },
            5,
          ),
          items: 'data.productByIdentifier',
        },
      ],
    }),
    update: writing({
      safety: 'idempotent',
      input: ProductChange,
      call: ({ input, id }) =>
        mutation('$product:ProductUpdateInput!', `productUpdate(product:$product){product{id} ${ERRORS}}`, {
          product: { ...written(input), id },
        }),
      receiptOf: receiptOf('product'),
    }),
    delete: deletion((id) =>
      mutation('$input:ProductDeleteInput!', `productDelete(input:$input){deletedProductId ${ERRORS}}`, {
        input: { id },
      }),
    ),
  },
});
