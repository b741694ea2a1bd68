import {
  ApplicationFailure,
  CancelledFailure,
  TerminatedFailure,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { z } from 'zod';
import { Fault, isFaultCode } from '../ports/errors.ts';

const Details = z.object({
  fields: z.array(z.object({ path: z.string(), message: z.string() })),
  providerCode: z.string().nullable(),
  retryAfterMs: z.number().nullable(),
});

/** gRPC's own numbers: DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNAVAILABLE; CANCELLED comes with a connection that closes. */
const NO_ANSWER = new Set([1, 4, 8, 14]);

const grpcCode = (error: unknown): number | null => {
  if (!(error instanceof Error)) return null;
  if ('code' in error && typeof error.code === 'number' && 'details' in error) return error.code;
  return grpcCode(error.cause);
};

/** True when Temporal gave no answer, so that what was asked may still happen. */
export const gaveNoAnswer = (error: unknown): boolean =>
  error instanceof WorkflowUpdateRPCTimeoutOrCancelledError || NO_ANSWER.has(grpcCode(error) ?? -1);

/** A workflow's failure carries its fault in `type`, message and first detail. */
const applicationFault = (error: unknown): Fault | null => {
  if (!(error instanceof ApplicationFailure)) {
    return error instanceof Error && error.cause !== undefined ? applicationFault(error.cause) : null;
  }
  if (!isFaultCode(error.type)) return null;
  const { fields, providerCode, retryAfterMs } = Details.partial().parse(error.details?.[0] ?? {});
  return new Fault(error.type, error.message, {
    ...{ cause: error, fields: fields ?? [], providerCode: providerCode ?? null },
    ...(retryAfterMs == null ? {} : { retryAfterMs }),
  });
};

/** Somebody ended it before its own end came. */
const endedEarly = (cause: WorkflowUpdateFailedError | WorkflowFailedError): Fault | null => {
  if (cause.cause instanceof CancelledFailure)
    return new Fault('conflict', 'This was cancelled; start another one.', { cause });
  if (cause.cause instanceof TerminatedFailure)
    return new Fault('conflict', 'This was terminated; start another one.', { cause });
  return null;
};

export const temporalFault = (cause: unknown): Fault | null => {
  if (cause instanceof WorkflowUpdateFailedError || cause instanceof WorkflowFailedError)
    return endedEarly(cause) ?? applicationFault(cause);
  if (cause instanceof WorkflowExecutionAlreadyStartedError) {
    return new Fault('conflict', 'This is running already; wait for its end.', { cause });
  }
  if (cause instanceof WorkflowNotFoundError) return new Fault('not_found', 'This is no longer running.', { cause });
  if (gaveNoAnswer(cause)) {
    return new Fault('unavailable', 'The workflow service does not answer; try again shortly.', { cause });
  }
  return null;
};
