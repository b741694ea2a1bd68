import { z } from 'zod';
import { Row } from '../../ports/connectors.ts';
import { Fault } from '../../ports/errors.ts';
import { Text } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import { PageQuery } from '../../ports/tenants.ts';
import type { ApiDeps } from '../deps.ts';
import { connectionNamed } from '../resolve.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';

const Name = z.string().max(60);

const DataQuery = PageQuery.extend({
  since: z.iso.datetime().optional(),
  filter: z.record(Name, Text.max(200)).optional(),
});

const DataPage = z
  .strictObject({ data: z.array(Row), nextCursor: z.string().nullable(), total: z.number().int().nullable() })
  .meta({ id: 'DataPage' });

/** The connection and its stream, when the connector has one of this name. */
const streamNamed = async (deps: ApiDeps, tenantId: TenantId, id: string, resource: string) => {
  const connection = await connectionNamed(deps, tenantId, id);
  const { streams } = deps.ports.connectors.info(connection.connectorId);
  const stream = streams.find(({ name }) => name === resource);
  if (stream === undefined) {
    const names = streams.map(({ name }) => name).join(', ');
    throw new Fault('not_found', `${connection.connectorId} has no ${resource}; it has ${names}.`);
  }
  return { connection, stream };
};

const refuseFilters = (allowed: string[], filter: Record<string, string> = {}): void => {
  const fields = Object.keys(filter)
    .filter((name) => !allowed.includes(name))
    .map((name) => ({
      path: `filter.${name}`,
      message: `is no filter here; there are: ${allowed.join(', ') || 'none'}`,
    }));
  if (fields.length > 0) throw new Fault('invalid_request', 'A filter is not offered by this resource.', { fields });
};

/** Live data of the tenant's own system: read now, kept nowhere. */
const under = (deps: ApiDeps, base: '/connections' | '/connectors'): Route[] => [
  route({
    method: 'get',
    path: `${base}/:id/data/:resource`,
    summary: 'A list in the tenant’s own system, live',
    description:
      'Filters are those that the connector’s stream declares, as `filter[name]=value`. Nothing of the answer is kept here.',
    may: 'viewDashboard',
    within: 'tenant',
    params: z.strictObject({ id: Name, resource: Name }),
    query: DataQuery,
    reply: { status: 200, schema: DataPage },
    async handle({ params, query, tenantId }) {
      const { connection, stream } = await streamNamed(deps, tenantId, params.id, params.resource);
      refuseFilters(stream.filters, query.filter);
      const page = await deps.ports.connectors.read(tenantId, connection.id, stream.name, query);
      return { data: page.rows, nextCursor: page.nextCursor, total: page.total };
    },
  }),
  route({
    method: 'get',
    path: `${base}/:id/data/:resource/:itemId`,
    summary: 'One item in the tenant’s own system, live',
    may: 'viewDashboard',
    within: 'tenant',
    params: z.strictObject({ id: Name, resource: Name, itemId: z.string().max(200) }),
    reply: { status: 200, schema: Row },
    async handle({ params, tenantId }) {
      const { connection, stream } = await streamNamed(deps, tenantId, params.id, params.resource);
      return deps.ports.connectors.readOne(tenantId, connection.id, stream.name, params.itemId);
    },
  }),
];

export const dataRoutes = (deps: ApiDeps): Route[] => [...under(deps, '/connections'), ...under(deps, '/connectors')];
