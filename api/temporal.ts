import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { UpdateDefinition } from '@temporalio/common';
import type { Fault } from '../ports/errors.ts';

/** A start is answered at once or not at all: callers are told within two seconds. */
export const START_MS = 1500;
/** Without a worker nobody takes an update: callers are told within five seconds. */
const ACCEPT_MS = 4500;
/** A taken update may ask a vendor, who may be slow. */
const RESULT_MS = 60_000;

type Temporal = Pick<Client, 'workflow'>;

export const within = <Result>(temporal: Temporal, ms: number, call: () => Promise<Result>): Promise<Result> =>
  temporal.workflow.withDeadline(Date.now() + ms, call);

interface Update<Result, Args extends [unknown, ...unknown[]]> {
  workflowId: string;
  definition: UpdateDefinition<Result, Args>;
  args: Args;
  /** Repeats with the same id are the same update, and get its outcome. */
  updateId: string;
  /** Said when the workflow that should take it has ended. */
  ended: Fault;
}

/** Asks a running workflow to change, and waits for what came of it. */
export const update = async <Result, Args extends [unknown, ...unknown[]]>(
  temporal: Temporal,
  { workflowId, definition, args, updateId, ended }: Update<Result, Args>,
): Promise<Result> => {
  try {
    const handle = await within(temporal, ACCEPT_MS, () =>
      temporal.workflow.getHandle(workflowId).startUpdate(definition, { args, updateId, waitForStage: 'ACCEPTED' }),
    );
    return await within(temporal, RESULT_MS, () => handle.result());
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) throw ended;
    throw error;
  }
};
