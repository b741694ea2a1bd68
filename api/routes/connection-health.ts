import { z } from 'zod';
import { ConnectionHealth, healthOf } from '../connection-health.ts';
import type { ApiDeps } from '../deps.ts';
import { connectionNamed } from '../resolve.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';

const healthAt = (deps: ApiDeps, base: '/connections' | '/connectors'): Route =>
  route({
    method: 'get',
    path: `${base}/:id/health`,
    summary: 'How a connection fares: what works, when it was last synced, what went wrong last',
    description: 'Under a connector’s name the tenant’s default connection is meant.',
    may: 'viewDashboard',
    within: 'tenant',
    params: z.strictObject({ id: z.string().max(60) }),
    reply: { status: 200, schema: ConnectionHealth },
    handle: async ({ params: { id }, tenantId }) => healthOf(deps, tenantId, await connectionNamed(deps, tenantId, id)),
  });

export const connectionHealthRoutes = (deps: ApiDeps): Route[] => [
  healthAt(deps, '/connections'),
  healthAt(deps, '/connectors'),
];
