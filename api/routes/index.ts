import type { ApiDeps } from '../deps.ts';
import type { Route } from '../route.ts';
import { approvalRoutes } from './approvals.ts';
import { auditRoutes } from './audit.ts';
import { authRoutes } from './auth.ts';
import { connectionRoutes } from './connections.ts';
import { connectorRoutes } from './connectors.ts';
import { dataRoutes } from './data.ts';
import { healthRoutes } from './health.ts';
import { notificationRoutes } from './notifications.ts';
import { oauthRoutes } from './oauth.ts';
import { operationRoutes } from './operations.ts';
import { syncRoutes } from './syncs.ts';
import { tenantRoutes } from './tenants.ts';

const RESOURCES = [
  authRoutes,
  tenantRoutes,
  connectorRoutes,
  connectionRoutes,
  dataRoutes,
  syncRoutes,
  oauthRoutes,
  approvalRoutes,
  operationRoutes,
  auditRoutes,
  notificationRoutes,
];

/** Every door of the API. */
export const allRoutes = (deps: ApiDeps): Route[] => [
  ...healthRoutes(deps),
  ...RESOURCES.flatMap((resource) => resource(deps)).map((one) => ({ ...one, path: `/api/v1${one.path}` })),
];
