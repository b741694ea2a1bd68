import { z } from 'zod';
import { Row } from '../../../../ports/connectors.ts';
import { clean } from '../../plain-text.ts';
import { stream } from '../../streams.ts';
import { graphql } from './graphql.ts';
import { gid } from './lists.ts';

export const locations = stream({
  title: 'Locations',
  text: false,
  path: '/graphql.json',
  query: {},
  filters: {},
  items: 'data.locations.nodes',
  paging: {
    kind: 'pages',
    sizeMax: 50,
    call: ({ limit, position }) =>
      graphql(
        'query($first:Int!,$after:String){locations(first:$first,after:$after){nodes{id name} pageInfo{hasNextPage endCursor}}}',
        { first: limit, after: position },
        limit + 5,
      ),
    next: { kind: 'cursor', at: 'data.locations.pageInfo.endCursor', while: 'data.locations.pageInfo.hasNextPage' },
  },
  id: gid('Location'),
  one: (id) => graphql('query($id:ID!){location(id:$id){id name}}', { id }, 5),
  item: 'data.location',
  raw: z.object({ id: z.string(), name: z.string() }),
  row: Row.extend({ name: z.string() }),
  map: ({ id, name }) => ({ externalId: id, modifiedAt: null, name: clean(name) }),
});

const NODE = 'id updatedAt location{id} item{id sku} quantities(names:["available","on_hand"]){name quantity}';
const LEVELS = 'data.location.inventoryLevels';

/** How much of each item lies where: a list for each location. */
export const inventoryLevels = stream({
  title: 'Inventory levels',
  text: false,
  path: '/graphql.json',
  query: {},
  filters: { location: { param: 'location' } },
  per: { stream: 'locations', filter: 'location' },
  items: `${LEVELS}.nodes`,
  // A location that is gone has none.
  absent: true,
  paging: {
    kind: 'pages',
    sizeMax: 250,
    call: ({ limit, position, sinceMs, filter }) =>
      graphql(
        `query($id:ID!,$first:Int!,$after:String,$q:String){location(id:$id){inventoryLevels(first:$first,after:$after,query:$q){nodes{${NODE}} pageInfo{hasNextPage endCursor}}}}`,
        {
          id: filter['location'],
          first: limit,
          after: position,
          q: sinceMs === null ? null : `updated_at:>='${new Date(sinceMs).toISOString()}'`,
        },
        limit + 10,
      ),
    next: { kind: 'cursor', at: `${LEVELS}.pageInfo.endCursor`, while: `${LEVELS}.pageInfo.hasNextPage` },
    since: { finds: 'changed', lookBackMs: 60_000 },
  },
  id: /^gid:\/\/shopify\/InventoryLevel\/\d{1,20}\?inventory_item_id=\d{1,20}$/,
  one: (id) => graphql(`query($id:ID!){inventoryLevel(id:$id){${NODE}}}`, { id }, 10),
  item: 'data.inventoryLevel',
  raw: z.object({
    id: z.string(),
    updatedAt: z.string(),
    location: z.object({ id: z.string() }),
    item: z.object({ id: z.string(), sku: z.string().nullable() }),
    quantities: z.array(z.object({ name: z.string(), quantity: z.number() })),
  }),
  row: Row.extend({
    locationId: z.string(),
    itemId: z.string(),
    sku: z.string().nullable(),
    available: z.number().nullable(),
    onHand: z.number().nullable(),
  }),
  map: ({ id, updatedAt, location, item, quantities }) => {
    const counted = new Map(quantities.map(({ name, quantity }) => [name, quantity]));
    return {
      externalId: id,
      modifiedAt: new Date(updatedAt).toISOString(),
      locationId: location.id,
      itemId: item.id,
      sku: item.sku || null,
      available: counted.get('available') ?? null,
      onHand: counted.get('on_hand') ?? null,
    };
  },
});
