import { workflowInfo } from '@temporalio/workflow';

/** Long before a history that is slow to replay. */
const EVENTS_MAX = 2000;

/** Whether a run should go on as a new one. */
export const isLong = (): boolean => {
  const { continueAsNewSuggested, historyLength } = workflowInfo();
  return continueAsNewSuggested || historyLength > EVENTS_MAX;
};
