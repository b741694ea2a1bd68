import { z } from 'zod';
import { ProposedPost } from './agents.ts';
import { ApprovalId, ConnectionId, OperationId, TenantId, UserId } from './ids.ts';
import { Role } from './identity.ts';

/** Who decides, when they are reminded, and what happens when nobody does. Durations in milliseconds. */
export const ApprovalPolicy = z
  .strictObject({
    roles: z.array(Role).min(1),
    remindAfterMs: z.number().int(),
    deadlineMs: z.number().int(),
    onDeadline: z.literal('reject'),
  })
  .meta({ id: 'ApprovalPolicy' });
export type ApprovalPolicy = z.infer<typeof ApprovalPolicy>;

export const DecisionRequest = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('approve'), contentHash: z.string(), comment: z.string().max(2000).optional() }),
    z.strictObject({
      kind: z.literal('edit'),
      contentHash: z.string(),
      comment: z.string().max(2000).optional(),
      proposedPost: ProposedPost,
    }),
    z.strictObject({ kind: z.literal('reject'), contentHash: z.string(), comment: z.string().min(1).max(2000) }),
  ])
  .meta({
    id: 'DecisionRequest',
    description: 'contentHash is the hash of what was shown: a decision about anything else is stale',
  });
export type DecisionRequest = z.infer<typeof DecisionRequest>;

/** The decision as the workflow takes it: content by reference, comment in the store. */
export interface Decision {
  kind: 'approve' | 'edit' | 'reject';
  /** Hash of what the person was shown. */
  contentHash: string;
  /** What is approved: the shown content, or the edited one. */
  contentId: string;
  commentId: string | null;
  actor: { userId: UserId; role: Role };
}

export const ApprovalOutcome = z.enum(['approved', 'rejected', 'expired']);
export type ApprovalOutcome = z.infer<typeof ApprovalOutcome>;

export const Approval = z
  .strictObject({
    id: ApprovalId,
    tenantId: TenantId,
    operationId: OperationId.nullable(),
    /** What is approved is done through this connection; null: through none. */
    connectionId: ConnectionId.nullable(),
    workflowId: z.string(),
    subject: z.string(),
    contentId: z.uuid(),
    contentHash: z.string(),
    policy: ApprovalPolicy,
    state: z.enum(['pending', 'approved', 'rejected', 'expired', 'withdrawn']),
    remindedAt: z.iso.datetime().nullable(),
    deadlineAt: z.iso.datetime(),
    decidedBy: UserId.nullable(),
    decidedAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Approval' });
export type Approval = z.infer<typeof Approval>;

export interface ApprovalStore {
  /** Idempotent for one id. */
  open: (
    approval: Pick<
      Approval,
      | 'id'
      | 'tenantId'
      | 'operationId'
      | 'connectionId'
      | 'workflowId'
      | 'subject'
      | 'contentId'
      | 'contentHash'
      | 'policy'
      | 'deadlineAt'
    >,
  ) => Promise<Approval>;
  remind: (tenantId: TenantId, id: ApprovalId) => Promise<void>;
  /** Idempotent: the first closing stays. */
  close: (
    tenantId: TenantId,
    id: ApprovalId,
    state: 'approved' | 'rejected' | 'expired' | 'withdrawn',
    decidedBy: UserId | null,
  ) => Promise<void>;
  get: (tenantId: TenantId, id: ApprovalId) => Promise<Approval>;
  list: (tenantId: TenantId, state?: Approval['state']) => Promise<Approval[]>;
  /** Pending ones whose action goes through the connection. */
  pendingThrough: (tenantId: TenantId, id: ConnectionId) => Promise<Approval[]>;
}
