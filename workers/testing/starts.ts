import { randomUUID } from 'node:crypto';
import type { ApprovalPolicy } from '../../ports/approvals.ts';
import { ApprovalId, Email, OperationId, PLATFORM, TenantId, UserId } from '../../ports/ids.ts';
import { approvalWorkflowId, onboardTenantId, QUEUES } from '../../ports/operations.ts';
import type { OpenTenant } from '../../ports/tenants.ts';
import { approval } from '../../workflows/approval.ts';
import type { ApprovalInput } from '../../workflows/approval.ts';
import { onboardTenant } from '../../workflows/onboard-tenant.ts';
import type { Ground } from './ground.ts';

type On = Pick<Ground, 'ports' | 'client'>;

/** An onboarding as the API begins one: its operation's row, then its workflow. */
export const startOnboarding = async (
  { ports, client }: On,
  connectors: OpenTenant['connectors'],
  approvalPolicy: ApprovalPolicy,
) => {
  const slug = `t-${randomUUID().slice(0, 8)}`;
  const tenantId = TenantId.parse(randomUUID());
  const operationId = OperationId.parse(randomUUID());
  const startedBy = UserId.parse(randomUUID());
  const workflowId = onboardTenantId(slug);
  await ports.operations.begin({
    id: operationId,
    scope: PLATFORM,
    workflowId,
    kind: 'onboardTenant',
    startedBy,
    idempotencyKey: null,
  });
  const ownerEmail = Email.parse(`owner@${slug}.test`);
  const tenant = { name: 'Acme', slug, ownerEmail, plan: 'starter' as const, connectors };
  const run = await client.workflow.start(onboardTenant, {
    workflowId,
    taskQueue: QUEUES.operations,
    args: [{ operationId, tenantId, startedBy, tenant, approvalPolicy, syncEveryMs: 3_600_000 }],
  });
  return { slug, tenantId, operationId, tenant, run };
};

/** An approval of a post, asked of this tenant's people. */
export const startApproval = async (
  { ports, client }: On,
  tenantId: TenantId,
  policy: ApprovalPolicy,
  more: Partial<ApprovalInput> = {},
) => {
  const content = await ports.content.put(tenantId, { proposedPost: { title: 'Hello', content: '<p>Hello</p>' } });
  const approvalId = ApprovalId.parse(randomUUID());
  const run = await client.workflow.start(approval, {
    workflowId: approvalWorkflowId(tenantId, approvalId),
    taskQueue: QUEUES.operations,
    args: [{ tenantId, approvalId, operationId: null, subject: 'Approve the post', content, policy, ...more }],
  });
  return { approvalId, content, run };
};
