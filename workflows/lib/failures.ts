import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  isCancellation,
} from '@temporalio/workflow';

/** The typed failure at the bottom of what an activity or a child threw; `internal` when there is none. */
export const rootFailure = (error: unknown): { code: string; message: string; details: unknown[] } => {
  if (isCancellation(error)) return { code: 'cancelled', message: 'cancelled', details: [] };
  if (error instanceof ApplicationFailure) {
    return { code: error.type ?? 'internal', message: error.message, details: error.details ?? [] };
  }
  if ((error instanceof ActivityFailure || error instanceof ChildWorkflowFailure) && error.cause)
    return rootFailure(error.cause);
  return { code: 'internal', message: error instanceof Error ? error.message : 'unknown error', details: [] };
};

/** The same failure, as a workflow or an update may throw it: anything but a `TemporalFailure` would retry the task for ever. */
export const asFailure = (error: unknown): ApplicationFailure | CancelledFailure => {
  if (isCancellation(error)) return new CancelledFailure('cancelled');
  const { code, message, details } = rootFailure(error);
  return ApplicationFailure.create({ message, type: code, nonRetryable: true, details });
};
