import { CompleteAsyncError } from '@temporalio/activity';
import type { Info } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure, TemporalFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { ZodError } from 'zod';
import type { Log } from '../adapters/log.ts';
import { Fault, FAULTS } from '../ports/errors.ts';
import type { FieldError } from '../ports/errors.ts';

const fieldsOf = (error: ZodError): FieldError[] =>
  error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));

const failure = ({ code, message, retryAfterMs, fields, providerCode }: Fault): ApplicationFailure =>
  ApplicationFailure.create({
    type: code,
    message,
    nonRetryable: !FAULTS[code].retry,
    details: [{ fields, providerCode, retryAfterMs: retryAfterMs ?? null }],
    ...(retryAfterMs === undefined ? {} : { nextRetryDelay: retryAfterMs }),
  });

/**
 * How a failed activity stands in history: the fault's code, sentence, fields and the vendor's own code, never its cause, which may hold
 * what a vendor answered. What is no fault keeps its message to the log of the worker.
 */
export function failureOf(error: unknown, info: Pick<Info, 'activityType'>): Error {
  if (error instanceof TemporalFailure || error instanceof CompleteAsyncError) return error;
  if (error instanceof Fault) return failure(error);
  const { activityType } = info;
  if (error instanceof ZodError) {
    return failure(
      new Fault('unprocessable', `${activityType} met data of another shape`, { fields: fieldsOf(error) }),
    );
  }
  return failure(new Fault('internal', `${activityType} failed in a way nobody foresaw; the worker's log says how`));
}

/** The outermost interceptor of every activity: classifies what it throws, in one place. */
export const failures =
  (log: Log): ActivityInterceptorsFactory =>
  ({ info, cancellationSignal }) => ({
    inbound: {
      execute: async (input, next) => {
        try {
          return await next(input);
        } catch (error) {
          // An aborted call surfaces as whatever its library makes of it; what happened is that we were cancelled.
          const reason: unknown = cancellationSignal.reason;
          if (reason instanceof CancelledFailure && reason.message !== 'WORKER_SHUTDOWN') throw reason;
          const { activityType: activity, attempt } = info;
          const workflowId = info.workflowExecution?.workflowId;
          log[error instanceof Fault ? 'warn' : 'error'](
            { error, activity, attempt, workflowId },
            'an activity failed',
          );
          throw failureOf(error, info);
        }
      },
    },
  });
