import { setTimeout as pause } from 'node:timers/promises';
import { isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WithStartWorkflowOperation, WorkflowUpdateHandle } from '@temporalio/client';
import type { UpdateDefinition, Workflow } from '@temporalio/common';
import type { Fault } from '../ports/errors.ts';

/** A start is answered at once or not at all: callers are told within two seconds. */
export const START_MS = 1500;
/** gRPC's own number. */
const FAILED_PRECONDITION = 9;
const AGAIN_MS = 200;
/** Without a worker nobody takes an update: callers are told within five seconds. */
const ACCEPT_MS = 4500;
/** A taken update may ask a vendor, who may be slow. */
export const RESULT_MS = 60_000;

type Temporal = Pick<Client, 'workflow'>;

export const within = <Result>(temporal: Temporal, ms: number, call: () => Promise<Result>): Promise<Result> =>
  temporal.workflow.withDeadline(Date.now() + ms, call);

/** The task that should have taken an update was lost with its worker, or the run ends or goes on as a new one in this moment. */
const isLost = (error: unknown): boolean =>
  (isGrpcServiceError(error) && (error.code as number) === FAILED_PRECONDITION) ||
  error instanceof WorkflowNotFoundError;

/** Sends an update, once more where it was lost on its way, and waits for what came of it. `ask` may be called twice. */
const outcome = async <Result>(
  temporal: Temporal,
  ask: () => Promise<WorkflowUpdateHandle<Result>>,
): Promise<Result> => {
  const accepted = () => within(temporal, ACCEPT_MS, ask);
  const handle = await accepted().catch(async (error: unknown) => {
    if (!isLost(error)) throw error;
    await pause(AGAIN_MS);
    return accepted();
  });
  return within(temporal, RESULT_MS, () => handle.result());
};

interface Update<Result, Args extends unknown[]> {
  workflowId: string;
  definition: UpdateDefinition<Result, Args>;
  args: Args;
  /** Repeats with the same id are the same update, and get its outcome. */
  updateId: string;
  /** Said when the workflow that should take it has ended. */
  ended: Fault;
}

/** Asks a running workflow to change, and waits for what came of it. */
export const update = async <Result, Args extends unknown[]>(
  temporal: Temporal,
  { workflowId, definition, args, updateId, ended }: Update<Result, Args>,
): Promise<Result> => {
  try {
    return await outcome(temporal, () =>
      temporal.workflow.getHandle(workflowId).startUpdate<Result, [unknown]>(definition.name, {
        args: args as unknown as [unknown],
        updateId,
        waitForStage: 'ACCEPTED',
      }),
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw ended;
    throw error;
  }
};

interface Opening<Result, Args extends unknown[], Work extends Workflow> {
  /** Used up by one attempt, so each takes one of its own. */
  start: () => WithStartWorkflowOperation<Work>;
  definition: UpdateDefinition<Result, Args>;
  args: Args;
  updateId: string;
}

/** Starts the workflow unless it runs already, and waits for what it says to the update. */
export const openByUpdate = <Result, Args extends unknown[], Work extends Workflow>(
  temporal: Temporal,
  { start, definition, args, updateId }: Opening<Result, Args, Work>,
): Promise<Result> =>
  outcome(temporal, () =>
    temporal.workflow.startUpdateWithStart<Work, Result, [unknown]>(definition.name, {
      startWorkflowOperation: start(),
      args: args as unknown as [unknown],
      updateId,
      waitForStage: 'ACCEPTED',
    }),
  );
