import { allHandlersFinished, CancellationScope, condition, isCancellation, workflowInfo } from '@temporalio/workflow';
import type { ApprovalOutcome } from '../ports/approvals.ts';
import { local, own } from './lib/activities.ts';
import { createBallot } from './lib/approval-ballot.ts';
import { listen } from './lib/approval-handlers.ts';
import { dueTimes, ladderOf } from './lib/approval-ladder.ts';
import type { Rung } from './lib/approval-ladder.ts';
import type { ApprovalInput, ApprovalResult } from './lib/approval-messages.ts';
import { escalationsOf } from './lib/approval-rules.ts';
import { createTelling } from './lib/approval-telling.ts';
import { blockedBy } from './lib/attributes.ts';

export * from './lib/approval-messages.ts';

/**
 * Asks people about one exact piece of content, reminds them, asks others besides, and takes the policy's default when nobody
 * decides.
 */
export async function approval(input: ApprovalInput): Promise<ApprovalResult> {
  const { tenantId, approvalId, operationId, connectionId = null, kind = 'decision', requestedBy = null } = input;
  const { subject, content, policy } = input;
  const ballot = createBallot(input);
  const tell = createTelling(input, ballot);
  const words = listen(input, ballot, tell);
  const undecided: ApprovalResult = { outcome: 'expired', contentId: content.id };

  const close = async (result: ApprovalResult, state: ApprovalOutcome | 'withdrawn'): Promise<ApprovalResult> => {
    ballot.end();
    const decision = ballot.decision();
    await local.closeApproval(tenantId, approvalId, state, decision?.actor.userId ?? null, {
      contentHash: ballot.shown().sha256,
      kind: decision?.kind ?? 'default',
      commentId: decision?.commentId ?? null,
    });
    words.answer(result);
    // Whoever decided is answered before the workflow ends.
    await condition(allHandlersFinished);
    return result;
  };
  const climb = async (rung: Rung['kind']): Promise<void> => {
    switch (rung) {
      case 'remind':
        await local.remindApproval(tenantId, approvalId);
        return tell.reminder();
      case 'escalate': {
        const level = ballot.escalate();
        await own.escalateApproval(tenantId, approvalId, level);
        return tell.escalated(level, escalationsOf(policy)[level - 1]?.roles ?? []);
      }
      case 'deadline':
        return ballot.end();
    }
  };

  try {
    const due = await dueTimes(policy, Date.now());
    await local.openApproval({
      ...{ id: approvalId, tenantId, operationId, connectionId, workflowId: workflowInfo().workflowId },
      ...{ kind, subject, contentId: content.id, contentHash: content.sha256, policy, requestedBy },
      deadlineAt: new Date(due.deadlineAt).toISOString(),
    });
    await tell.requested();
    // Told only now: whoever follows the story may read the approval at once.
    if (operationId) {
      const message = `Waiting for a person: ${subject}`;
      const progress = { operationId, tenantId, actor: 'approval', step: 'approval', data: { approvalId } };
      await local.recordProgress({ ...progress, state: 'waiting', message });
    }
    for (const rung of ladderOf(due)) {
      const decided = condition(() => ballot.decision() !== undefined, Math.max(rung.at - Date.now(), 1));
      if (await blockedBy('approval', decided)) break;
      await climb(rung.kind);
    }
    await condition(words.kept);
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => close(undecided, 'withdrawn'));
    throw error;
  }
  const decision = ballot.decision();
  if (!decision) return close(undecided, 'expired');
  const outcome = decision.kind === 'reject' ? 'rejected' : 'approved';
  return close({ outcome, contentId: decision.kind === 'respond' ? decision.contentId : ballot.shown().id }, outcome);
}
