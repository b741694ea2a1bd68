import { CancellationScope, condition, isCancellation, patched } from '@temporalio/workflow';
import type { ApprovalInput, ApprovalResult } from '../approval.ts';
import type { Loop, Waiting } from './agent-state.ts';
import { askPeople } from './ask-people.ts';

/** Says what the run waits for, for as long as it waits. */
export const waitingFor = async <Result>(loop: Loop, what: Waiting, wait: Promise<Result>): Promise<Result> => {
  loop.waiting = what;
  try {
    return await wait;
  } finally {
    loop.waiting = null;
  }
};

/** A paused run waits here, between two things that it does. */
export const unpaused = async ({ state }: Loop): Promise<void> => {
  if (state.paused) await condition(() => !state.paused);
};

/**
 * What people agreed to is not begun by a run that was paused while they were asked. Runs that went on all the same replay as
 * they did.
 */
export const stillUnpaused = async (loop: Loop): Promise<void> => {
  if (loop.state.paused && patched('pause-holds-after-asking')) await unpaused(loop);
};

type Question = Omit<ApprovalInput, 'tenantId' | 'operationId' | 'requestedBy'>;

/** Asks people on behalf of the run. */
export const ask = (loop: Loop, question: Question): Promise<ApprovalResult> => {
  const { tenantId, operationId, startedBy } = loop.at;
  return waitingFor(loop, 'people', askPeople(tenantId, { ...question, operationId, requestedBy: startedBy }));
};

/** Asks people until they answer, or until the question has become idle: then it is withdrawn, and null comes back. */
export async function askUnless(loop: Loop, question: Question, idle: () => boolean): Promise<ApprovalResult | null> {
  const asking = new CancellationScope();
  let over = false;
  const watch = condition(() => idle() || over).then(() => over || asking.cancel());
  try {
    return await asking.run(() => ask(loop, question));
  } catch (error) {
    if (isCancellation(error) && idle()) return null;
    throw error;
  } finally {
    over = true;
    await CancellationScope.nonCancellable(() => watch.catch(() => undefined));
  }
}
