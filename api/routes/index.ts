import type { ApiDeps } from '../deps.ts';
import type { Route } from '../route.ts';
import { approvalRoutes } from './approvals.ts';
import { auditRoutes } from './audit.ts';
import { authRoutes } from './auth.ts';
import { channelRoutes } from './channels.ts';
import { codecRoutes } from './codec.ts';
import { connectSessionRoutes } from './connect-sessions.ts';
import { connectionRoutes } from './connections.ts';
import { connectorRoutes } from './connectors.ts';
import { dataRoutes } from './data.ts';
import { healthRoutes } from './health.ts';
import { notificationRoutes } from './notifications.ts';
import { oauthAppRoutes } from './oauth-apps.ts';
import { oauthRoutes } from './oauth.ts';
import { openSessionRoutes } from './open-session.ts';
import { operationRoutes } from './operations.ts';
import { rotationPolicyRoutes } from './rotation-policies.ts';
import { rotationRoutes } from './rotation.ts';
import { secretMigrationRoutes } from './secret-migration.ts';
import { secretRoutes } from './secrets.ts';
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
  oauthAppRoutes,
  connectSessionRoutes,
  openSessionRoutes,
  approvalRoutes,
  operationRoutes,
  auditRoutes,
  codecRoutes,
  notificationRoutes,
  channelRoutes,
  rotationRoutes,
  rotationPolicyRoutes,
  secretMigrationRoutes,
  secretRoutes,
];

/** Every door of the API. */
export const allRoutes = (deps: ApiDeps): Route[] => [
  ...healthRoutes(deps),
  ...RESOURCES.flatMap((resource) => resource(deps)).map((one) => ({ ...one, path: `/api/v1${one.path}` })),
];
