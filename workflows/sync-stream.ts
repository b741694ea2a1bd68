import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  ContinueAsNew,
  defineQuery,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
  sleep,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { SyncProgress } from '../activities/sync-progress.ts';
import type { Lane } from '../ports/connectors.ts';
import type { ConnectionId, OperationId, RunId, TenantId } from '../ports/ids.ts';
import { connectionWorkflowId, MESSAGES } from '../ports/operations.ts';
import type { StreamRef, SyncCounts, SyncMode } from '../ports/syncs.ts';
import type { Destination } from '../ports/tenants.ts';
import { local, own, pages, transfers } from './lib/activities.ts';
import { credentialRejectedSignal } from './lib/connection-messages.ts';
import { asFailure, isGone, rootFailure } from './lib/failures.ts';
import { createPatience } from './lib/patience.ts';
import { askBeforeDeleting, tellOfDrift } from './lib/sync-notices.ts';

export interface SyncInput extends Destination {
  tenantId: TenantId;
  connectionId: ConnectionId;
  connectorId: string;
  stream: string;
  mode: SyncMode;
  operationId: OperationId | null;
  /** Who goes first when the vendor's budget is short: `backfill` unless said. */
  lane?: Lane;
  /** A run whose id was chosen before. */
  runId?: RunId;
  /** It goes on after continue-as-new. `changed`: it was told meanwhile that the source changed. */
  resumed?: { changed: boolean };
}

export const progressQuery = defineQuery<SyncProgress | null>(MESSAGES.progress);
/** The source says that the stream changed: who is at work goes round once more. */
export const changedSignal = defineSignal(MESSAGES.changed);

const TURN_FIRST_MS = 2000;
const TURN_LAST_MS = 5 * 60_000;

/** Moves one stream of a connection to the sink that the tenant chose. Counts and cursors only ever reach this history. */
export async function syncStream(input: SyncInput): Promise<SyncCounts> {
  const { tenantId, connectionId, stream, sink, target, lane, operationId, resumed } = input;
  const ref: StreamRef = { tenantId, connectionId, stream };
  const to: Destination = { sink, ...(target && { target }) };
  const runId = input.runId ?? (uuid4() as RunId);
  const move = { runId, to, operationId, ...(lane && { lane }) };
  const mover = sink === 'connection' ? transfers : pages;
  let progress: SyncProgress | null = null;
  let changed = resumed?.changed ?? false;
  setHandler(progressQuery, () => progress);
  setHandler(changedSignal, () => void (changed = true));
  const patiently = createPatience();

  /** Runs of one stream go one after the other. What changes before this one begins it will see. */
  const begin = async (): Promise<SyncProgress> => {
    for (let waitMs = TURN_FIRST_MS; ; waitMs = Math.min(waitMs * 2, TURN_LAST_MS)) {
      if (!resumed) changed = false;
      const begun = await local.beginSync(ref, runId, input.mode, lane);
      if (begun) return begun;
      await sleep(waitMs);
    }
  };
  const deletes = async (): Promise<void> => {
    const plan = await own.planDeletes(ref, runId);
    if (plan.missing === 0) return;
    if (plan.brake) await askBeforeDeleting(input, plan.missing, plan.brake);
    progress = await mover.applyDeletes(ref, runId, to);
  };

  try {
    progress = await begin();
    while (!progress.scanComplete) {
      progress = await patiently(
        () => ref,
        () => mover.movePages(ref, move),
      );
      if (!progress.scanComplete && workflowInfo().continueAsNewSuggested) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof syncStream>({ ...input, runId, resumed: { changed } });
      }
    }
    if (progress.mode === 'full' && !progress.unproven) await deletes();
    if (progress.toRetry > 0) {
      progress = await patiently(
        () => ref,
        () => mover.retryQuarantined(ref, move),
      );
    }
    const run = await own.endSync(ref, runId, 'completed', null);
    if (run.drift) await tellOfDrift(input, run.id, run.drift);
    if (operationId) await local.settleOperation(operationId, 'completed', null);
    if (changed) await continueAsNew<typeof syncStream>(roundAgain(input));
    return run.counts;
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    await CancellationScope.nonCancellable(() => fail(input, ref, runId, error));
    throw asFailure(error);
  }
}

/** For what changed behind the back of the run that ends: a run of its own, which no operation waits for. */
const roundAgain = ({ runId: _, resumed: __, ...input }: SyncInput): SyncInput => ({
  ...input,
  mode: 'incremental',
  operationId: null,
  lane: 'webhook',
});

async function fail(
  { tenantId, connectionId, operationId }: SyncInput,
  ref: StreamRef,
  runId: RunId,
  error: unknown,
): Promise<void> {
  const { code, message } = rootFailure(error);
  const outcome = isCancellation(error) ? 'cancelled' : 'failed';
  // One that never had its turn has left nothing to end.
  await own.endSync(ref, runId, outcome, `${code}: ${message}`).catch((gone: unknown) => {
    if (!isGone(gone)) throw gone;
  });
  if (operationId) await local.settleOperation(operationId, outcome, { code, message });
  if (code !== 'credential_rejected') return;
  // The connection judges for itself whether its credential is dead. It may be gone by now: then nobody needs to know.
  await getExternalWorkflowHandle(connectionWorkflowId(tenantId, connectionId))
    .signal(credentialRejectedSignal)
    .catch(() => undefined);
}
