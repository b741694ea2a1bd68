import { CancellationScope, condition, patched, setHandler } from '@temporalio/workflow';
import type { Decision } from '../../ports/approvals.ts';
import { own } from './activities.ts';
import type { Ballot } from './approval-ballot.ts';
import { decideSignal, decideUpdate, delegateUpdate, statusQuery } from './approval-messages.ts';
import type { ApprovalInput, ApprovalResult, Delegation } from './approval-messages.ts';
import type { createTelling } from './approval-telling.ts';
import { insist } from './compensate.ts';

/** Takes what people say: judged and counted at once, then kept with a signed receipt. */
export const listen = (
  { tenantId, approvalId, operationId, content }: ApprovalInput,
  ballot: Ballot,
  tell: ReturnType<typeof createTelling>,
) => {
  let closed: ApprovalResult | undefined;
  let casting = 0;

  const cast = async (given: Decision): Promise<void> => {
    ballot.take(given);
    // Approvals that were decided before there were receipts replay without them.
    if (!patched('votes-are-signed')) return;
    casting += 1;
    const amends = given.kind === 'edit' && !ballot.decision();
    const at = new Date().toISOString();
    try {
      // A word that was taken counts already. It is kept, also when the question is withdrawn or cannot be signed meanwhile.
      await CancellationScope.nonCancellable(async () => {
        await insist(() => own.castVote(tenantId, approvalId, { decision: given, operationId, amends, at }));
        if (amends) await tell.edited(ballot.shown().sha256);
      });
    } finally {
      casting -= 1;
    }
  };

  setHandler(statusQuery, () => (closed ? 'closed' : ballot.decision() ? 'decided' : 'pending'));
  setHandler(
    decideUpdate,
    async (given) => {
      await cast(given);
      if (!ballot.decision() && !ballot.ended()) {
        return { outcome: 'pending', contentId: ballot.shown().id, missing: ballot.missing() };
      }
      await condition(() => closed !== undefined);
      return closed ?? { outcome: 'expired', contentId: content.id };
    },
    // Must be synchronous: a validator that rejects asynchronously fails the workflow task for ever.
    { validator: (given: Decision) => ballot.judge(given) },
  );
  setHandler(decideSignal, async (given) => {
    try {
      ballot.judge(given);
    } catch {
      return;
    }
    await cast(given);
  });
  setHandler(
    delegateUpdate,
    async (given) => {
      ballot.delegate(given);
      await own.delegateApproval(tenantId, approvalId, given.to, given.by.userId);
      await tell.delegated(given.to);
    },
    { validator: (given: Delegation) => ballot.judgeDelegation(given) },
  );

  return {
    /** Every word that was taken is kept. */
    kept: () => casting === 0,
    /** Those who decided are answered from now on. */
    answer: (result: ApprovalResult): void => void (closed = result),
  };
};
