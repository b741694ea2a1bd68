import type { AgentStore, Catalogue, ContentStore, TranscriptStore } from './agents.ts';
import type { ApprovalStore } from './approvals.ts';
import type { AuditPort } from './audit.ts';
import type { RateBudgetPort, RateLimitStore } from './budgets.ts';
import type { ConnectionStore, OAuthTransactionStore } from './connections.ts';
import type { ConnectSessionStore } from './connect-sessions.ts';
import type { OAuthAppStore } from './oauth-apps.ts';
import type { CategoryPorts } from './categories.ts';
import type { ConnectorPort } from './connectors.ts';
import type { OAuthPort } from './oauth.ts';
import type { IdentityStore } from './identity.ts';
import type { KnowledgeStore, TenantObjects } from './knowledge.ts';
import type { LlmPort } from './models.ts';
import type { ChannelStore, NotifierPort } from './notifications.ts';
import type { EffectStore, IdempotencyStore, OperationStore } from './runs.ts';
import type { RotationPort, RotationStore } from './rotation.ts';
import type { SecretMovePort, SecretPort, StagingPort } from './secrets.ts';
import type { SinkPort } from './sinks.ts';
import type { SyncStore } from './syncs.ts';
import type { TenantSettingsStore } from './tenant-settings.ts';
import type { TenantStore } from './tenants.ts';
import type { WebhookPort, WebhookStore } from './webhooks.ts';
import type { WorkflowPort } from './workflows.ts';

/** Everything that the product asks of the world. `adapters/index.ts` opens it. */
export interface Ports {
  tenants: TenantStore;
  tenantSettings: TenantSettingsStore;
  identity: IdentityStore;
  operations: OperationStore;
  idempotency: IdempotencyStore;
  audit: AuditPort;
  notifier: NotifierPort;
  channels: ChannelStore;
  secrets: SecretPort;
  staging: StagingPort;
  secretMove: SecretMovePort;
  rotation: RotationPort;
  rotations: RotationStore;
  connections: ConnectionStore;
  oauthTransactions: OAuthTransactionStore;
  oauthApps: OAuthAppStore;
  connectSessions: ConnectSessionStore;
  connectors: ConnectorPort;
  budgets: RateBudgetPort;
  rateLimits: RateLimitStore;
  oauth: OAuthPort;
  categories: CategoryPorts;
  syncs: SyncStore;
  sinks: SinkPort;
  knowledge: KnowledgeStore;
  objects: TenantObjects;
  effects: EffectStore;
  llm: LlmPort;
  agents: AgentStore;
  content: ContentStore;
  transcripts: TranscriptStore;
  approvals: ApprovalStore;
  webhooks: WebhookPort;
  webhookInbox: WebhookStore;
  workflows: WorkflowPort;
  /** SHA-256, hex. A port because the core rooms have no crypto of their own. */
  hash: (text: string) => string;
  /** Throws `unavailable` when the database does not answer. */
  database: { health: () => Promise<void> };
}

/** Ports of a worker: the catalogue of agents is data of another room, handed in by `workers`. */
export type WorkerPorts = Ports & { catalogue: Catalogue };
