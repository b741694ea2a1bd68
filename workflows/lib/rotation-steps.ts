import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';
import type { RotationTerms } from '../../activities/rotation.ts';
import type { StagedRef } from '../../ports/secrets.ts';
import { own, rotating, rotatingAlways } from './activities.ts';
import { insist } from './compensate.ts';
import { isGone, rootFailure } from './failures.ts';
import { isLong } from './long.ts';
import type { RotationStory } from './rotation-story.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

type Asks = RotationTerms['asks'];

/** Nothing was changed, and why not. */
export const keep = (story: RotationStory, code: string, message: string): Promise<void> =>
  story.end('kept', message, { code, message });

/** Nobody answered. What is still due is asked for again by the next look of the schedule. */
export const lapse = async (story: RotationStory, asks: Asks): Promise<void> => {
  const message = 'nobody entered a new one within thirty days; start the rotation again when you have it';
  await story.tell(asks, 'lapsed', `Nothing was rotated: ${message}`);
  await keep(story, 'unprocessable', message);
};

/** Made, or taken from whoever brought it, and tested by a real call. */
export const makeSuccessor = async (story: RotationStory, given: StagedRef | null): Promise<void> => {
  try {
    await story.step('creating', () => rotating.createSuccessor(story.ref, given));
    await story.step('verifying', () => rotating.verifySuccessor(story.ref));
  } finally {
    if (given !== null) await CancellationScope.nonCancellable(() => own.discardStaged(given));
  }
};

/**
 * Until the overlap is over, the successor has passed once more, and nothing needs the predecessor. False: this history is
 * long enough, and a new run should go on.
 */
export const observe = async (story: RotationStory, overUntilMs: number): Promise<boolean> => {
  const left = overUntilMs - Date.now();
  if (left > 0) {
    const until = new Date(overUntilMs).toISOString();
    await story.at('observing', 'started', `The old one is accepted until ${until}`);
    await sleep(left);
  }
  await story.step('observing', () => rotating.verifySuccessor(story.ref), 'verifying again');
  // What needs it often lets go within minutes, such as idle connections; the rest may take days.
  for (let waitMs = MINUTE_MS; ; waitMs = Math.min(2 * waitMs, HOUR_MS)) {
    const needed = await rotatingAlways.predecessorNeededBy(story.ref);
    if (needed === null) break;
    if (story.view().message !== needed) await story.at('observing', 'waiting', needed, 'still needed');
    if (isLong()) return false;
    await sleep(waitMs);
  }
  await story.at('observing', 'completed');
  return true;
};

/** The last step cannot be undone. What of it a person must do is told, and the rotation is one all the same. */
export const retire = async (story: RotationStory, asks: Asks): Promise<void> => {
  await story.at('revoking', 'started');
  let left: string | null;
  try {
    ({ left } = await rotating.revokePredecessor(story.ref));
    await story.at('revoking', 'completed');
  } catch (error) {
    const { message } = rootFailure(error);
    left = `The old one could not be taken back (${message}): take it back at its issuer by hand.`;
    await story.at('revoking', 'failed', left);
  }
  if (left !== null) await story.tell(asks, 'left', left);
  await story.end('rotated', left, null);
};

/**
 * Everything is as before: the predecessor is in use, the successor is gone, and the operation says why. Without terms nothing
 * was begun yet, so that there is nothing to undo.
 */
export const takeBack = async (
  story: RotationStory,
  terms: RotationTerms | undefined,
  error: unknown,
): Promise<void> => {
  const why = rootFailure(error);
  const { step } = story.view();
  if (terms !== undefined) {
    await insist(
      () => rotatingAlways.rollBackRotation(story.ref),
      ({ message }) => story.at(step, 'waiting', `Taking it back did not work yet, and is tried again: ${message}`),
    );
  }
  if (isGone(error)) return story.end('kept', `there is nothing to rotate any more (${why.message})`, why);
  if (!isCancellation(error)) {
    await story.tell(terms?.asks ?? 'platform', 'failed', `Not rotated, the old one stays in use: ${why.message}`);
  }
  await story.end(terms === undefined || step === 'asking' ? 'kept' : 'rolled_back', why.message, why);
};
