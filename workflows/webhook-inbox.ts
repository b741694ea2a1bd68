import {
  continueAsNew,
  ContinueAsNew,
  defineQuery,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
} from '@temporalio/workflow';
import type { InboxPlan } from '../activities/webhooks.ts';
import type { Scope } from '../ports/ids.ts';
import { connectionWorkflowId, MESSAGES } from '../ports/operations.ts';
import type { EventOutcome } from '../ports/webhooks.ts';
import { interactive, local, own } from './lib/activities.ts';
import { credentialRejectedSignal } from './lib/connection-messages.ts';
import { asFailure, rootFailure } from './lib/failures.ts';
import { isLong } from './lib/long.ts';

/** One endpoint's inbox; or the look for inboxes that nobody woke. */
export type InboxInput = { scope: Scope; endpointId: string } | { sweep: true };

/** Events worked off, or inboxes woken. */
export interface InboxProgress {
  handled: number;
}

/** Something came. */
export const arrivedSignal = defineSignal(MESSAGES.arrived);
export const progressQuery = defineQuery<InboxProgress>(MESSAGES.progress);

/**
 * Works off what vendors sent to one endpoint, and ends when nothing waits. An event only says where to look: the source is
 * asked again, so that events may come twice, late or in any order. Cancelled, it leaves what waits to the next one.
 */
export async function webhookInbox(input: InboxInput): Promise<InboxProgress> {
  const progress: InboxProgress = { handled: 0 };
  setHandler(progressQuery, () => progress);
  let arrived = true;
  setHandler(arrivedSignal, () => void (arrived = true));
  try {
    if ('sweep' in input) return { handled: await own.wakeSleepingInboxes() };
    while (arrived) {
      arrived = false;
      for (;;) {
        const plan = await local.planInbox(input.scope, input.endpointId);
        if (plan.outcomes.length === 0) break;
        await local.settleEvents(input.scope, await follow(plan));
        progress.handled += plan.outcomes.length;
        if (isLong()) await continueAsNew<typeof webhookInbox>(input);
      }
    }
    return progress;
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    throw asFailure(error);
  }
}

/** Does what the events ask for; only then are they settled, so that a death in between does it again. */
async function follow({ outcomes, wakes, gone, ends, notes }: InboxPlan): Promise<EventOutcome[]> {
  if (wakes.length > 0) await own.wakeSyncs(wakes);
  for (const { scope, note } of notes) await own.tellOfFact(scope, note);
  for (const { tenantId, connectionId } of ends) {
    // The connection judges for itself, by a test. It may be gone by now: then nobody needs to know.
    await getExternalWorkflowHandle(connectionWorkflowId(tenantId, connectionId))
      .signal(credentialRejectedSignal)
      .catch(() => undefined);
  }
  const failed = new Map<number, string>();
  for (const { seq, ref, externalId } of gone) {
    try {
      await interactive.removeIfGone(ref, externalId);
    } catch (error) {
      if (isCancellation(error)) throw error;
      // The next full scan finds what is gone by itself.
      failed.set(seq, rootFailure(error).message);
    }
  }
  return outcomes.map((outcome) => {
    const message = failed.get(outcome.seq);
    return message === undefined ? outcome : { ...outcome, state: 'failed', message };
  });
}
