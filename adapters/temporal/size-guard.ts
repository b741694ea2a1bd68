import type { ScheduleClientInterceptor, WorkflowClientInterceptor } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { Fault } from '../../ports/errors.ts';
import { PAYLOAD_BYTES_MAX } from '../../ports/operations.ts';

/** Size as JSON, before encryption. */
const bytesOf = (value: unknown) => defaultPayloadConverter.toPayload(value).data?.byteLength ?? 0;

/** Throws `payload_too_large` when one of the values is. `place` names the workflow or activity. */
function guard(place: string, values: Iterable<unknown>): void {
  for (const value of values) {
    const bytes = bytesOf(value);
    if (bytes <= PAYLOAD_BYTES_MAX) continue;
    const sizes = `${bytes} bytes, ${PAYLOAD_BYTES_MAX} at most`;
    throw new Fault(
      'payload_too_large',
      `${place} carries a payload of ${sizes}; keep the content and pass its reference`,
    );
  }
}

const guardStart = (type: string, options: { args: unknown[]; memo?: Record<string, unknown> }) =>
  guard(`workflow ${type}`, [...options.args, ...Object.values(options.memo ?? {})]);

/** Refuses what is too large before it leaves a client. */
export const workflowSizeGuard: WorkflowClientInterceptor = {
  startWithDetails: async (input, next) => {
    guardStart(input.workflowType, input.options);
    return next(input);
  },
  signal: async (input, next) => {
    guard(`signal ${input.signalName} of ${input.workflowExecution.workflowId}`, input.args);
    return next(input);
  },
  signalWithStart: async (input, next) => {
    guardStart(input.workflowType, input.options);
    guard(`signal ${input.signalName} of ${input.options.workflowId}`, input.signalArgs);
    return next(input);
  },
  startUpdate: async (input, next) => {
    guard(`update ${input.updateName} of ${input.workflowExecution.workflowId}`, input.args);
    return next(input);
  },
  startUpdateWithStart: async (input, next) => {
    guardStart(input.workflowType, input.workflowStartOptions);
    guard(`update ${input.updateName} of ${input.workflowStartOptions.workflowId}`, input.updateArgs);
    return next(input);
  },
  query: async (input, next) => {
    guard(`query ${input.queryType} of ${input.workflowExecution.workflowId}`, input.args);
    return next(input);
  },
};

export const scheduleSizeGuard: ScheduleClientInterceptor = {
  create: async (input, next) => {
    guard(`schedule ${input.options.scheduleId}`, input.options.action.args);
    return next(input);
  },
};

/** Refuses an activity's arguments before they are used, and its result before it is sent. */
export const activitySizeGuard: ActivityInterceptorsFactory = ({ info }) => ({
  inbound: {
    execute: async (input, next) => {
      guard(`activity ${info.activityType}`, input.args);
      const result = await next(input);
      guard(`activity ${info.activityType}`, [result]);
      return result;
    },
  },
});
