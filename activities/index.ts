import type { WorkerPorts } from '../ports/index.ts';
import { createAgentActivities } from './agents/index.ts';
import { createAppActivities } from './apps.ts';
import { createApprovalActivities } from './approvals.ts';
import { createConnectionActivities } from './connections.ts';
import { createConversationActivities } from './conversations.ts';
import { createCrewActivities } from './crew-plans.ts';
import { createDependantActivities } from './dependants.ts';
import { createGrantActivities } from './grants.ts';
import { createModelKeyActivities } from './model-keys.ts';
import { createNoticeActivities } from './notices.ts';
import { createProgressActivities } from './progress.ts';
import { createRotationActivities } from './rotation.ts';
import { createSecretMoveActivities } from './secret-move.ts';
import { createSyncActivities } from './syncs.ts';
import { createTenantActivities } from './tenants.ts';
import { createTokenActivities } from './tokens.ts';
import { createWebhookActivities } from './webhooks.ts';
import { createWriteActivities } from './writes.ts';

/** Every activity of the house. Which queue each runs on is said where workflows call it. */
export const createActivities = (ports: WorkerPorts) => {
  const agents = createAgentActivities(ports);
  return {
    ...createProgressActivities(ports),
    ...createTenantActivities(ports),
    ...createConnectionActivities(ports),
    ...createTokenActivities(ports),
    ...createGrantActivities(ports),
    ...createAppActivities(ports),
    ...createDependantActivities(ports),
    ...createModelKeyActivities(ports),
    ...createNoticeActivities(ports),
    ...createSyncActivities(ports),
    ...agents,
    ...createCrewActivities(ports),
    ...createConversationActivities(ports, agents),
    ...createApprovalActivities(ports),
    ...createWebhookActivities(ports),
    ...createWriteActivities(ports),
    ...createRotationActivities(ports),
    ...createSecretMoveActivities(ports),
  };
};
export type Activities = ReturnType<typeof createActivities>;
