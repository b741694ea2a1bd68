import { WorkflowNotFoundError } from '@temporalio/client';
import type { ApiDeps } from './deps.ts';
import { START_MS, within } from './temporal.ts';

/** Cancels a workflow; silent when it has ended, or never was. */
export const endRun = async ({ temporal }: Pick<ApiDeps, 'temporal'>, workflowId: string): Promise<void> => {
  try {
    await within(temporal, START_MS, () => temporal.workflow.getHandle(workflowId).cancel());
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
};
