import { z } from 'zod';
import { ConnectorInfo } from '../../ports/connector-info.ts';
import type { ApiDeps } from '../deps.ts';
import { connectorNamed } from '../resolve.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';

/** The catalogue of systems that tenants may connect; the same for everyone. */
export const connectorRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/connectors',
    summary: 'Systems that can be connected, and what each asks for',
    may: 'viewDashboard',
    within: 'person',
    reply: { status: 200, schema: z.strictObject({ data: z.array(ConnectorInfo), nextCursor: z.null() }) },
    handle: async () => ({ data: deps.ports.connectors.list(), nextCursor: null }),
  }),
  route({
    method: 'get',
    path: '/connectors/:id',
    summary: 'One system that can be connected',
    may: 'viewDashboard',
    within: 'person',
    params: z.strictObject({ id: z.string().max(60) }),
    reply: { status: 200, schema: ConnectorInfo },
    handle: async ({ params }) => connectorNamed(deps, params.id),
  }),
];
