import { z } from 'zod';
import { Row } from '../../ports/connectors.ts';
import { inOwnWords } from '../../ports/questions.ts';
import { DataQuery, ItemId, ItemQuery, Name, streamNamed } from '../data-query.ts';
import type { ApiDeps } from '../deps.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';

/** An item that does not fit the vendor's documented shape; the rest of the page is there all the same. */
export const Unreadable = z
  .strictObject({ externalId: z.string().nullable(), reason: z.string() })
  .meta({ id: 'UnreadableItem' });

const DataPage = z
  .strictObject({
    data: z.array(Row),
    unreadable: z.array(Unreadable),
    nextCursor: z.string().nullable(),
    total: z.number().int().nullable(),
  })
  .meta({ id: 'DataPage' });

/** Live data of the tenant's own system: read now, kept nowhere. */
const under = (deps: ApiDeps, base: '/connections' | '/connectors'): Route[] => [
  route({
    method: 'get',
    path: `${base}/:id/data/:resource`,
    summary: 'A list in the tenant’s own system, live',
    description:
      'Filters are those that the connector’s stream declares, as `filter[name]=value`; `search` is its full-text search. Nothing of the answer is kept here.',
    may: 'viewDashboard',
    within: 'tenant',
    params: z.strictObject({ id: Name, resource: Name }),
    query: DataQuery,
    reply: { status: 200, schema: DataPage },
    async handle({ params, query, tenantId }) {
      const at = await streamNamed(deps, tenantId, params.id, params.resource);
      const question = inOwnWords(at, query);
      const page = await deps.ports.connectors.read(tenantId, at.connection.id, at.stream.name, question);
      return { data: page.rows, unreadable: page.unreadable, nextCursor: page.nextCursor, total: page.total };
    },
  }),
  route({
    method: 'get',
    path: `${base}/:id/data/:resource/:itemId`,
    summary: 'One item in the tenant’s own system, live',
    may: 'viewDashboard',
    within: 'tenant',
    params: z.strictObject({ id: Name, resource: Name, itemId: ItemId }),
    query: ItemQuery,
    reply: { status: 200, schema: Row },
    async handle({ params, query, tenantId }) {
      const { connection, stream } = await streamNamed(deps, tenantId, params.id, params.resource);
      return deps.ports.connectors.readOne(tenantId, connection.id, stream.name, params.itemId, query);
    },
  }),
];

export const dataRoutes = (deps: ApiDeps): Route[] => [...under(deps, '/connections'), ...under(deps, '/connectors')];
