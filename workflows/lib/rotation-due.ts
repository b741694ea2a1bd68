import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  ContinueAsNew,
  continueAsNew,
  ParentClosePolicy,
  setHandler,
  startChild,
  uuid4,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import { rotateSecretId, WORKFLOWS } from '../../ports/operations.ts';
import type { RotationTarget } from '../../ports/rotation.ts';
import type { rotateSecret } from '../rotate-secret.ts';
import { own } from './activities.ts';
import { searchAttributes } from './attributes.ts';
import { asFailure } from './failures.ts';
import { isLong } from './long.ts';
import { progressQuery } from './rotation-messages.ts';
import type { RotateDue } from './rotation-messages.ts';

/** As a workflow of its own, which nobody waits for. One that is at work already is not disturbed. */
const start = async (target: RotationTarget): Promise<void> => {
  const { scope, secretClass, subject } = target;
  try {
    await startChild<typeof rotateSecret>(WORKFLOWS.rotateSecret, {
      workflowId: rotateSecretId(scope, secretClass, subject),
      args: [{ rotationId: uuid4(), target, operationId: null, actor: 'schedule' }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      typedSearchAttributes: searchAttributes({ tenantId: scope, operation: WORKFLOWS.rotateSecret }),
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
};

/**
 * Starts a rotation of every secret of the class that is older than its policy says, page by page of tenants. What could not
 * be looked at fails the run in the end, for whoever watches Temporal.
 */
export const rotateDue = async ({ due, after, wrong: before }: RotateDue): Promise<void> => {
  setHandler(progressQuery, () => null);
  let next = after ?? null;
  let wrong = before ?? null;
  try {
    do {
      const found = await own.dueRotations(due, new Date(Date.now()).toISOString(), next);
      for (const target of found.targets) await start(target);
      next = found.next;
      wrong ??= found.wrong;
      if (next !== null && isLong())
        await continueAsNew<typeof rotateSecret>({ due, after: next, ...(wrong === null ? {} : { wrong }) });
    } while (next !== null);
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    throw asFailure(error);
  }
  if (wrong !== null) throw ApplicationFailure.nonRetryable(`not all could be looked at: ${wrong}`, 'unprocessable');
};
