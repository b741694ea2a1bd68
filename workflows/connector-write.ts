import { ApplicationFailure, CancellationScope, defineQuery, isCancellation, setHandler } from '@temporalio/workflow';
import type { Write } from '../activities/writes.ts';
import type { ContentRef } from '../ports/content.ts';
import type { ApprovalPolicy } from '../ports/approvals.ts';
import type { WriteReceipt } from '../ports/connectors.ts';
import type { OperationId, UserId } from '../ports/ids.ts';
import { MESSAGES } from '../ports/operations.ts';
import { local, own, writes } from './lib/activities.ts';
import { askPeople, newApproval, WITHIN_A_WEEK } from './lib/ask-people.ts';
import { asFailure, rootFailure } from './lib/failures.ts';
import { createPatience } from './lib/patience.ts';
import { createStory } from './lib/story.ts';

/** What people are asked before anything is sent. */
export interface WriteApproval {
  policy: ApprovalPolicy;
  subject: string;
  content: ContentRef;
  /** Whose wish it is, where the policy wants four eyes. */
  requestedBy?: UserId | null;
}

export interface WriteInput extends Write {
  /** The operation that this write is; its story is told there, and it ends with it. */
  operationId?: OperationId | null;
  approval?: WriteApproval | null;
}

type Stage = 'asking' | 'writing' | 'written';

export const progressQuery = defineQuery<Stage>(MESSAGES.progress);

/**
 * The one way to change a tenant's system: one create, update or delete, once, whatever dies in between. An attempt that may
 * have happened, and must not be made twice, waits for a person who looks.
 * A cancellation waits for the write under way: its outcome must be known. One for the connection to work again ends at once.
 */
export async function connectorWrite(input: WriteInput): Promise<WriteReceipt> {
  const { operationId = null, approval = null, ...write } = input;
  let stage: Stage = 'writing';
  setHandler(progressQuery, () => stage);
  const patiently = createPatience();
  const attempt = () =>
    patiently(
      () => write,
      () => CancellationScope.nonCancellable(() => writes.performWrite(write)),
    );
  const asking = async (ask: () => Promise<void>): Promise<void> => {
    stage = 'asking';
    await ask();
    stage = 'writing';
  };
  const once = async (): Promise<WriteReceipt> => {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        const { code, message } = rootFailure(error);
        if (code !== 'outcome_unknown') throw error;
        await asking(() => askWhetherToRepeat(write, operationId, message));
      }
    }
  };

  try {
    if (approval) await asking(() => askFirst(write, operationId, approval));
    const receipt = await told(write, operationId, once);
    stage = 'written';
    await CancellationScope.nonCancellable(() => end(write, operationId, 'completed', null));
    return receipt;
  } catch (error) {
    const { code, message } = rootFailure(error);
    const outcome = isCancellation(error) ? 'cancelled' : 'failed';
    await CancellationScope.nonCancellable(() => end(write, operationId, outcome, { code, message }));
    throw asFailure(error);
  }
}

const told = (
  { tenantId, connectionId, stream, action }: Write,
  operationId: OperationId | null,
  run: () => Promise<WriteReceipt>,
): Promise<WriteReceipt> =>
  operationId
    ? createStory(operationId, tenantId, 'connectorWrite').step(
        'write',
        `${VERBS[action.kind]} in ${stream}`,
        run,
        ({ externalId }) => ({ connectionId, stream, kind: action.kind, externalId }),
      )
    : run();

const VERBS = { create: 'Creating', update: 'Changing', delete: 'Deleting' } as const;

/** Nothing was asked of the vendor by now. */
async function askFirst(
  { tenantId, connectionId }: Write,
  operationId: OperationId | null,
  question: WriteApproval,
): Promise<void> {
  const { outcome, contentId } = await askPeople(tenantId, {
    approvalId: newApproval(),
    operationId,
    connectionId,
    ...question,
  });
  const refuse = (message: string) => ApplicationFailure.nonRetryable(message, 'not_approved');
  if (outcome === 'expired') throw refuse('nobody decided in time');
  // Whoever edits decides about other content than is to be written.
  if (outcome === 'rejected' || contentId !== question.content.id) throw refuse('this change was rejected');
}

/** Approved: nothing had happened, and it may be made again. */
async function askWhetherToRepeat(write: Write, operationId: OperationId | null, reason: string): Promise<void> {
  const { tenantId, connectionId, stream, effectKey, action } = write;
  const { outcome } = await askPeople(tenantId, {
    approvalId: newApproval(),
    operationId,
    connectionId,
    subject: `${VERBS[action.kind]} in ${stream} may have happened. Look there, and approve if it did not and is to be done again`,
    content: await own.describeAttempt(write, reason),
    policy: WITHIN_A_WEEK,
  });
  if (outcome !== 'approved') throw ApplicationFailure.nonRetryable(reason, 'outcome_unknown');
  await own.forgetAttempt(tenantId, effectKey);
}

async function end(
  { tenantId, effectKey, action }: Write,
  operationId: OperationId | null,
  outcome: 'completed' | 'failed' | 'cancelled',
  error: { code: string; message: string } | null,
): Promise<void> {
  const objectKey = action.kind === 'create' ? (action.file?.objectKey ?? null) : null;
  if (objectKey !== null || outcome !== 'completed') await own.dropWrite(tenantId, effectKey, objectKey);
  if (operationId) await local.settleOperation(operationId, outcome, error);
}
