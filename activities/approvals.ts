import { ProposedPost } from '../ports/agents.ts';
import type { ContentRef } from '../ports/agents.ts';
import type { Approval } from '../ports/approvals.ts';
import { Fault } from '../ports/errors.ts';
import type { ApprovalId, TenantId, UserId } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';

type OpenApproval = Parameters<Ports['approvals']['open']>[0];
type Needs = Pick<Ports, 'approvals' | 'content' | 'audit'>;

export const createApprovalActivities = ({ approvals, content, audit }: Needs) => ({
  openApproval: async (approval: OpenApproval): Promise<void> => void (await approvals.open(approval)),
  remindApproval: (tenantId: TenantId, id: ApprovalId): Promise<void> => approvals.remind(tenantId, id),
  closeApproval: async (
    tenantId: TenantId,
    id: ApprovalId,
    state: Exclude<Approval['state'], 'pending'>,
    decidedBy: UserId | null,
    facts: { contentHash: string; kind: string; commentId: string | null },
  ): Promise<void> => {
    await approvals.close(tenantId, id, state, decidedBy);
    await audit.append(tenantId, {
      key: `approval/${id}/closed`,
      actor: decidedBy ?? 'policy',
      action: `approval.${state}`,
      resourceType: 'approval',
      resourceId: id,
      metadata: facts,
    });
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
});
