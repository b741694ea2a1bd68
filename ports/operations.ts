/**
 * Names that workflows, activities, adapters and the API share. No zod here: workflow code imports this at run time.
 * Workflow names, ids and message names are wire contracts: never renamed.
 */
import type { ApprovalId, ConnectionId, RunId, Scope, TenantId } from './ids.ts';
import type { RotatedClass } from './secret-classes.ts';

/**
 * Task queues, one per class of resource. Two stand alone: nothing that waits for a refresh may run on `tokens`, and what waits
 * for writes, as a sync into another system does, runs on `transfers` and not beside those writes.
 */
export const QUEUES = {
  operations: 'operations',
  connectors: 'connectors',
  agents: 'agents',
  tokens: 'tokens',
  transfers: 'transfers',
} as const;

export const WORKFLOWS = {
  onboardTenant: 'onboardTenant',
  connection: 'connection',
  syncStream: 'syncStream',
  runCrew: 'runCrew',
  runAgent: 'runAgent',
  approval: 'approval',
  connectorWrite: 'connectorWrite',
  verifyCredential: 'verifyCredential',
  tellPeople: 'tellPeople',
  rotateSecret: 'rotateSecret',
  migrateSecrets: 'migrateSecrets',
  webhookInbox: 'webhookInbox',
  conversation: 'conversation',
} as const;
export type WorkflowName = keyof typeof WORKFLOWS;

const workflowId = (name: WorkflowName, scope: Scope, key: string) => `${name}:${scope}:${key}`;

/** The id is the idempotency key of its operation: `<workflow>:<tenantId>:<business key>`. */
export const onboardTenantId = (slug: string) => workflowId('onboardTenant', 'platform', slug);
export const connectionWorkflowId = (tenantId: TenantId, id: ConnectionId) => workflowId('connection', tenantId, id);
/** Also the id of the schedule that starts it. */
export const syncStreamId = (tenantId: TenantId, connectionId: ConnectionId, stream: string) =>
  workflowId('syncStream', tenantId, `${connectionId}/${stream}`);
export const runCrewId = (tenantId: TenantId, runId: RunId) => workflowId('runCrew', tenantId, runId);
export const runAgentId = (tenantId: TenantId, runId: RunId) => workflowId('runAgent', tenantId, runId);
/** Its transcript is that of the run with the same id. */
export const conversationId = (tenantId: TenantId, runId: RunId) => workflowId('conversation', tenantId, runId);
/** Starts runs of a crew. Also the id of the schedule. */
export const crewScheduleId = (tenantId: TenantId, scheduleId: string) =>
  workflowId('runCrew', tenantId, `every/${scheduleId}`);
export const approvalWorkflowId = (tenantId: TenantId, id: ApprovalId) => workflowId('approval', tenantId, id);
export const connectorWriteId = (tenantId: TenantId, effectKey: string) =>
  workflowId('connectorWrite', tenantId, effectKey);

export const verifyCredentialId = (scope: Scope, key: string) => workflowId('verifyCredential', scope, key);
/** `key` is the note's own: each fact is told once. */
export const tellPeopleId = (scope: Scope, key: string) => workflowId('tellPeople', scope, key);

/** One rotation of one secret at a time: a second start finds the first. */
export const rotateSecretId = (scope: Scope, secretClass: RotatedClass, subject: string) =>
  workflowId('rotateSecret', scope, `${secretClass}/${subject}`);
/** Starts the rotations that are due. Also the id of the class's schedule. */
export const rotateDueId = (secretClass: RotatedClass) => workflowId('rotateSecret', 'platform', secretClass);
/** A deployment has one. */
export const migrateSecretsId = () => workflowId('migrateSecrets', 'platform', 'all');

/** One for each endpoint: it lives while events wait there. */
export const webhookInboxId = (scope: Scope, endpointId: string) => workflowId('webhookInbox', scope, endpointId);
/** Wakes those that nobody woke. Also the id of its schedule. */
export const inboxSweepId = () => workflowId('webhookInbox', 'platform', 'sweep');

/** The middle part of a workflow id; what is in no tenant is the platform's. */
export const scopeOfWorkflow = (id: string): string => id.split(':')[1] ?? 'platform';

export const SEARCH_ATTRIBUTES = ['TenantId', 'Operation', 'ConnectorId', 'ConnectionId', 'BlockedBy'] as const;
export type BlockedBy = 'none' | 'approval' | 'auth' | 'quota' | 'provider' | 'bug';

/** Wire names of updates, signals and queries. */
export const MESSAGES = {
  open: 'open',
  submitCredentials: 'submitCredentials',
  importGrant: 'importGrant',
  completeAuthorization: 'completeAuthorization',
  refresh: 'refresh',
  test: 'test',
  disable: 'disable',
  enable: 'enable',
  disconnect: 'disconnect',
  chooseSyncs: 'chooseSyncs',
  credentialRejected: 'credentialRejected',
  connectionSettled: 'connectionSettled',
  connectionResumed: 'connectionResumed',
  decide: 'decide',
  /** To an approval: somebody else may decide it too. */
  delegate: 'delegate',
  /** To a run: wait before the next step, go on, hear this, may go further, ask another model. */
  pause: 'pause',
  resume: 'resume',
  steer: 'steer',
  setLimits: 'setLimits',
  swapModel: 'swapModel',
  /** To a part, by its crew: pause, go on, hear this. */
  control: 'control',
  /** To a run that waits for a provider's key or quota: it may be there now. */
  modelsChanged: 'modelsChanged',
  budgetRaised: 'budgetRaised',
  /** To a conversation. */
  say: 'say',
  submitSuccessor: 'submitSuccessor',
  confirm: 'confirm',
  rollOver: 'rollOver',
  /** To a sync: its source changed, so that once it has ended it goes round again. */
  changed: 'changed',
  /** To an inbox: something came. */
  arrived: 'arrived',
  progress: 'progress',
  status: 'status',
} as const;

/** A payload above this goes to the store by reference: 2.5 MB as an activity's input terminates a workflow. */
export const PAYLOAD_BYTES_MAX = 64 * 1024;

/** How long a pending connection waits for the person who was asked to make it. */
export const CONNECTION_PENDING_MAX_MS = 7 * 86_400_000;
