import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { connectionWorkflowId, MESSAGES } from '../../ports/operations.ts';
import type { WorkflowPort } from '../../ports/workflows.ts';
import { withDeadline } from './client.ts';

const CALL_MS = 10_000;
/** Signals under way at once. */
const ABREAST = 20;

/** What runs now and depends on a connection, as Temporal's visibility knows it: a moment late at times. */
export function temporalDependants(client: Client): Pick<WorkflowPort, 'listDependants' | 'resumeDependants'> {
  const list: WorkflowPort['listDependants'] = (tenantId, id) =>
    withDeadline(client, CALL_MS, async () => {
      const found = [];
      const query = `ConnectionId = "${id}" AND TenantId = "${tenantId}" AND ExecutionStatus = "Running"`;
      for await (const run of client.workflow.list({ query })) {
        if (run.workflowId === connectionWorkflowId(tenantId, id)) continue;
        found.push({
          kind: run.type,
          workflowId: run.workflowId,
          waiting: run.searchAttributes['BlockedBy']?.[0] === 'auth',
          startedAt: run.startTime.toISOString(),
        });
      }
      return found;
    });

  const resume = async (workflowId: string) => {
    try {
      await withDeadline(client, CALL_MS, () =>
        client.workflow.getHandle(workflowId).signal(MESSAGES.connectionResumed),
      );
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  };

  return {
    listDependants: list,
    resumeDependants: async (tenantId, id) => {
      const ids = (await list(tenantId, id)).map(({ workflowId }) => workflowId);
      for (let at = 0; at < ids.length; at += ABREAST) await Promise.all(ids.slice(at, at + ABREAST).map(resume));
    },
  };
}
