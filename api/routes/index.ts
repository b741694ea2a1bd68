import type { ApiDeps } from '../deps.ts';
import type { Route } from '../route.ts';
import { approvalRoutes } from './approvals.ts';
import { auditRoutes } from './audit.ts';
import { authRoutes } from './auth.ts';
import { channelRoutes } from './channels.ts';
import { codecRoutes } from './codec.ts';
import { connectSessionRoutes } from './connect-sessions.ts';
import { connectionHealthRoutes } from './connection-health.ts';
import { connectionRoutes } from './connections.ts';
import { connectorLimitRoutes } from './connector-limits.ts';
import { connectorRoutes } from './connectors.ts';
import { categoryDataRoutes } from './category-data.ts';
import { dataWriteRoutes } from './data-writes.ts';
import { dataRoutes } from './data.ts';
import { healthRoutes } from './health.ts';
import { notificationRoutes } from './notifications.ts';
import { oauthAppRoutes } from './oauth-apps.ts';
import { oauthRoutes } from './oauth.ts';
import { openSessionRoutes } from './open-session.ts';
import { operationRoutes } from './operations.ts';
import { quarantineRoutes } from './quarantine.ts';
import { rotationPolicyRoutes } from './rotation-policies.ts';
import { rotationRoutes } from './rotation.ts';
import { secretMigrationRoutes } from './secret-migration.ts';
import { secretRoutes } from './secrets.ts';
import { syncChoiceRoutes } from './sync-choices.ts';
import { syncRoutes } from './syncs.ts';
import { tenantSettingsRoutes } from './tenant-settings.ts';
import { tenantRoutes } from './tenants.ts';
import { webhookEndpointRoutes } from './webhook-endpoints.ts';

const RESOURCES = [
  authRoutes,
  tenantRoutes,
  tenantSettingsRoutes,
  connectorRoutes,
  connectorLimitRoutes,
  connectionHealthRoutes,
  connectionRoutes,
  dataRoutes,
  dataWriteRoutes,
  categoryDataRoutes,
  syncChoiceRoutes,
  quarantineRoutes,
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
  webhookEndpointRoutes,
];

/** Every door of the API. */
export const allRoutes = (deps: ApiDeps): Route[] => [
  ...healthRoutes(deps),
  ...RESOURCES.flatMap((resource) => resource(deps)).map((one) => ({ ...one, path: `/api/v1${one.path}` })),
];
