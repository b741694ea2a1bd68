import { randomUUID } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { WorkflowStartOptions } from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import type { Fault } from '../ports/errors.ts';
import { OperationId } from '../ports/ids.ts';
import type { Scope, UserId } from '../ports/ids.ts';
import { QUEUES } from '../ports/operations.ts';
import type { WorkflowName } from '../ports/operations.ts';
import type { Operation } from '../ports/runs.ts';
import { searchAttributes } from '../workflows/lib/attributes.ts';
import type { ApiDeps } from './deps.ts';
import { START_MS, within } from './temporal.ts';
import { namedUuid } from './tokens.ts';

interface Start<Work extends Workflow> {
  kind: WorkflowName;
  work: Work;
  workflowId: string;
  input: (operationId: OperationId) => Parameters<Work>[0];
  scope: Scope;
  startedBy: UserId;
  onceKey: string | null;
  reuse: 'ALLOW_DUPLICATE' | 'ALLOW_DUPLICATE_FAILED_ONLY';
  connector?: { connectorId: string; connectionId: string };
  /** Said when another operation holds the workflow id. */
  taken: Fault;
}

/** The same for each repetition of a request with a key, so that a start whose answer was lost is known as our own. */
export const idFor = (onceKey: string | null, what: string): string =>
  onceKey === null ? randomUUID() : namedUuid(`${what} ${onceKey}`);

/** An operation as callers see it: the workflow's id stays inside. */
export const publicOperation = ({ workflowId: _, ...operation }: Operation & { workflowId: string }): Operation =>
  operation;

/** Writes the operation's row, then starts its workflow; a start that is refused leaves no row. */
export const startOperation = async <Work extends Workflow>(
  { ports, temporal, log }: ApiDeps,
  { kind, work, workflowId, input, scope, startedBy, onceKey, reuse, connector, taken }: Start<Work>,
): Promise<Operation> => {
  const row = await ports.operations.begin({
    id: OperationId.parse(idFor(onceKey, 'operation')),
    scope,
    workflowId,
    kind,
    startedBy,
    idempotencyKey: onceKey,
  });
  const operation = publicOperation(row);
  if (row.outcome !== 'running') return operation;
  const options = {
    taskQueue: QUEUES.operations,
    workflowId,
    args: [input(row.id)],
    workflowIdConflictPolicy: 'FAIL',
    workflowIdReusePolicy: reuse,
    typedSearchAttributes: searchAttributes({ tenantId: scope, operation: kind, ...connector }),
    memo: { operationId: row.id },
  } as unknown as WorkflowStartOptions<Work>;
  try {
    await within(temporal, START_MS, () => temporal.workflow.start(work, options));
    return operation;
  } catch (error) {
    const isTaken = error instanceof WorkflowExecutionAlreadyStartedError;
    if (isTaken && (await startedFor({ temporal }, workflowId)) === row.id) return operation;
    await ports.operations.discard(row.id).catch((err: unknown) => {
      log.error({ err, operationId: row.id }, 'the row of an operation that never started could not be taken back');
    });
    throw isTaken ? taken : error;
  }
};

const startedFor = async ({ temporal }: Pick<ApiDeps, 'temporal'>, workflowId: string): Promise<unknown> => {
  const { memo } = await within(temporal, START_MS, () => temporal.workflow.getHandle(workflowId).describe());
  return memo?.['operationId'];
};
