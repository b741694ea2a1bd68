import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Context } from 'koa';
import { z } from 'zod';
import { ApprovalOutcome, DecisionRequest } from '../../ports/approvals.ts';
import type { Approval, Decision } from '../../ports/approvals.ts';
import type { ContentRef } from '../../ports/content.ts';
import { Fault } from '../../ports/errors.ts';
import { ApprovalId, Email, UserId } from '../../ports/ids.ts';
import type { TenantId } from '../../ports/ids.ts';
import type { Principal } from '../../ports/identity.ts';
import { approvalWorkflowId } from '../../ports/operations.ts';
import { decideSignal, decideUpdate, delegateUpdate } from '../../workflows/approval.ts';
import type { Decided as Outcome } from '../../workflows/approval.ts';
import { notADecider, whyNot } from '../../workflows/lib/approval-rules.ts';
import type { Refusal } from '../../workflows/lib/approval-rules.ts';
import { standingOf } from '../approval-standing.ts';
import type { ApiDeps } from '../deps.ts';
import { putEdited } from '../edited-content.ts';
import { route } from '../route.ts';
import type { Route } from '../route.ts';
import { START_MS, update, within } from '../temporal.ts';

const Decided = z
  .strictObject({
    /** `pending`: more people are waited for, or the caller did not wait. */
    outcome: z.enum(['pending', ...ApprovalOutcome.options]),
    /** How many more must say yes; null where the caller did not wait. */
    missing: z.int().nullable(),
    /** Signed: who decided what, when. By `GET /receipts/keys` anybody verifies it. Null where there is none yet. */
    receipt: z.string().nullable(),
  })
  .meta({ id: 'Decided' });

const Delegate = z.strictObject({ to: Email }).meta({ id: 'DelegateApproval' });

/** Everybody to whom it was handed on. */
const Delegated = z.strictObject({ delegates: z.array(UserId) }).meta({ id: 'ApprovalDelegates' });

const closed = () => new Fault('approval_closed', 'This was already decided, or nobody decided in time.');

const refuse = ({ state }: Approval, refusal: Refusal | null): void => {
  if (refusal?.code === 'forbidden') throw new Fault(refusal.code, refusal.message);
  if (state !== 'pending') throw closed();
  if (refusal) throw new Fault(refusal.code, refusal.message);
};

/** What takes the place of what was shown; null where it is approved or rejected as it is. */
const given = ({ ports }: ApiDeps, tenantId: TenantId, approval: Approval, body: DecisionRequest) => {
  if (body.kind === 'edit') return putEdited({ ports }, tenantId, approval, body);
  return body.kind === 'respond' ? ports.content.put(tenantId, { answer: body.answer }) : null;
};

const decisionOf = async (
  deps: ApiDeps,
  tenantId: TenantId,
  approval: Approval,
  body: DecisionRequest,
  { userId, role }: Principal,
): Promise<Decision> => {
  const content: ContentRef | null = await given(deps, tenantId, approval, body);
  const comment = 'comment' in body && body.comment !== undefined ? { comment: body.comment } : null;
  return {
    kind: body.kind,
    contentHash: body.contentHash,
    contentId: content?.id ?? approval.contentId,
    ...(content && { givenHash: content.sha256 }),
    commentId: comment && (await deps.ports.content.put(tenantId, comment)).id,
    actor: { userId, role },
  };
};

/** RFC 7240: the caller would rather not wait until the decision is taken. */
const waitsNot = (ctx: Context): boolean => /(^|,)\s*respond-async\s*(,|;|$)/i.test(ctx.get('Prefer'));

export const approvalDecisionRoutes = (deps: ApiDeps): Route[] => [
  route({
    method: 'post',
    path: '/approvals/:id/decisions',
    summary: 'Decide, once, about exactly what was shown',
    description:
      'With `Prefer: respond-async` it is handed over unanswered: whether it was taken stands in the approval.',
    may: 'decideApprovals',
    within: 'tenant',
    params: z.strictObject({ id: ApprovalId }),
    body: DecisionRequest,
    reply: { status: 200, schema: Decided },
    async handle({ params, body, tenantId, principal, onceKey, ctx }) {
      const { approval, delegates, voters } = await standingOf(deps.ports, tenantId, params.id);
      refuse(approval, whyNot({ ...approval, delegates, voters }, { ...body, actor: principal }));
      const decision = await decisionOf(deps, tenantId, approval, body, principal);
      const workflowId = approvalWorkflowId(tenantId, approval.id);
      if (waitsNot(ctx)) {
        const { workflow } = deps.temporal;
        await within(deps.temporal, START_MS, () =>
          workflow.getHandle(workflowId).signal(decideSignal, decision),
        ).catch((error: unknown) => {
          throw error instanceof WorkflowNotFoundError ? closed() : error;
        });
        ctx.state.status = 202;
        ctx.set('Preference-Applied', 'respond-async');
        return { outcome: 'pending', missing: null, receipt: null };
      }
      const taken: Outcome = await update(deps.temporal, {
        workflowId,
        definition: decideUpdate,
        args: [decision],
        updateId: onceKey ?? randomUUID(),
        ended: closed(),
      });
      const votes = await deps.ports.approvals.votes(tenantId, approval.id);
      const own = votes.findLast(({ userId, kind }) => userId === principal.userId && kind === decision.kind);
      const missing = taken.outcome === 'pending' ? taken.missing : 0;
      return { outcome: taken.outcome, missing, receipt: own?.receipt ?? null };
    },
  }),
  route({
    method: 'post',
    path: '/approvals/:id/delegate',
    summary: 'Hand the decision on to somebody else of the tenant, who may decide from now on, besides the others',
    may: 'decideApprovals',
    within: 'tenant',
    params: z.strictObject({ id: ApprovalId }),
    body: Delegate,
    reply: { status: 200, schema: Delegated },
    async handle({ params, body, tenantId, principal, onceKey }) {
      const { approval, delegates, voters } = await standingOf(deps.ports, tenantId, params.id);
      refuse(approval, notADecider({ ...approval, delegates, voters }, principal));
      const people = await deps.ports.identity.principalsOf(body.to);
      const to = people.find((one) => one.tenantId === tenantId);
      if (!to) throw new Fault('not_found', 'Nobody of this tenant has that address.');
      await update(deps.temporal, {
        workflowId: approvalWorkflowId(tenantId, approval.id),
        definition: delegateUpdate,
        args: [{ to: to.userId, by: { userId: principal.userId, role: principal.role } }],
        updateId: onceKey ?? randomUUID(),
        ended: closed(),
      });
      return { delegates: await deps.ports.approvals.delegates(tenantId, approval.id) };
    },
  }),
];
