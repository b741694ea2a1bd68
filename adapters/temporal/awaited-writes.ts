import { WorkflowFailedError, WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { WriteReceipt } from '../../ports/connectors.ts';
import { Fault, isFault, isFaultCode } from '../../ports/errors.ts';
import { connectorWriteId, QUEUES, WORKFLOWS } from '../../ports/operations.ts';
import type { WorkflowPort } from '../../ports/workflows.ts';
import { withDeadline } from './client.ts';

const CALL_MS = 10_000;

/** As `workers/failures.ts` writes it. */
interface Details {
  fields?: { path: string; message: string }[];
  retryAfterMs?: number | null;
}

const faultOf = (error: WorkflowFailedError): Fault => {
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure) || !isFaultCode(cause.type)) {
    return new Fault('unavailable', 'the write did not end; it is made again', { cause: error });
  }
  const { fields = [], retryAfterMs } = (cause.details?.[0] ?? {}) as Details;
  const wait = typeof retryAfterMs === 'number' ? { retryAfterMs } : {};
  return new Fault(cause.type, cause.message, { cause: error, fields, ...wait });
};

/** Changes of tenants' systems that an activity has made and waits for; and whether a workflow lives. */
export function temporalAwaitedWrites(client: Client): Pick<WorkflowPort, 'write' | 'isOpen'> {
  return {
    isOpen: (workflowId) =>
      withDeadline(client, CALL_MS, async () => {
        try {
          const { status } = await client.workflow.getHandle(workflowId).describe();
          return status.name === 'RUNNING';
        } catch (error) {
          if (error instanceof WorkflowNotFoundError) return false;
          throw error;
        }
      }),

    async write(write, waitMs) {
      const { tenantId, connectionId, effectKey } = write;
      const handle = await withDeadline(client, CALL_MS, () =>
        client.workflow.start<(input: typeof write) => Promise<WriteReceipt>>(WORKFLOWS.connectorWrite, {
          workflowId: connectorWriteId(tenantId, effectKey),
          taskQueue: QUEUES.operations,
          args: [write],
          workflowIdConflictPolicy: 'USE_EXISTING',
          searchAttributes: {
            TenantId: [tenantId],
            Operation: [WORKFLOWS.connectorWrite],
            ConnectionId: [connectionId],
            BlockedBy: ['none'],
          },
        }),
      );
      try {
        return await withDeadline(client, waitMs, () => handle.result());
      } catch (error) {
        if (error instanceof WorkflowFailedError) throw faultOf(error);
        // Whether Temporal is away or the write is long cannot be told; asked again, it is the same write.
        if (isFault(error, 'unavailable')) return null;
        throw error;
      }
    },
  };
}
