import { CancellationScope, defineQuery, isCancellation, setHandler } from '@temporalio/workflow';
import type { ApprovalPolicy } from '../ports/approvals.ts';
import type { OperationId, TenantId, UserId } from '../ports/ids.ts';
import { MESSAGES } from '../ports/operations.ts';
import type { OpenTenant } from '../ports/tenants.ts';
import { local, own } from './lib/activities.ts';
import { belongsTo } from './lib/attributes.ts';
import { compensate } from './lib/compensate.ts';
import { asFailure, rootFailure } from './lib/failures.ts';
import { askOwner, auditPresence, writeFirstPost } from './lib/onboarding-audit.ts';
import { connectAll, syncAll } from './lib/onboarding-connections.ts';
import { createStory } from './lib/story.ts';
import type { Story } from './lib/story.ts';

export interface OnboardInput {
  operationId: OperationId;
  /** The id that the tenant will have, chosen before the start: a retried reservation is the same reservation. */
  tenantId: TenantId;
  startedBy: UserId;
  tenant: OpenTenant;
  approvalPolicy: ApprovalPolicy;
  /** How often schedules sync, in milliseconds. */
  syncEveryMs: number;
}

export const progressQuery = defineQuery<Story['told']>(MESSAGES.progress);

/** From a request to a live tenant. A saga: when a step fails, all before it is undone in reverse, and the operation says so. */
export async function onboardTenant(input: OnboardInput): Promise<void> {
  const { operationId, tenantId } = input;
  const story = createStory(operationId, tenantId, input.startedBy);
  setHandler(progressQuery, () => story.told);
  try {
    await compensate((undo) => onboard(input, story, undo));
    await own.settleOperation(operationId, 'completed', null);
  } catch (error) {
    const { code, message } = rootFailure(error);
    await CancellationScope.nonCancellable(async () => {
      await story.tell('onboarding', 'undone', `Everything was undone: ${message}`, { code });
      await own.settleOperation(operationId, isCancellation(error) ? 'cancelled' : 'failed', { code, message });
    });
    throw asFailure(error);
  }
}

async function onboard(
  { operationId, tenantId, startedBy, tenant, approvalPolicy, syncEveryMs }: OnboardInput,
  story: Story,
  undo: (step: () => Promise<unknown>) => void,
): Promise<void> {
  undo(() => own.releaseTenant(tenantId));
  await story.step('reserve', `Reserving ${tenant.slug}`, async () => {
    await own.reserveTenant(tenantId, tenant);
    await local.assignOperation(operationId, tenantId);
  });
  belongsTo(tenantId);

  undo(() => own.removeMembers(tenantId));
  undo(() => own.destroySecretsPath(tenantId));
  undo(() => own.clearAgentSettings(tenantId));
  await story.step('prepare', 'Creating the owner, the secrets path and the agents’ settings', async () => {
    await own.addOwner(tenantId, tenant.ownerEmail);
    await own.openSecretsPath(tenantId);
    await own.applyAgentDefaults(tenantId);
  });

  const connected = await connectAll(tenantId, tenant.connectors, undo, story);
  await syncAll(tenantId, connected, syncEveryMs, story);

  const site = connected.find(({ category }) => category === 'cms');
  if (site) {
    const report = await auditPresence(tenantId, startedBy, story);
    const approved = await askOwner(tenantId, operationId, site, report, approvalPolicy, story);
    await writeFirstPost(tenantId, site, approved, undo, story);
  } else {
    await story.tell('audit', 'completed', 'No content system is connected, so there is nothing to audit or approve');
  }

  await story.step('activate', `${tenant.name} is live`, () => own.activateTenant(tenantId));
  await own.tellOfFact(tenantId, {
    key: `welcome/${tenantId}`,
    roles: ['tenant_admin'],
    kind: 'tenant.welcome',
    subject: `Welcome: ${tenant.name} is live`,
    link: `/api/v1/tenants/${tenantId}`,
  });
}
