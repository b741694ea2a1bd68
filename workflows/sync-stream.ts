import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  ContinueAsNew,
  defineQuery,
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { SyncProgress } from '../activities/syncs.ts';
import type { ContentRef } from '../ports/agents.ts';
import type { ConnectionId, OperationId, RunId, TenantId } from '../ports/ids.ts';
import { connectionWorkflowId, MESSAGES } from '../ports/operations.ts';
import type { StreamRef, SyncCounts, SyncMode } from '../ports/syncs.ts';
import type { SinkKind } from '../ports/tenants.ts';
import { local, own, pages } from './lib/activities.ts';
import { askPeople, newApproval } from './lib/ask-people.ts';
import { credentialRejectedSignal } from './lib/connection-messages.ts';
import { asFailure, rootFailure } from './lib/failures.ts';
import { createPatience } from './lib/patience.ts';

export interface SyncInput {
  tenantId: TenantId;
  connectionId: ConnectionId;
  connectorId: string;
  stream: string;
  sink: SinkKind;
  mode: SyncMode;
  operationId: OperationId | null;
  /** A run that goes on after continue-as-new. */
  runId?: RunId;
}

export const progressQuery = defineQuery<SyncProgress | null>(MESSAGES.progress);

const DELETE_POLICY = {
  roles: ['tenant_admin'],
  remindAfterMs: 86_400_000,
  deadlineMs: 3 * 86_400_000,
  onDeadline: 'reject',
} as const;

/** Moves one stream of a connection to the sink that the tenant chose. Counts and cursors only ever reach this history. */
export async function syncStream(input: SyncInput): Promise<SyncCounts> {
  const { tenantId, connectionId, stream, sink, operationId } = input;
  const ref: StreamRef = { tenantId, connectionId, stream };
  const runId = input.runId ?? (uuid4() as RunId);
  let progress: SyncProgress | null = null;
  setHandler(progressQuery, () => progress);
  const patiently = createPatience();

  const deletes = async (): Promise<void> => {
    const plan = await own.planDeletes(ref, runId);
    if (plan.missing === 0) return;
    if (plan.brake) await askBeforeDeleting(input, plan.missing, plan.brake);
    progress = await pages.applyDeletes(ref, runId, sink);
  };

  try {
    progress = await local.beginSync(ref, runId, input.mode);
    while (!progress.scanComplete) {
      progress = await patiently(
        () => ref,
        () => pages.movePages(ref, runId, sink),
      );
      if (!progress.scanComplete && workflowInfo().continueAsNewSuggested) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof syncStream>({ ...input, runId });
      }
    }
    if (progress.mode === 'full') await deletes();
    const run = await own.endSync(ref, runId, 'completed', null);
    if (operationId) await local.settleOperation(operationId, 'completed', null);
    return run.counts;
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    await CancellationScope.nonCancellable(() => fail(input, ref, runId, error));
    throw asFailure(error);
  }
}

/** A full scan that misses much of what is known is more often a broken source than a great clean-up. */
async function askBeforeDeleting(
  { tenantId, operationId, stream }: SyncInput,
  missing: number,
  content: ContentRef,
): Promise<void> {
  const { outcome } = await askPeople(tenantId, {
    approvalId: newApproval(),
    operationId,
    subject: `Delete ${missing} records of ${stream} that the source no longer has`,
    content,
    policy: { ...DELETE_POLICY, roles: [...DELETE_POLICY.roles] },
  });
  if (outcome !== 'approved')
    throw ApplicationFailure.nonRetryable(
      `${missing} deletes of ${stream} were not approved; nothing was deleted`,
      'delete_guard',
    );
}

async function fail(
  { tenantId, connectionId, operationId }: SyncInput,
  ref: StreamRef,
  runId: RunId,
  error: unknown,
): Promise<void> {
  const { code, message } = rootFailure(error);
  const cancelled = isCancellation(error);
  await own.endSync(ref, runId, cancelled ? 'cancelled' : 'failed', `${code}: ${message}`);
  if (operationId) await local.settleOperation(operationId, cancelled ? 'cancelled' : 'failed', { code, message });
  if (code !== 'credential_rejected') return;
  // The connection judges for itself whether its credential is dead. It may be gone by now: then nobody needs to know.
  await getExternalWorkflowHandle(connectionWorkflowId(tenantId, connectionId))
    .signal(credentialRejectedSignal)
    .catch(() => undefined);
}
