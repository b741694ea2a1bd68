import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { QUEUES, tellPeopleId, WORKFLOWS } from '../../ports/operations.ts';
import type { WorkflowPort } from '../../ports/workflows.ts';
import { withDeadline } from './client.ts';

const START_MS = 10_000;

/**
 * Has people told by a workflow that nobody waits for. It is no child of whoever tells: a child's end would come in the
 * middle of its parent's own last task, and the server would take that task, and every update in it, back.
 */
export const temporalNotices = (client: Client): Pick<WorkflowPort, 'tellPeople'> => ({
  async tellPeople(scope, note) {
    try {
      await withDeadline(client, START_MS, () =>
        client.workflow.start(WORKFLOWS.tellPeople, {
          workflowId: tellPeopleId(scope, note.key),
          taskQueue: QUEUES.operations,
          args: [{ scope, note }],
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          searchAttributes: { TenantId: [scope], Operation: [WORKFLOWS.tellPeople], BlockedBy: ['none'] },
        }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  },
});
