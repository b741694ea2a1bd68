import { z } from 'zod';
import { BusinessHours } from './business-hours.ts';
import { ApprovalId, ConnectionId, OperationId, TenantId, UserId } from './ids.ts';
import { Role } from './identity.ts';
import { ProposedPost } from './replies.ts';
import type { PageQuery } from './tenants.ts';

/** Who may decide, too, and from when on: so long after the beginning. */
const Escalation = z.strictObject({ afterMs: z.int().min(1000), roles: z.array(Role).min(1) });
const escalations = <Step extends z.ZodType>(step: Step) => z.array(step).max(5).optional();

/**
 * Who decides, when they are reminded, and what happens when nobody does. Durations in milliseconds. What people give is a
 * `GivenPolicy`.
 */
export const ApprovalPolicy = z
  .strictObject({
    roles: z.array(Role).min(1),
    /** People who may decide whatever their role; besides `roles`. */
    users: z.array(UserId).max(50).optional(),
    /** How many different people must approve; one unless said. One rejection is a rejection. */
    quorum: z.int().min(1).max(10).optional(),
    /** Whoever asked for it may not decide it. */
    fourEyes: z.boolean().optional(),
    remindAfterMs: z.int(),
    /** Each in turn, counted from the beginning: these may decide from then on, and are told. */
    escalations: escalations(Escalation),
    /** In which hours the time runs; all hours unless said. */
    businessHours: BusinessHours.optional(),
    deadlineMs: z.int(),
    onDeadline: z.literal('reject'),
  })
  .meta({ id: 'ApprovalPolicy' });
export type ApprovalPolicy = z.infer<typeof ApprovalPolicy>;

const MONTH_MS = 30 * 86_400_000;
const pause = z.int().min(60_000).max(MONTH_MS);

/** A policy whose times leave people time, and come. One that was kept before is still read as it is. */
export const GivenPolicy = ApprovalPolicy.extend({
  remindAfterMs: pause,
  escalations: escalations(Escalation.extend({ afterMs: Escalation.shape.afterMs.max(MONTH_MS) })),
  deadlineMs: pause,
}).meta({ id: 'NewApprovalPolicy' });

const hash = { contentHash: z.string() };
const comment = { comment: z.string().max(2000).optional() };

export const DecisionRequest = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('approve'), ...hash, ...comment }),
    z
      .strictObject({
        kind: z.literal('edit'),
        ...hash,
        ...comment,
        proposedPost: ProposedPost.optional(),
        /** Of a tool call: the arguments as they are to be, whole. */
        arguments: z.record(z.string(), z.json()).optional(),
      })
      .refine((it) => (it.proposedPost === undefined) !== (it.arguments === undefined), {
        message: 'name the edited `proposedPost` or the edited `arguments`, whichever the approval shows',
      }),
    z.strictObject({ kind: z.literal('reject'), ...hash, comment: z.string().min(1).max(2000) }),
    /** To a question: the answer. */
    z.strictObject({ kind: z.literal('respond'), ...hash, answer: z.string().min(1).max(20_000) }),
  ])
  .meta({
    id: 'DecisionRequest',
    description: 'contentHash is the hash of what was shown: a decision about anything else is stale',
  });
export type DecisionRequest = z.infer<typeof DecisionRequest>;

/** The decision as the workflow takes it: content by reference, comment in the store. */
export interface Decision {
  kind: 'approve' | 'edit' | 'reject' | 'respond';
  /** Hash of what the person was shown. */
  contentHash: string;
  /** What is approved: the shown content, the edited one, or the answer. */
  contentId: string;
  /** Of an edit or an answer: the hash of it. Whoever approves after an edit approves the edited content. */
  givenHash?: string;
  commentId: string | null;
  actor: { userId: UserId; role: Role };
}

export const ApprovalOutcome = z.enum(['approved', 'rejected', 'expired']);
export type ApprovalOutcome = z.infer<typeof ApprovalOutcome>;

