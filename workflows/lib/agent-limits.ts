import { ApplicationFailure } from '@temporalio/workflow';
import type { Breach, Short } from '../../activities/agents/terms.ts';
import { own } from './activities.ts';
import { atWork } from './agent-state.ts';
import type { Loop } from './agent-state.ts';
import { askUnless, stillUnpaused } from './agent-waits.ts';
import { newApproval } from './ask-people.ts';

const words = { steps: 'model turns', toolCalls: 'tool calls', tokens: 'tokens' } as const;

const stopped = (breach: Breach): ApplicationFailure =>
  breach.what === 'money'
    ? ApplicationFailure.nonRetryable(
        `the budget ${breach.scope} has not enough left, and nobody raised it`,
        'budget_exceeded',
      )
    : ApplicationFailure.nonRetryable(
        `the run came to its limit of ${breach.limit} ${words[breach.what]}, and nobody raised it`,
        'limit_reached',
      );

/** People decide whether the run goes further. Ends, too, when somebody raises the limit or says `resume` meanwhile. */
async function askToRaise(loop: Loop, breach: Breach): Promise<void> {
  const [at, seen] = [atWork(loop), loop.nudges];
  // Nobody is to be asked about a trial.
  if (at.sandbox) throw stopped(breach);
  const { subject, content, policy } = await own.describeBreach(at, breach);
  const approvalId = newApproval();
  const answer = await askUnless(loop, { approvalId, subject, content, policy }, () => loop.nudges > seen);
  await stillUnpaused(loop);
  if (answer === null) return;
  if (answer.outcome !== 'approved') throw stopped(breach);
  const to = await own.raiseLimit(at, breach, answer.contentId, policy);
  const { limits } = loop.state;
  if (breach.what !== 'money') limits[breach.what] = Math.max(limits[breach.what], to);
  else if (breach.scope === `run/${at.runId}`) limits.micros = Math.max(limits.micros, to);
}

/** Goes on once the run may use so much more; asks people first where that is beyond its limits. */
export async function withinLimits(loop: Loop, more: Partial<Record<keyof typeof words, number>>): Promise<void> {
  const { state } = loop;
  for (const what of ['steps', 'toolCalls', 'tokens'] as const) {
    const needs = () => state.used[what] + (more[what] ?? 0);
    while (more[what] !== undefined && needs() > state.limits[what])
      await askToRaise(loop, { what, limit: state.limits[what], needs: needs() });
  }
}

/** A budget has not enough left for the next turn. */
export const raiseBudget = (loop: Loop, { scope, limitMicros, needMicros }: Short): Promise<void> =>
  askToRaise(loop, { what: 'money', scope, limit: limitMicros, needs: needMicros });
