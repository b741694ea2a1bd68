import type { AgentStore, Catalogue, ContentStore, TranscriptStore } from './agents.ts';
import type { ApprovalStore } from './approvals.ts';
import type { AuditPort } from './audit.ts';
import type { ConnectionStore, OAuthTransactionStore } from './connections.ts';
import type { ConnectSessionStore } from './connect-sessions.ts';
import type { OAuthAppStore } from './oauth-apps.ts';
import type { CmsPort, ConnectorPort } from './connectors.ts';
import type { OAuthPort } from './oauth.ts';
import type { IdentityStore } from './identity.ts';
import type { KnowledgeStore, ObjectStorePort } from './knowledge.ts';
import type { LlmPort } from './models.ts';
import type { ChannelStore, NotifierPort } from './notifications.ts';
import type { EffectStore, IdempotencyStore, OperationStore } from './runs.ts';
import type { RotationPort, RotationStore } from './rotation.ts';
import type { SecretMovePort, SecretPort, StagingPort } from './secrets.ts';
import type { SinkPort, SyncStore } from './syncs.ts';
import type { TenantStore } from './tenants.ts';
import type { WorkflowPort } from './workflows.ts';

/** Everything that the product asks of the world. `adapters/index.ts` opens it. */
export interface Ports {
  tenants: TenantStore;
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
  oauth: OAuthPort;
  cms: CmsPort;
  syncs: SyncStore;
  sinks: SinkPort;
  knowledge: KnowledgeStore;
  objects: ObjectStorePort;
  effects: EffectStore;
  llm: LlmPort;
  agents: AgentStore;
  content: ContentStore;
  transcripts: TranscriptStore;
  approvals: ApprovalStore;
  workflows: WorkflowPort;
  /** SHA-256, hex. A port because the core rooms have no crypto of their own. */
  hash: (text: string) => string;
  /** Throws `unavailable` when the database does not answer. */
  database: { health: () => Promise<void> };
}

/** Ports of a worker: the catalogue of agents is data of another room, handed in by `workers`. */
export type WorkerPorts = Ports & { catalogue: Catalogue };
