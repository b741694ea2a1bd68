import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Approval, ApprovalOutcome, DecisionRequest } from '../../ports/approvals.ts';
import type { Decision } from '../../ports/approvals.ts';
import { Fault, isFault } from '../../ports/errors.ts';
import { ApprovalId } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { Principal } from '../../ports/identity.ts';
import { approvalWorkflowId } from '../../ports/operations.ts';
import { PageQuery } from '../../ports/tenants.ts';
import { decideUpdate } from '../../workflows/approval.ts';
import type { ApiDeps } from '../deps.ts';
import { pageOf, paginate } from '../paging.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { update } from '../temporal.ts';

const ApprovalInfo = Approval.omit({ workflowId: true }).meta({ id: 'ApprovalInfo' });

/**
 * With what is to be decided about: `contentHash` is the hash of exactly this content. Null once a change of the tenant's own
 * system is over: of what was written there no copy is kept here.
 */
const ApprovalDetail = ApprovalInfo.extend({ content: z.json() }).meta({ id: 'ApprovalDetail' });

const Decided = z.strictObject({ outcome: ApprovalOutcome }).meta({ id: 'Decided' });

const info = ({ workflowId: _, ...approval }: Approval) => approval;

const closed = () => new Fault('approval_closed', 'This was already decided, or nobody decided in time.');

const refuse = (approval: Approval, contentHash: string, { role }: Principal): void => {
  if (!approval.policy.roles.includes(role)) {
    throw new Fault('forbidden', `This is decided by ${approval.policy.roles.join(' or ')}.`);
  }
  if (approval.state !== 'pending') throw closed();
  if (approval.contentHash !== contentHash) {
    throw new Fault('approval_stale', 'This decision is about other content than is shown now; read it again.');
  }
};

/** The edited content takes the place of what was shown, whole: what is approved stands under one reference. */
const edited = async ({ ports }: ApiDeps, tenantId: TenantId, approval: Approval, proposedPost: unknown) => {
  const shown = await ports.content.get(tenantId, approval.contentId);
  if (typeof shown !== 'object' || shown === null || !('proposedPost' in shown)) {
    throw new Fault('unsupported', 'There is no post in this approval to edit; approve or reject it.');
  }
  return ports.content.put(tenantId, { ...shown, proposedPost });
};

export const approvalRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'get',
    path: '/approvals',
    summary: 'What waits for a person, and what was decided',
    may: 'viewDashboard',
    within: 'tenant',
    query: PageQuery.extend({ state: Approval.shape.state.optional() }),
    reply: { status: 200, schema: pageOf(ApprovalInfo) },
    async handle({ query: { state, ...page }, tenantId }) {
      const all = (await deps.ports.approvals.list(tenantId, state)).map(info);
      return paginate(all, page, ({ id }) => id);
    },
  }),
  route({
    method: 'get',
    path: '/approvals/:id',
    summary: 'One approval with the content that is to be decided about',
    may: 'viewDashboard',
    within: 'tenant',
    params: z.strictObject({ id: ApprovalId }),
    reply: { status: 200, schema: ApprovalDetail },
    async handle({ params, tenantId }) {
      const approval = await deps.ports.approvals.get(tenantId, params.id);
      const content = await deps.ports.content.get(tenantId, approval.contentId).catch((error: unknown) => {
        if (isFault(error, 'not_found') && approval.state !== 'pending') return null;
        throw error;
      });
      return { ...info(approval), content };
    },
  }),
  route({
    method: 'post',
    path: '/approvals/:id/decisions',
    summary: 'Decide, once, about exactly what was shown',
    may: 'decideApprovals',
    within: 'tenant',
    params: z.strictObject({ id: ApprovalId }),
    body: DecisionRequest,
    reply: { status: 200, schema: Decided },
    async handle({ params, body, tenantId, principal, onceKey }) {
      const approval = await deps.ports.approvals.get(tenantId, params.id);
      refuse(approval, body.contentHash, principal);
      const content = body.kind === 'edit' ? await edited(deps, tenantId, approval, body.proposedPost) : null;
      const comment =
        body.comment === undefined ? null : await deps.ports.content.put(tenantId, { comment: body.comment });
      const decision: Decision = {
        kind: body.kind,
        contentHash: body.contentHash,
        contentId: content?.id ?? approval.contentId,
        commentId: comment?.id ?? null,
        actor: { userId: principal.userId, role: principal.role },
      };
      const { outcome } = await update(deps.temporal, {
        workflowId: approvalWorkflowId(tenantId, approval.id),
        definition: decideUpdate,
        args: [decision],
        updateId: onceKey ?? randomUUID(),
        ended: closed(),
      });
      return { outcome };
    },
  }),
];
