/** The bundle's entry: every workflow, nothing else. */
export { approval } from './approval.ts';
export { connection } from './connection.ts';
export { conversation } from './conversation.ts';
export { connectorWrite } from './connector-write.ts';
export { migrateSecrets } from './migrate-secrets.ts';
export { onboardTenant } from './onboard-tenant.ts';
export { rotateSecret } from './rotate-secret.ts';
export { runAgent } from './run-agent.ts';
export { runCrew } from './run-crew.ts';
export { syncStream } from './sync-stream.ts';
export { tellPeople } from './tell-people.ts';
export { verifyCredential } from './verify-credential.ts';
export { webhookInbox } from './webhook-inbox.ts';
