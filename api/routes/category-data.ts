import { z } from 'zod';
import { CATEGORY_RESOURCES } from '../../ports/categories.ts';
import type { CategoryPort, CategoryPorts, Resource } from '../../ports/categories.ts';
import { Row } from '../../ports/connectors.ts';
import { Fault } from '../../ports/errors.ts';
import { ConnectionId } from '../../ports/ids.ts';
import { DataQuery, ItemId, ItemQuery } from '../data-query.ts';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { Unreadable } from './data.ts';

const CategoryPage = z
  .strictObject({
    data: z.array(Row),
    unreadable: z.array(Unreadable),
    nextCursor: z.string().nullable(),
    total: z.number().int().nullable(),
    /** Which of the tenant's systems answered: name it to go on with `nextCursor`. */
    connectionId: ConnectionId,
    connectorId: z.string(),
  })
  .meta({ id: 'CategoryPage' });

const Category = z.enum(Object.keys(CATEGORY_RESOURCES) as (keyof typeof CATEGORY_RESOURCES)[]);
const InCategory = z.strictObject({ category: Category, resource: z.string().max(60) });

const which = {
  connectionId: ConnectionId.optional().meta({ description: 'Asks this system; absent: the oldest that has such' }),
};

const description =
  'The same rows whichever system they come from. `unsupported` says what the tenant’s system lacks, and what it has.';

/** A category's port and one of its resources; what no category has is a 404 that says what there is. */
const asked = ({ ports }: ApiDeps, { category, resource }: z.output<typeof InCategory>) => {
  const resources: readonly Resource[] = CATEGORY_RESOURCES[category];
  const known = resources.find((one) => one === resource);
  if (known === undefined || category === 'llm') {
    throw new Fault('not_found', `${category} has no ${resource}; it has ${resources.join(', ') || 'no records'}.`);
  }
  const port: CategoryPorts[typeof category] = ports.categories[category];
  return { port: port as CategoryPort<Resource>, resource: known };
};

const only = (row: Row, fields: string[] | undefined): Row => {
  if (fields === undefined) return row;
  const wanted = new Set(['externalId', 'modifiedAt', 'native', ...fields]);
  return Object.fromEntries(Object.entries(row).filter(([name]) => wanted.has(name))) as Row;
};

/** One question to whatever system of a category the tenant has: read now, kept nowhere. */
export const categoryDataRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/data/:category/:resource',
    summary: 'A list in the tenant’s system of a category, live',
    description,
    may: 'viewDashboard',
    within: 'tenant',
    params: InCategory,
    query: DataQuery.extend(which),
    reply: { status: 200, schema: CategoryPage },
    async handle({ params, query: { connectionId, fields, ...query }, tenantId }) {
      const { port, resource } = asked(deps, params);
      const { items, ...page } = await port.list({ tenantId, connectionId }, resource, query);
      return { data: items.map((item) => only(item, fields)), ...page };
    },
  }),
  route({
    method: 'get',
    path: '/data/:category/:resource/:itemId',
    summary: 'One item in the tenant’s system of a category, live',
    description,
    may: 'viewDashboard',
    within: 'tenant',
    params: InCategory.extend({ itemId: ItemId }),
    query: ItemQuery.extend(which),
    reply: { status: 200, schema: Row },
    async handle({ params: { itemId, ...params }, query: { connectionId, fields, native }, tenantId }) {
      const { port, resource } = asked(deps, params);
      return only(await port.read({ tenantId, connectionId }, resource, itemId, { native }), fields);
    },
  }),
];
