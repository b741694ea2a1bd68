import { setTimeout as pause } from 'node:timers/promises';
import { isGrpcServiceError, WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WithStartWorkflowOperation } from '@temporalio/client';
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
    const ask = () =>
      within(temporal, ACCEPT_MS, () =>
        temporal.workflow.getHandle(workflowId).startUpdate<Result, [unknown]>(definition.name, {
          args: args as unknown as [unknown],
          updateId,
          waitForStage: 'ACCEPTED',
        }),
      );
    const handle = await ask().catch(async (error: unknown) => {
      // The task that should have taken it was lost with its worker, or the run goes on as a new one in this moment.
      const isLost = isGrpcServiceError(error) && (error.code as number) === FAILED_PRECONDITION;
      if (!isLost && !(error instanceof WorkflowNotFoundError)) throw error;
      await pause(AGAIN_MS);
      return ask();
    });
    return await within(temporal, RESULT_MS, () => handle.result());
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw ended;
    throw error;
  }
};

interface Opening<Result, Work extends Workflow> {
  start: WithStartWorkflowOperation<Work>;
  definition: UpdateDefinition<Result, []>;
  updateId: string;
}

/** Starts the workflow unless it runs already, and waits until it has opened. */
export const openByUpdate = async <Result, Work extends Workflow>(
  temporal: Temporal,
  { start, definition, updateId }: Opening<Result, Work>,
): Promise<Result> => {
  const handle = await within(temporal, ACCEPT_MS, () =>
    temporal.workflow.startUpdateWithStart(definition, {
      startWorkflowOperation: start,
      updateId,
      waitForStage: 'ACCEPTED',
    }),
  );
  return within(temporal, RESULT_MS, () => handle.result());
};
