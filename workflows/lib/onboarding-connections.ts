import {
  ApplicationFailure,
  ChildWorkflowCancellationType,
  condition,
  executeChild,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  setHandler,
  startChild,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { ConnectionId, TenantId } from '../../ports/ids.ts';
import { connectionWorkflowId, syncStreamId } from '../../ports/operations.ts';
import type { WantedConnector } from '../../ports/tenants.ts';
import { connection, connectionSettledSignal } from '../connection.ts';
import { syncStream } from '../sync-stream.ts';
import { own } from './activities.ts';
import { blockedBy, searchAttributes } from './attributes.ts';
import { dismantle } from './connection-states.ts';
import type { Story } from './story.ts';

export interface Connected extends WantedConnector {
  connectionId: ConnectionId;
  category: string;
}

type Undo = (step: () => Promise<unknown>) => void;

/** Opens one connection for each wanted connector, and waits until people have made them all. */
export async function connectAll(
  tenantId: TenantId,
  wanted: WantedConnector[],
  undo: Undo,
  story: Story,
): Promise<Connected[]> {
  const outcomes = new Map<string, boolean>();
  setHandler(connectionSettledSignal, ({ connectionId, connected }) => void outcomes.set(connectionId, connected));

  const opened: Connected[] = [];
  for (const each of wanted) opened.push(await openOne(tenantId, each, undo, outcomes));
  for (const { connector, connectionId } of opened) {
    await story.tell(`connect.${connector}`, 'waiting', `Waiting for ${connector} to be connected`, { connectionId });
  }
  await blockedBy(
    'auth',
    condition(() => opened.every(({ connectionId }) => outcomes.has(connectionId))),
  );
  for (const { connector, connectionId } of opened) {
    if (outcomes.get(connectionId))
      await story.tell(`connect.${connector}`, 'completed', `${connector} is connected`, { connectionId });
    else throw ApplicationFailure.nonRetryable(`nobody connected ${connector} in time`, 'not_connected');
  }
  return opened;
}

async function openOne(
  tenantId: TenantId,
  wanted: WantedConnector,
  undo: Undo,
  outcomes: ReadonlyMap<string, boolean>,
): Promise<Connected> {
  const connectionId = uuid4() as ConnectionId;
  const ref = { tenantId, connectionId };
  const workflowId = connectionWorkflowId(tenantId, connectionId);
  undo(() => own.removeConnection(ref));
  const { category } = await own.createConnection(tenantId, connectionId, wanted.connector, wanted.sync);
  undo(async () => {
    // One that gave up ends by itself. Else its own clean-up or ours: each is silent when the other was first.
    if (outcomes.get(connectionId) !== false)
      await getExternalWorkflowHandle(workflowId)
        .cancel()
        .catch(() => undefined);
    await dismantle(ref, wanted.sync);
  });
  await startChild(connection, {
    workflowId,
    args: [{ ...ref, connectorId: wanted.connector, sync: wanted.sync, notify: workflowInfo().workflowId }],
    parentClosePolicy: ParentClosePolicy.ABANDON,
    cancellationType: ChildWorkflowCancellationType.ABANDON,
    typedSearchAttributes: searchAttributes({
      tenantId,
      operation: 'connection',
      connectorId: wanted.connector,
      connectionId,
    }),
  });
  return { ...wanted, connectionId, category };
}

/** The first full sync of every chosen stream; then schedules keep them up to date. */
export async function syncAll(
  tenantId: TenantId,
  connected: Connected[],
  everyMs: number,
  story: Story,
): Promise<void> {
  for (const { connector, connectionId, sync } of connected) {
    for (const { stream, sink } of sync) {
      await story.step(
        `sync.${connector}.${stream}`,
        `First sync of ${stream} from ${connector}`,
        () =>
          executeChild(syncStream, {
            workflowId: syncStreamId(tenantId, connectionId, stream),
            args: [{ tenantId, connectionId, connectorId: connector, stream, sink, mode: 'full', operationId: null }],
            typedSearchAttributes: searchAttributes({
              tenantId,
              operation: 'syncStream',
              connectorId: connector,
              connectionId,
            }),
          }),
        ({ pages, read, delivered }) => ({ connectionId, pages, read, delivered }),
      );
    }
    await own.ensureSchedules({ tenantId, connectionId }, connector, sync, everyMs);
  }
}
