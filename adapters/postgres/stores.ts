import type { Ports } from '../../ports/index.ts';
import type { NotifierPort } from '../../ports/notifications.ts';
import { postgresAgentRuns } from './agent-runs.ts';
import { postgresAgents } from './agents.ts';
import { postgresApprovals } from './approvals.ts';
import { postgresAudit } from './audit.ts';
import { postgresBoard } from './board.ts';
import { postgresChannels } from './channels.ts';
import { postgresConnectSessions } from './connect-sessions.ts';
import { postgresConnections } from './connections.ts';
import { postgresContent } from './content.ts';
import { postgresConversations } from './conversations.ts';
import { postgresEffects } from './effects.ts';
import { postgresIdempotency } from './idempotency.ts';
import { postgresIdentity } from './identity.ts';
import { postgresKnowledge } from './knowledge.ts';
import { postgresMcpServers } from './mcp-servers.ts';
import { postgresMemory } from './memory.ts';
import { postgresModelKeys } from './model-keys.ts';
import { postgresNotifier } from './notifier.ts';
import { postgresOAuthApps } from './oauth-apps.ts';
import { postgresOAuthTransactions } from './oauth-transactions.ts';
import { postgresOperations } from './operations.ts';
import type { Database } from './pool.ts';
import { postgresRateLimits } from './rate-limits.ts';
import { postgresRotations } from './rotations.ts';
import { postgresSpending } from './spending.ts';
import { postgresSyncs } from './syncs.ts';
import { postgresTenantSettings } from './tenant-settings.ts';
import { postgresTenants } from './tenants.ts';
import { postgresTranscripts } from './transcripts.ts';
import { postgresWebhookEndpoints } from './webhook-endpoints.ts';
import { postgresWebhookInbox } from './webhook-inbox.ts';

export type Stores = Pick<
  Ports,
  | 'tenants'
  | 'tenantSettings'
  | 'identity'
  | 'operations'
  | 'idempotency'
  | 'audit'
  | 'channels'
  | 'connections'
  | 'rateLimits'
  | 'rotations'
  | 'oauthTransactions'
  | 'oauthApps'
  | 'connectSessions'
  | 'syncs'
  | 'knowledge'
  | 'effects'
  | 'agents'
  | 'content'
  | 'agentRuns'
  | 'transcripts'
  | 'board'
  | 'conversations'
  | 'spending'
  | 'approvals'
  | 'modelKeys'
  | 'memory'
  | 'mcpServers'
  | 'webhookInbox'
  | 'database'
> & { notifier: Pick<NotifierPort, 'notify' | 'inbox'> };

/** Every port that PostgreSQL serves, under its name in `Ports`; of the notifier the inboxes alone. */
export const postgresStores = (db: Database): Stores => ({
  tenants: postgresTenants(db),
  tenantSettings: postgresTenantSettings(db),
  identity: postgresIdentity(db),
  operations: postgresOperations(db),
  idempotency: postgresIdempotency(db),
  audit: postgresAudit(db),
  notifier: postgresNotifier(db),
  channels: postgresChannels(db),
  connections: postgresConnections(db),
  rateLimits: postgresRateLimits(db),
  rotations: postgresRotations(db),
  oauthTransactions: postgresOAuthTransactions(db),
  oauthApps: postgresOAuthApps(db),
  connectSessions: postgresConnectSessions(db),
  syncs: postgresSyncs(db),
  knowledge: postgresKnowledge(db),
  effects: postgresEffects(db),
  agents: postgresAgents(db),
  content: postgresContent(db),
  agentRuns: postgresAgentRuns(db),
  transcripts: postgresTranscripts(db),
  board: postgresBoard(db),
  conversations: postgresConversations(db),
  spending: postgresSpending(db),
  approvals: postgresApprovals(db),
  modelKeys: postgresModelKeys(db),
  memory: postgresMemory(db),
  mcpServers: postgresMcpServers(db),
  webhookInbox: { ...postgresWebhookEndpoints(db), ...postgresWebhookInbox(db) },
  database: { health: db.health },
});
