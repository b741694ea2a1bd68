import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { Fault, isFaultCode } from '../../ports/errors.ts';
import type { ConnectionId, TenantId } from '../../ports/ids.ts';
import { connectionWorkflowId, MESSAGES } from '../../ports/operations.ts';
import type { WorkflowPort } from '../../ports/workflows.ts';
import type { Log } from '../log.ts';
import { withDeadline } from './client.ts';
import { temporalSchedules } from './schedules.ts';

const HEALTH_MS = 2000;
/** Longer than one call to a token endpoint with its retries, shorter than the activities that wait for it. */
const REFRESH_MS = 40_000;

interface Refreshed {
  version: number;
}

const faultOf = (error: unknown): unknown => {
  if (error instanceof WorkflowNotFoundError) {
    return new Fault('reauth_required', 'the connection is not open any more; connect it again', { cause: error });
  }
  if (!(error instanceof WorkflowUpdateFailedError)) return error;
  const { cause } = error;
  if (cause instanceof ApplicationFailure && isFaultCode(cause.type)) {
    return new Fault(cause.type, cause.message, { cause: error });
  }
  return new Fault('unavailable', 'the connection could not be refreshed now; try again shortly', { cause: error });
};

/** What activities and adapters ask of Temporal. */
export function temporalWorkflows({ client, log }: { client: Client; log: Log }): WorkflowPort {
  // One question at a time for each connection and process: a workflow takes ten updates in flight.
  const asking = new Map<string, Promise<Refreshed>>();

  const ask = async (tenantId: TenantId, id: ConnectionId, observedVersion: number): Promise<Refreshed> => {
    const handle = client.workflow.getHandle(connectionWorkflowId(tenantId, id));
    try {
      return await withDeadline(client, REFRESH_MS, () =>
        handle.executeUpdate<Refreshed, [{ observedVersion: number }]>(MESSAGES.refresh, {
          args: [{ observedVersion }],
        }),
      );
    } catch (error) {
      log.warn({ error, tenantId, connectionId: id }, 'a token was not refreshed');
      throw faultOf(error);
    }
  };

  return {
    refreshToken: (tenantId, id, observedVersion) => {
      const key = `${tenantId}/${id}/${observedVersion}`;
      const asked = asking.get(key) ?? ask(tenantId, id, observedVersion).finally(() => asking.delete(key));
      asking.set(key, asked);
      return asked;
    },
    ...temporalSchedules(client),
    health: async () => {
      await withDeadline(client, HEALTH_MS, () => client.workflowService.getSystemInfo({}));
    },
  };
}
