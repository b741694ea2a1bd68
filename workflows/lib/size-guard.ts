import { ApplicationFailure } from '@temporalio/workflow';
import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { PAYLOAD_BYTES_MAX } from '../../ports/operations.ts';

/**
 * Refuses what is too large before it leaves a workflow: the server ends a run that schedules too large an activity, and
 * nothing of it would be undone. Counted in characters, which is near enough for a limit far below the server's.
 */
const guard = (place: string, args: readonly unknown[]): void => {
  for (const value of args) {
    const size = JSON.stringify(value)?.length ?? 0;
    if (size > PAYLOAD_BYTES_MAX) {
      const advice = `${size} characters, ${PAYLOAD_BYTES_MAX} at most; keep the content and pass its reference`;
      throw ApplicationFailure.nonRetryable(`${place} carries a payload of ${advice}`, 'payload_too_large');
    }
  }
};

export const interceptors: WorkflowInterceptorsFactory = () => ({
  outbound: [
    {
      scheduleActivity: (input, next) => {
        guard(`activity ${input.activityType}`, input.args);
        return next(input);
      },
      scheduleLocalActivity: (input, next) => {
        guard(`activity ${input.activityType}`, input.args);
        return next(input);
      },
      startChildWorkflowExecution: (input, next) => {
        guard(`workflow ${input.workflowType}`, input.options.args);
        return next(input);
      },
      signalWorkflow: (input, next) => {
        guard(`signal ${input.signalName}`, input.args);
        return next(input);
      },
      continueAsNew: (input, next) => {
        guard('continue-as-new', input.args);
        return next(input);
      },
    },
  ],
});
