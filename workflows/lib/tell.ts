import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { CancellationScope, ChildWorkflowCancellationType, ParentClosePolicy, startChild } from '@temporalio/workflow';
import type { Scope } from '../../ports/ids.ts';
import type { Note } from '../../ports/notifications.ts';
import { tellPeopleId } from '../../ports/operations.ts';
import { tellPeople } from '../tell-people.ts';
import { searchAttributes } from './attributes.ts';

/**
 * Has people told, by a workflow that outlives this one: a channel that is down holds nobody up. The key names the fact, so
 * whoever tells it again, or beside another, is silent.
 */
export async function tell(scope: Scope, note: Note): Promise<void> {
  try {
    // A cancellation that met the start on its way would leave its end unknown for ever.
    await CancellationScope.nonCancellable(() =>
      startChild(tellPeople, {
        workflowId: tellPeopleId(scope, note.key),
        args: [{ scope, note }],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        parentClosePolicy: ParentClosePolicy.ABANDON,
        cancellationType: ChildWorkflowCancellationType.ABANDON,
        typedSearchAttributes: searchAttributes({ tenantId: scope, operation: 'tellPeople' }),
      }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
