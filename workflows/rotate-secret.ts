import {
  allHandlersFinished,
  CancellationScope,
  condition,
  ContinueAsNew,
  makeContinueAsNewFunc,
  workflowInfo,
} from '@temporalio/workflow';
import type { RotationTerms } from '../activities/rotation.ts';
import { own, rotating } from './lib/activities.ts';
import { asFailure, isGone } from './lib/failures.ts';
import { createAsking } from './lib/rotation-asking.ts';
import { rotateDue } from './lib/rotation-due.ts';
import type { Carried, RotateInput } from './lib/rotation-messages.ts';
import { keep, lapse, makeSuccessor, observe, retire, takeBack } from './lib/rotation-steps.ts';
import { createRotationStory } from './lib/rotation-story.ts';

export * from './lib/rotation-messages.ts';

/**
 * Replaces one secret: a successor is made, both are accepted, it is tried by a real call, put in use, watched for the overlap,
 * and only then is the predecessor taken back. Whatever fails before that is undone. In its other form it starts what is due.
 */
export async function rotateSecret(input: RotateInput): Promise<void> {
  if ('due' in input) return rotateDue(input);
  const { given, carried, ...same } = input;
  const story = createRotationStory(input);
  const asking = createAsking(story, carried?.asking);
  let terms: RotationTerms | undefined = carried?.terms;

  /** As a new run, all of which is written with the payload key in use now, which may be what is rotated: the memo too. */
  const goOn = async (so: Omit<Carried, 'view'>): Promise<never> => {
    await condition(allHandlersFinished);
    const next = makeContinueAsNewFunc<typeof rotateSecret>({ memo: workflowInfo().memo ?? {} });
    return next({ ...same, carried: { view: story.view(), ...so } });
  };

  try {
    if (terms === undefined) {
      await story.open();
      terms = await own.planRotation(input.target);
    }
    if (terms.by === null) return await keep(story, 'unsupported', terms.why);

    if (carried?.inUseSinceMs === undefined) {
      if (terms.by === 'person' && given === undefined) {
        const answer = await asking.wait(terms);
        if (answer === 'full') return await goOn({ terms, asking: asking.state });
        if (answer === 'lapsed') return await lapse(story, terms.asks);
      } else {
        await makeSuccessor(story, given ?? null);
      }
      await story.step('cutting_over', () => rotating.cutOverToSuccessor(story.ref));
      return await goOn({ terms, inUseSinceMs: Date.now() });
    }
    const { inUseSinceMs, isFree = false } = carried;
    if (!isFree) {
      const free = await observe(story, inUseSinceMs + terms.overlapMs);
      // The old payload key is taken back by a run that was written without it.
      return await goOn({ terms, inUseSinceMs, isFree: free });
    }
  } catch (error) {
    if (error instanceof ContinueAsNew) throw error;
    await CancellationScope.nonCancellable(async () => {
      // A person's value may be on trial at this moment: nothing is undone beside that.
      await condition(allHandlersFinished);
      await takeBack(story, terms, error);
    });
    if (isGone(error)) return;
    throw asFailure(error);
  }
  const { asks } = terms;
  await CancellationScope.nonCancellable(() => retire(story, asks));
}