/** One person's word on one approval. */
export const Vote = z
  .strictObject({
    userId: UserId,
    kind: z.enum(['approve', 'edit', 'reject', 'respond']),
    /** Hash of what that person was shown. */
    contentHash: z.string(),
    /** Hash of what the word is about: what was shown, or what an edit or an answer put in its place. */
    givenHash: z.string(),
    /** Signed by the platform (JWS): who decided what, when. */
    receipt: z.string(),
    at: z.iso.datetime(),
  })
  .meta({ id: 'Vote' });
export type Vote = z.infer<typeof Vote>;

export const Approval = z
  .strictObject({
    id: ApprovalId,
    tenantId: TenantId,
    operationId: OperationId.nullable(),
    /** What is approved is done through this connection; null: through none. */
    connectionId: ConnectionId.nullable(),
    workflowId: z.string(),
    /** `decision`: approve or reject; `question`: answered in words. */
    kind: z.enum(['decision', 'question']),
    subject: z.string(),
    contentId: z.uuid(),
    contentHash: z.string(),
    policy: ApprovalPolicy,
    /** Whose wish it is; null: nobody's in particular. With four eyes that person may not decide. */
    requestedBy: UserId.nullable(),
    state: z.enum(['pending', 'approved', 'rejected', 'expired', 'withdrawn']),
    /** How many escalations have come. */
    level: z.int(),
    remindedAt: z.iso.datetime().nullable(),
    deadlineAt: z.iso.datetime(),
    decidedBy: UserId.nullable(),
    decidedAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Approval' });
export type Approval = z.infer<typeof Approval>;

export interface WaitingApproval {
  approval: Approval;
  delegates: UserId[];
  /** Who has given their word on what is shown now. */
  voters: UserId[];
}

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
      | 'kind'
      | 'subject'
      | 'contentId'
      | 'contentHash'
      | 'policy'
      | 'requestedBy'
      | 'deadlineAt'
    >,
  ) => Promise<Approval>;
  remind: (tenantId: TenantId, id: ApprovalId) => Promise<void>;
  /** Never goes back. */
  escalate: (tenantId: TenantId, id: ApprovalId, level: number) => Promise<void>;
  /** This person may decide it too, whatever their role. Idempotent. */
  delegate: (tenantId: TenantId, id: ApprovalId, to: UserId, by: UserId) => Promise<void>;
  delegates: (tenantId: TenantId, id: ApprovalId) => Promise<UserId[]>;
  /** Idempotent by person and content. */
  vote: (tenantId: TenantId, id: ApprovalId, vote: Vote) => Promise<void>;
  votes: (tenantId: TenantId, id: ApprovalId) => Promise<Vote[]>;
  /** From now on this is what is to be decided about. Silent once decided. */
  amend: (tenantId: TenantId, id: ApprovalId, content: { id: string; sha256: string }) => Promise<void>;
  /** Idempotent: the first closing stays. */
  close: (
    tenantId: TenantId,
    id: ApprovalId,
    state: 'approved' | 'rejected' | 'expired' | 'withdrawn',
    decidedBy: UserId | null,
  ) => Promise<void>;
  get: (tenantId: TenantId, id: ApprovalId) => Promise<Approval>;
  /** Newest first, from behind `cursor`: the id of any approval of the tenant, whatever became of that. The newest unless said. */
  list: (tenantId: TenantId, state?: Approval['state'], page?: PageQuery) => Promise<Approval[]>;
  /**
   * Those that wait for a word, with who may give one besides the policy's people and who did: oldest first, from behind
   * `cursor` as in `list`. The oldest unless said.
   */
  waiting: (tenantId: TenantId, page?: PageQuery) => Promise<WaitingApproval[]>;
  /** Pending ones whose action goes through the connection. */
  pendingThrough: (tenantId: TenantId, id: ConnectionId) => Promise<Approval[]>;
  /** A link in a letter: `tokenHash` opens this approval once, for a person who is logged in besides. */
  putLink: (tenantId: TenantId, id: ApprovalId, tokenHash: string, expiresAt: string) => Promise<void>;
  /** What the link opens, without using it up; null as in `useLink`. */
  linkedTo: (tenantId: TenantId, tokenHash: string) => Promise<ApprovalId | null>;
  /** Uses the link up, in one statement; null: unknown, used or out of date, whichever. */
  useLink: (tenantId: TenantId, tokenHash: string, usedBy: UserId) => Promise<ApprovalId | null>;
}
