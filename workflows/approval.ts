import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  defineUpdate,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ContentRef } from '../ports/agents.ts';
import type { ApprovalOutcome, ApprovalPolicy, Decision } from '../ports/approvals.ts';
import type { ApprovalId, ConnectionId, OperationId, TenantId } from '../ports/ids.ts';
import { MESSAGES } from '../ports/operations.ts';
import { local, own } from './lib/activities.ts';
import { blockedBy } from './lib/attributes.ts';

export interface ApprovalInput {
  tenantId: TenantId;
  approvalId: ApprovalId;
  operationId: OperationId | null;
  /** What is approved is done through this connection. */
  connectionId?: ConnectionId | null;
  subject: string;
  content: ContentRef;
  policy: ApprovalPolicy;
}

export interface ApprovalResult {
  outcome: ApprovalOutcome;
  /** What was approved: as shown, or as edited. */
  contentId: string;
}

export const decideUpdate = defineUpdate<ApprovalResult, [Decision]>(MESSAGES.decide);
export const statusQuery = defineQuery<'pending' | 'decided' | 'closed'>(MESSAGES.status);

const refuse = (message: string, code: string) => ApplicationFailure.nonRetryable(message, code);

/** Asks people about one exact piece of content, reminds them, and takes the policy's default when nobody decides. */
export async function approval({
  tenantId,
  approvalId,
  operationId,
  connectionId = null,
  subject,
  content,
  policy,
}: ApprovalInput): Promise<ApprovalResult> {
  let decision: Decision | undefined;
  let closed: ApprovalResult | undefined;
  const deadlineAt = new Date(Date.now() + policy.deadlineMs).toISOString();

  setHandler(statusQuery, () => (closed ? 'closed' : decision ? 'decided' : 'pending'));
  setHandler(
    decideUpdate,
    async (given) => {
      decision = given;
      await condition(() => closed !== undefined);
      return closed ?? { outcome: 'expired', contentId: content.id };
    },
    {
      // Must be synchronous: a validator that rejects asynchronously fails the workflow task for ever.
      validator: ({ contentHash, actor }: Decision) => {
        if (decision || closed) throw refuse('this was already decided', 'approval_closed');
        if (contentHash !== content.sha256)
          throw refuse('this decision is about other content than is shown now; read it again', 'approval_stale');
        if (!policy.roles.includes(actor.role))
          throw refuse(`${actor.role} may not decide this; ${policy.roles.join(' or ')} may`, 'forbidden');
      },
    },
  );

  const told = (kind: 'approval.requested' | 'approval.reminder') =>
    own.tellOfFact(tenantId, {
      key: `${kind}/${approvalId}`,
      roles: policy.roles,
      kind,
      subject,
      link: `/api/v1/approvals/${approvalId}`,
    });
  const close = async (result: ApprovalResult, state: ApprovalOutcome | 'withdrawn') => {
    await local.closeApproval(tenantId, approvalId, state, decision?.actor.userId ?? null, {
      contentHash: content.sha256,
      kind: decision?.kind ?? 'default',
      commentId: decision?.commentId ?? null,
    });
    closed = result;
    return result;
  };

  try {
    await local.openApproval({
      id: approvalId,
      tenantId,
      operationId,
      connectionId,
      workflowId: workflowInfo().workflowId,
      subject,
      contentId: content.id,
      contentHash: content.sha256,
      policy,
      deadlineAt,
    });
    await told('approval.requested');
    // Told only now: whoever follows the story may read the approval at once.
    if (operationId) {
      const message = `Waiting for a person: ${subject}`;
      const progress = { operationId, tenantId, actor: 'approval', step: 'approval', data: { approvalId } };
      await local.recordProgress({ ...progress, state: 'waiting', message });
    }
    const decided = () => decision !== undefined;
    const remindAfterMs = Math.min(policy.remindAfterMs, policy.deadlineMs);
    if (!(await blockedBy('approval', condition(decided, remindAfterMs)))) {
      await local.remindApproval(tenantId, approvalId);
      await told('approval.reminder');
      await blockedBy('approval', condition(decided, policy.deadlineMs - remindAfterMs));
    }
  } catch (error) {
    if (isCancellation(error))
      await CancellationScope.nonCancellable(() => close({ outcome: 'expired', contentId: content.id }, 'withdrawn'));
    throw error;
  }
  if (!decision) return close({ outcome: 'expired', contentId: content.id }, 'expired');
  const outcome = decision.kind === 'reject' ? 'rejected' : 'approved';
  const result = await close({ outcome, contentId: decision.contentId }, outcome);
  // The one who decided is answered before the workflow ends.
  await condition(() => closed !== undefined);
  return result;
}
