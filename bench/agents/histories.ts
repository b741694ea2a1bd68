import temporalProto from '@temporalio/proto';
import type { OpenPorts } from '../../adapters/index.ts';

const { temporal } = temporalProto;
type Event = temporalProto.temporal.api.history.v1.IHistoryEvent;
type Run = { workflowId: string; firstExecutionRunId: string };

/** All that a run left in history, the runs that it went on as included. */
export interface Left {
  bytes: number;
  events: number;
  /** How often it went on as a new run. */
  continued: number;
  /** Of each model turn, from its task to its result, in milliseconds. */
  stepsMs: number[];
  /** The part of it before a worker had the task. */
  queuedMs: number[];
}

const msOf = ({ eventTime }: Event): number => Number(eventTime?.seconds ?? 0) * 1000 + (eventTime?.nanos ?? 0) / 1e6;

/** Milliseconds from the task of each model turn to this end of it. */
const stepsUntil = (events: Event[], ended: (event: Event) => unknown): number[] => {
  const scheduled = new Map<string, number>();
  for (const event of events) {
    const name = event.activityTaskScheduledEventAttributes?.activityType?.name;
    if (name === 'takeStep') scheduled.set(String(event.eventId), msOf(event));
  }
  return events.flatMap((event) => {
    const began = scheduled.get(String(ended(event)));
    return began === undefined ? [] : [msOf(event) - began];
  });
};

export const leftBy = async (
  { temporal: { client } }: OpenPorts,
  { workflowId, firstExecutionRunId }: Run,
): Promise<Left> => {
  const left: Left = { bytes: 0, events: 0, continued: -1, stepsMs: [], queuedMs: [] };
  for (let runId: string | null | undefined = firstExecutionRunId; runId;) {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const all: Event[] = events ?? [];
    left.bytes += all.reduce(
      (sum, event) => sum + temporal.api.history.v1.HistoryEvent.encode(event).finish().length,
      0,
    );
    left.events += all.length;
    left.continued += 1;
    left.stepsMs.push(...stepsUntil(all, (event) => event.activityTaskCompletedEventAttributes?.scheduledEventId));
    left.queuedMs.push(...stepsUntil(all, (event) => event.activityTaskStartedEventAttributes?.scheduledEventId));
    runId = all.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return left;
};
