import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { ApprovalOutcome, ApprovalPolicy, Decision } from '../../ports/approvals.ts';
import type { ContentRef } from '../../ports/content.ts';
import type { ApprovalId, ConnectionId, OperationId, TenantId, UserId } from '../../ports/ids.ts';
import { MESSAGES } from '../../ports/operations.ts';
import type { Actor } from './approval-rules.ts';

export interface ApprovalInput {
  tenantId: TenantId;
  approvalId: ApprovalId;
  operationId: OperationId | null;
  /** What is approved is done through this connection. */
  connectionId?: ConnectionId | null;
  /** A decision unless said. */
  kind?: 'decision' | 'question';
  /** Whose wish it is; with four eyes that person may not decide. */
  requestedBy?: UserId | null;
  subject: string;
  content: ContentRef;
  policy: ApprovalPolicy;
}

export interface ApprovalResult {
  outcome: ApprovalOutcome;
  /** What was approved: as shown, or as edited; of a question the answer. */
  contentId: string;
}

/** How it stands after one word. `missing`: how many more people must say yes. */
export type Decided = ApprovalResult | { outcome: 'pending'; contentId: string; missing: number };

/** Somebody who may decide hands it on. */
export interface Delegation {
  to: UserId;
  by: Actor;
}

export const decideUpdate = defineUpdate<Decided, [Decision]>(MESSAGES.decide);
/** For who cannot wait for an answer: one that an update would refuse is dropped. */
export const decideSignal = defineSignal<[Decision]>(MESSAGES.decide);
export const delegateUpdate = defineUpdate<undefined, [Delegation]>(MESSAGES.delegate);
export const statusQuery = defineQuery<'pending' | 'decided' | 'closed'>(MESSAGES.status);
