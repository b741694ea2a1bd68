import type { Connection } from '../ports/connections.ts';
import { Fault } from '../ports/errors.ts';
import type { UserId } from '../ports/ids.ts';
import { syncStreamId } from '../ports/operations.ts';
import type { Operation } from '../ports/runs.ts';
import type { SyncMode } from '../ports/syncs.ts';
import type { StreamChoice } from '../ports/tenants.ts';
import { syncStream } from '../workflows/sync-stream.ts';
import type { ApiDeps } from './deps.ts';
import { startOperation } from './start-operation.ts';

/** The stream as the tenant chose it; `not_found` when nobody did. */
export const chosenStream = ({ sync }: Connection, stream: string): StreamChoice => {
  const chosen = sync.find((choice) => choice.stream === stream);
  if (chosen === undefined) throw new Fault('not_found', `Nobody chose to sync ${stream} of this connection.`);
  return chosen;
};

/** Starts a sync to where the tenant chose; one at a time is started by people. */
export const startSync = (
  deps: ApiDeps,
  { tenantId, id: connectionId, connectorId }: Connection,
  { stream, sink, target }: StreamChoice,
  { mode, startedBy, onceKey }: { mode: SyncMode; startedBy: UserId; onceKey: string | null },
): Promise<Operation> =>
  startOperation(deps, {
    kind: 'syncStream',
    work: syncStream,
    workflowId: syncStreamId(tenantId, connectionId, stream),
    input: (operationId) => ({
      ...{ tenantId, connectionId, connectorId, stream, sink, mode, operationId },
      ...(target && { target }),
    }),
    scope: tenantId,
    startedBy,
    onceKey,
    reuse: 'ALLOW_DUPLICATE',
    connector: { connectorId, connectionId },
    taken: new Fault('conflict', `A sync of ${stream} is running already; wait for its end.`),
  });
