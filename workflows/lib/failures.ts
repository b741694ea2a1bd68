import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';

/** What went wrong, as it is told on: the other side's own code and how long it asked us to wait are in the details. */
export interface Failed {
  code: string;
  message: string;
  providerCode: string | null;
  retryAfterMs: number | null;
  details: unknown[];
}

const failed = (code: string, message: string, details: unknown[] = []): Failed => {
  const [first] = details as [{ providerCode?: string | null; retryAfterMs?: number | null }?];
  return {
    code,
    message,
    providerCode: first?.providerCode ?? null,
    retryAfterMs: first?.retryAfterMs ?? null,
    details,
  };
};

/** The typed failure at the bottom of what an activity or a child threw; `unavailable` when time ran out, else `internal`. */
export const rootFailure = (error: unknown): Failed => {
  if (isCancellation(error)) return failed('cancelled', 'cancelled');
  if (error instanceof ApplicationFailure) {
    return failed(error.type ?? 'internal', error.message, error.details ?? []);
  }
  // What has run out of time says by its cause why its last attempt failed, where one came to an end.
  const outer = [ActivityFailure, ChildWorkflowFailure, TimeoutFailure].some((kind) => error instanceof kind);
  if (outer && error instanceof Error && error.cause) return rootFailure(error.cause);
  if (error instanceof TimeoutFailure) return failed('unavailable', 'it was not done in time, and nobody said why');
  return failed('internal', error instanceof Error ? error.message : 'unknown error');
};

/** The same failure, as a workflow or an update may throw it: anything but a `TemporalFailure` would retry the task for ever. */
export const asFailure = (error: unknown): ApplicationFailure | CancelledFailure => {
  if (isCancellation(error)) return new CancelledFailure('cancelled');
  const { code, message, details } = rootFailure(error);
  return ApplicationFailure.create({ message, type: code, nonRetryable: true, details });
};

/** What was to be worked on is no longer there, or not in use. */
export const isGone = (error: unknown): boolean => ['not_found', 'not_connected'].includes(rootFailure(error).code);
