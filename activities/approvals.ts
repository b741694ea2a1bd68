import { ProposedPost } from '../ports/replies.ts';
import type { ContentRef } from '../ports/content.ts';
import type { Approval, ApprovalPolicy, Decision } from '../ports/approvals.ts';
import { Fault } from '../ports/errors.ts';
import type { ApprovalId, OperationId, TenantId, UserId } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';
import { afterBusinessMs } from './business-hours.ts';

type OpenApproval = Parameters<Ports['approvals']['open']>[0];
type Needs = Pick<Ports, 'approvals' | 'content' | 'audit' | 'receipts'>;

/** One person's word, as the workflow took it. */
export interface CastVote {
  decision: Decision;
  operationId: OperationId | null;
  /** The edited content is what all others are asked about from now on. */
  amends: boolean;
  at: string;
}

export const createApprovalActivities = ({ approvals, content, audit, receipts }: Needs) => {
  const line = (tenantId: TenantId, id: ApprovalId, key: string, actor: string, action: string, metadata: object) =>
    audit.append(tenantId, {
      ...{ key: `approval/${id}/${key}`, actor, action: `approval.${action}` },
      ...{ resourceType: 'approval', resourceId: id, metadata: { ...metadata } },
    });

  return {
    openApproval: async (approval: OpenApproval): Promise<void> => void (await approvals.open(approval)),
    remindApproval: (tenantId: TenantId, id: ApprovalId): Promise<void> => approvals.remind(tenantId, id),

    /** When what is due where time runs in business hours alone. */
    businessDueTimes: async (
      { remindAfterMs, deadlineMs, escalations = [], businessHours }: ApprovalPolicy,
      from: number,
    ) => {
      const after = (ms: number) => (businessHours ? afterBusinessMs(businessHours, from, ms) : from + ms);
      const escalateAt = escalations.map(({ afterMs }) => after(afterMs)).sort((one, other) => one - other);
      return { remindAt: after(remindAfterMs), escalateAt, deadlineAt: after(deadlineMs) };
    },

    escalateApproval: async (tenantId: TenantId, id: ApprovalId, level: number): Promise<void> => {
      await approvals.escalate(tenantId, id, level);
      await line(tenantId, id, `level/${level}`, 'policy', 'escalated', { level });
    },

    delegateApproval: async (tenantId: TenantId, id: ApprovalId, to: UserId, by: UserId): Promise<void> => {
      await approvals.delegate(tenantId, id, to, by);
      await line(tenantId, id, `delegate/${to}`, by, 'delegated', { to });
    },

    /** Signs and keeps one word. Repeated, it is the same word with the same receipt. */
    castVote: async (
      tenantId: TenantId,
      id: ApprovalId,
      { decision, operationId, amends, at }: CastVote,
    ): Promise<void> => {
      const { kind, contentHash, contentId, commentId, actor } = decision;
      const { userId, role } = actor;
      const givenHash = decision.givenHash ?? contentHash;
      const facts = { kind, contentHash, givenHash, role, at };
      const receipt = await receipts.sign('approval', {
        ...{ iss: 'bizosaas', sub: userId, tenantId, approvalId: id, operationId },
        ...facts,
      });
      await approvals.vote(tenantId, id, { userId, kind, contentHash, givenHash, receipt, at });
      if (amends) await approvals.amend(tenantId, id, { id: contentId, sha256: givenHash });
      await line(tenantId, id, `vote/${userId}/${kind}/${givenHash}`, userId, 'vote', { ...facts, commentId });
    },

    closeApproval: async (
      tenantId: TenantId,
      id: ApprovalId,
      state: Exclude<Approval['state'], 'pending'>,
      decidedBy: UserId | null,
      facts: { contentHash: string; kind: string; commentId: string | null },
    ): Promise<void> => {
      await approvals.close(tenantId, id, state, decidedBy);
      await line(tenantId, id, 'closed', decidedBy ?? 'policy', state, facts);
    },

    /** The post to write: the one in the report, or the whole content when a person edited it. By reference. */
    extractProposedPost: async (tenantId: TenantId, contentId: string): Promise<ContentRef> => {
      const shown = await content.get(tenantId, contentId);
      const inReport =
        typeof shown === 'object' && shown !== null && 'proposedPost' in shown ? shown.proposedPost : shown;
      const post = ProposedPost.safeParse(inReport);
      if (!post.success) throw new Fault('invalid_request', 'the approved content holds no post to write');
      return content.put(tenantId, post.data);
    },
  };
};
