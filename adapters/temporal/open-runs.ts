import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { KeyRing } from '../../ports/key-ring.ts';
import { MESSAGES, WORKFLOWS } from '../../ports/operations.ts';
import type { WorkflowPort } from '../../ports/workflows.ts';
import { withDeadline } from './client.ts';
import { renewedSchedules } from './renewed-schedules.ts';

const CALL_MS = 10_000;
/** A list is read while what it names is worked on. */
const LIST_MS = 10 * 60_000;
/** Calls under way at once. */
const ABREAST = 20;

/** Does the work for each, some at once, as the list is read. Ends with the first failure, after what is under way. */
const forEach = async <Item>(items: AsyncIterable<Item>, work: (item: Item) => Promise<void>): Promise<void> => {
  const under = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const item of items) {
    const one: Promise<void> = work(item)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => under.delete(one));
    under.add(one);
    if (under.size >= ABREAST) await Promise.race(under);
    if (failures.length > 0) break;
  }
  await Promise.all(under);
  if (failures.length > 0) throw failures[0];
};

/** What is open in Temporal, and since when: what an old payload key is still needed for. */
export function temporalOpenRuns(client: Client, keys: KeyRing): Pick<WorkflowPort, 'openSince' | 'renewPayloads'> {
  const renewed = renewedSchedules(client, keys);
  const since = (before: string) => `ExecutionStatus = "Running" AND StartTime < "${before}"`;

  const rollOver = async (workflowId: string) => {
    try {
      await withDeadline(client, CALL_MS, () => client.workflow.getHandle(workflowId).signal(MESSAGES.rollOver));
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  };

  return {
    openSince: (before, except) =>
      withDeadline(client, CALL_MS, async () => {
        const { count } = await client.workflow.count(`${since(before)} AND WorkflowId != "${except}"`);
        return count;
      }),
    renewPayloads: async ({ begun, given }) => {
      let left = 0;
      const query = `WorkflowType = "${WORKFLOWS.connection}" AND ${since(begun)}`;
      await withDeadline(client, LIST_MS, () =>
        forEach(client.workflow.list({ query }), ({ workflowId }) => rollOver(workflowId)),
      );
      await withDeadline(client, LIST_MS, () =>
        forEach(client.schedule.list(), async ({ scheduleId }) => {
          if (!(await renewed(scheduleId, Date.parse(given)))) left += 1;
        }),
      );
      return { left };
    },
  };
}
