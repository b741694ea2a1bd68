import { ApplicationFailure, CancellationScope, condition, isCancellation, setHandler } from '@temporalio/workflow';
import type { RotationTerms } from '../../activities/rotation.ts';
import type { StagedRef } from '../../ports/secrets.ts';
import { own, rotatingAlways, rotatingNow } from './activities.ts';
import { blockedBy } from './attributes.ts';
import { insist } from './compensate.ts';
import { asFailure, isGone, rootFailure } from './failures.ts';
import { isLong } from './long.ts';
import { submitSuccessorUpdate } from './rotation-messages.ts';
import type { Carried } from './rotation-messages.ts';
import type { RotationStory } from './rotation-story.ts';

const DAY_MS = 86_400_000;
const ASKED_MAX_MS = 30 * DAY_MS;
const REMIND_FIRST_MS = 3 * DAY_MS;
const REMIND_EVERY_MS = 7 * DAY_MS;

type Asking = NonNullable<Carried['asking']>;
/** `full`: go on as a new run first. */
type Answer = 'taken' | 'lapsed' | 'full';

const refuse = (message: string) => ApplicationFailure.nonRetryable(message, 'conflict');

/** People are asked for a successor that no issuer makes by an API. What does not work is refused, and asked for again. */
export const createAsking = (story: RotationStory, carried: Asking | undefined) => {
  const { ref } = story;
  const state: Asking = carried ?? { sinceMs: Date.now(), reminders: 0, attempts: 0 };
  let [isOpen, isTrying, isTaken] = [false, false, false];
  let gone: Error | undefined;

  /** Made and tested, or refused without a trace. */
  const tryOut = async (staged: StagedRef): Promise<void> => {
    state.attempts += 1;
    const label = (step: string) => (state.attempts === 1 ? step : `${step} (${state.attempts})`);
    try {
      await story.step('creating', () => rotatingNow.createSuccessor(ref, staged), label('creating'));
      await story.step('verifying', () => rotatingNow.verifySuccessor(ref), label('verifying'));
      isTaken = true;
    } catch (error) {
      const failure = asFailure(error);
      await CancellationScope.nonCancellable(async () => {
        await insist(() => rotatingAlways.rollBackRotation(ref));
        if (isGone(error)) gone = failure;
        else if (!isCancellation(error)) {
          const asked = `${rootFailure(error).message.replace(/\.$/, '')}. Enter another one.`;
          await story.at('asking', 'waiting', asked, `asking (${state.attempts + 1})`);
        }
      });
      throw failure;
    }
  };

  setHandler(
    submitSuccessorUpdate,
    async ({ staged, actor }) => {
      isTrying = true;
      story.actsFor(actor);
      try {
        await tryOut(staged);
        return story.view();
      } finally {
        await CancellationScope.nonCancellable(() => own.discardStaged(staged));
        isTrying = false;
      }
    },
    {
      validator: (_given: { staged: StagedRef; actor: string }) => {
        if (isTrying) throw refuse('another one is being tested at this moment; wait for its answer');
        if (isTaken) throw refuse('one was taken already; nothing more is asked for');
        if (!isOpen) throw refuse('nobody is asked for a new one now; see where the rotation stands');
      },
    },
  );

  const answered = () => !isTrying && (isTaken || gone !== undefined);
  const isFull = () => isLong() && !isTrying;

  return {
    /** To be handed to the run that goes on after this one. */
    state,
    /** Tells people, and waits for the successor, with reminders, for thirty days. */
    wait: async ({ asks, ...terms }: Pick<RotationTerms, 'asks'> & { ask: string | null }): Promise<Answer> => {
      const ask = terms.ask ?? `Enter the new value of ${ref.secretClass.replaceAll('_', ' ')} ${ref.subject}`;
      isOpen = true;
      if (carried === undefined) {
        await story.at('asking', 'waiting', ask);
        await story.tell(asks, 'asked', ask);
      }
      const until = state.sinceMs + ASKED_MAX_MS;
      for (;;) {
        const remindAt = state.sinceMs + REMIND_FIRST_MS + state.reminders * REMIND_EVERY_MS;
        const wait = Math.max(1, Math.min(remindAt, until) - Date.now());
        await blockedBy(
          'auth',
          condition(() => answered() || isFull(), wait),
        );
        // Whoever is answered at this moment is answered before anything is decided.
        isOpen = Date.now() < until && !isFull();
        if (!isOpen) await condition(() => !isTrying);
        if (gone !== undefined) throw gone;
        if (isTaken) return 'taken';
        if (!isOpen) return Date.now() < until ? 'full' : 'lapsed';
        if (Date.now() >= remindAt) {
          state.reminders += 1;
          await story.tell(asks, 'reminder', ask, state.reminders);
        }
      }
    },
  };
};
