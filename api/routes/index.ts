import type { ApiDeps } from '../deps.ts';
import type { Route } from '../route.ts';
import { approvalDecisionRoutes } from './approval-decisions.ts';
import { agentConfigRoutes } from './agent-config.ts';
import { agentMemoryRoutes } from './agent-memory.ts';
import { agentMetricsRoutes } from './agent-metrics.ts';
import { agentRoutes } from './agents.ts';
import { approvalRoutes } from './approvals.ts';
import { auditRoutes } from './audit.ts';
import { authRoutes } from './auth.ts';
import { budgetRoutes } from './budgets.ts';
import { channelRoutes } from './channels.ts';
import { codecRoutes } from './codec.ts';
import { connectSessionRoutes } from './connect-sessions.ts';
import { connectionHealthRoutes } from './connection-health.ts';
import { connectionRoutes } from './connections.ts';
import { connectorLimitRoutes } from './connector-limits.ts';
import { connectorRoutes } from './connectors.ts';
import { categoryDataRoutes } from './category-data.ts';
import { conversationRoutes } from './conversations.ts';
import { crewRoutes } from './crews.ts';
import { dataWriteRoutes } from './data-writes.ts';
import { dataRoutes } from './data.ts';
import { healthRoutes } from './health.ts';
import { mcpServerRoutes } from './mcp-servers.ts';
import { modelKeyRoutes } from './model-keys.ts';
import { modelRoutes } from './models.ts';
import { notificationRoutes } from './notifications.ts';
import { oauthAppRoutes } from './oauth-apps.ts';
import { oauthRoutes } from './oauth.ts';
import { openSessionRoutes } from './open-session.ts';
import { operationRoutes } from './operations.ts';
import { quarantineRoutes } from './quarantine.ts';
import { rotationPolicyRoutes } from './rotation-policies.ts';
import { rotationRoutes } from './rotation.ts';
import { runControlRoutes } from './run-controls.ts';
import { runRoutes } from './runs.ts';
import { runStreamRoutes } from './run-stream.ts';
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
  // Before the agents: `metrics` is no agent's name.
  agentMetricsRoutes,
  agentRoutes,
  agentConfigRoutes,
  agentMemoryRoutes,
  runRoutes,
  runControlRoutes,
  runStreamRoutes,
  conversationRoutes,
  crewRoutes,
  budgetRoutes,
  approvalRoutes,
  approvalDecisionRoutes,
  operationRoutes,
  auditRoutes,
  codecRoutes,
  modelRoutes,
  modelKeyRoutes,
  mcpServerRoutes,
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
