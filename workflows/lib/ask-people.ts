import { executeChild, uuid4 } from '@temporalio/workflow';
import type { ApprovalPolicy } from '../../ports/approvals.ts';
import type { ApprovalId, TenantId } from '../../ports/ids.ts';
import { approvalWorkflowId } from '../../ports/operations.ts';
import { approval } from '../approval.ts';
import type { ApprovalInput, ApprovalResult } from '../approval.ts';
import { blockedBy, searchAttributes } from './attributes.ts';

const DAY_MS = 86_400_000;

/** For what only a person can find out or decide, such as how a lost attempt ended. Without their word it is left alone. */
export const WITHIN_A_WEEK: ApprovalPolicy = {
  roles: ['tenant_admin'],
  remindAfterMs: DAY_MS,
  deadlineMs: 7 * DAY_MS,
  onDeadline: 'reject',
};

/** Where a question to people can be found. */
export const newApproval = (): ApprovalId => uuid4() as ApprovalId;

/** Asks people, as a child of this workflow, and waits for their decision or the policy's default. */
export const askPeople = (tenantId: TenantId, question: Omit<ApprovalInput, 'tenantId'>): Promise<ApprovalResult> =>
  blockedBy(
    'approval',
    executeChild(approval, {
      workflowId: approvalWorkflowId(tenantId, question.approvalId),
      args: [{ tenantId, ...question }],
      typedSearchAttributes: searchAttributes({ tenantId, operation: 'approval' }),
    }),
  );
