import { ScheduleOverlapPolicy } from '@temporalio/client';
import type { Client, ScheduleOptions } from '@temporalio/client';
import { PLATFORM } from '../../ports/ids.ts';
import { inboxSweepId, MESSAGES, QUEUES, syncStreamId, webhookInboxId, WORKFLOWS } from '../../ports/operations.ts';
import type { WorkflowPort } from '../../ports/workflows.ts';
import { withDeadline } from './client.ts';
import { scheduleCalls } from './schedule-calls.ts';

const CALL_MS = 10_000;
const SWEEP_MS = 5 * 60_000;

const sweep = {
  scheduleId: inboxSweepId(),
  spec: { intervals: [{ every: SWEEP_MS }] },
  policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: SWEEP_MS, pauseOnFailure: false },
  // At once as well: what came before the death of a whole deployment waits no longer than it must.
  state: { triggerImmediately: true },
  searchAttributes: { TenantId: [PLATFORM], Operation: [WORKFLOWS.webhookInbox] },
  action: {
    type: 'startWorkflow',
    workflowType: WORKFLOWS.webhookInbox,
    workflowId: inboxSweepId(),
    taskQueue: QUEUES.operations,
    args: [{ sweep: true }],
    searchAttributes: { TenantId: [PLATFORM], Operation: [WORKFLOWS.webhookInbox], BlockedBy: ['none'] },
  },
} satisfies ScheduleOptions;

type Inboxes = Pick<WorkflowPort, 'wakeInbox' | 'ensureInboxSweep' | 'wakeSync'>;

/** What a webhook sets going. Any number of calls for one thing are one run, and at most one more behind it. */
export const temporalInboxes = (client: Client): Inboxes => ({
  async wakeInbox(scope, endpointId) {
    await withDeadline(client, CALL_MS, () =>
      client.workflow.signalWithStart(WORKFLOWS.webhookInbox, {
        workflowId: webhookInboxId(scope, endpointId),
        taskQueue: QUEUES.operations,
        args: [{ scope, endpointId }],
        signal: MESSAGES.arrived,
        searchAttributes: { TenantId: [scope], Operation: [WORKFLOWS.webhookInbox], BlockedBy: ['none'] },
      }),
    );
  },

  ensureInboxSweep: () => scheduleCalls(client).ensure(sweep),

  async wakeSync({ tenantId, connectionId, stream }, { connectorId, sink, target }) {
    const mode = { mode: 'incremental', lane: 'webhook', operationId: null };
    const destination = { sink, ...(target && { target }) };
    await withDeadline(client, CALL_MS, () =>
      client.workflow.signalWithStart(WORKFLOWS.syncStream, {
        workflowId: syncStreamId(tenantId, connectionId, stream),
        taskQueue: QUEUES.operations,
        args: [{ tenantId, connectionId, connectorId, stream, ...destination, ...mode }],
        signal: MESSAGES.changed,
        searchAttributes: {
          TenantId: [tenantId],
          Operation: [WORKFLOWS.syncStream],
          ConnectorId: [connectorId],
          ConnectionId: [connectionId],
          BlockedBy: ['none'],
        },
      }),
    );
  },
});
