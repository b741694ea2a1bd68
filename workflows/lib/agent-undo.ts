import { executeChild } from '@temporalio/workflow';
import type { Undo } from '../../activities/agents/terms.ts';
import type { Write } from '../../activities/writes.ts';
import type { TenantId } from '../../ports/ids.ts';
import { connectorWriteId } from '../../ports/operations.ts';
import { connectorWrite } from '../connector-write.ts';
import { own } from './activities.ts';
import type { Loop } from './agent-state.ts';
import { searchAttributes } from './attributes.ts';
import { insist } from './compensate.ts';
import { isGone } from './failures.ts';

/** More than this is kept as content, so that a run that writes much stays small. */
const IN_HAND_MAX = 20;

/** Remembers how a part of a crew takes back what it created. Runs that are part of nothing are not undone. */
export async function keepUndo(loop: Loop, write: Write, connectorId: string): Promise<void> {
  if (loop.at.lineage.crewRunId === null) return;
  // An undo has an effect of its own, and its own key.
  await addUndo(loop, [{ write: { ...write, effectKey: `undo${write.effectKey}` }, connectorId }]);
}

/** What this run or one that it delegated to may have to take back. */
export async function addUndo({ at, state }: Loop, undo: Undo[]): Promise<void> {
  state.undo.push(...undo);
  if (state.undo.length > IN_HAND_MAX) state.undo = [{ stowed: await own.stowUndo(at.tenantId, state.undo) }];
}

/** Takes back what runs did, the last first, each until it is done. Not to be cancelled. What is gone needs no undo. */
export async function undoAll(tenantId: TenantId, undos: Undo[]): Promise<void> {
  for (const undo of undos.toReversed()) {
    if ('stowed' in undo) await undoAll(tenantId, await own.fetchUndo(tenantId, undo.stowed));
    else await insist(() => takeBack(undo));
  }
}

const takeBack = async ({ write, connectorId }: { write: Write; connectorId: string }): Promise<void> => {
  const { tenantId, connectionId, effectKey } = write;
  const ended = executeChild(connectorWrite, {
    workflowId: connectorWriteId(tenantId, effectKey),
    args: [write],
    typedSearchAttributes: searchAttributes({ tenantId, operation: 'connectorWrite', connectorId, connectionId }),
  });
  await ended.catch((error: unknown) => {
    if (!isGone(error)) throw error;
  });
};
