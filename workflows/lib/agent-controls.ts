import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import type { RunLimits } from '../../ports/agents.ts';
import type { ContentRef } from '../../ports/content.ts';
import type { Role } from '../../ports/identity.ts';
import { own } from './activities.ts';
import * as messages from './agent-messages.ts';
import type { By } from './agent-messages.ts';
import { atWork } from './agent-state.ts';
import type { Loop } from './agent-state.ts';
import { asFailure } from './failures.ts';
import { createSerial } from './serial.ts';

/** Messages that wait until the model's next turn. */
const STAGED_MAX = 20;
const MAY_RAISE: Role[] = ['tenant_admin', 'platform_admin', 'super_admin'];

const refuse = (code: string, message: string) => ApplicationFailure.nonRetryable(message, code);

/** What a person says to a run: heard before its next turn. Refused by `mayHear`. */
export const hearNext = ({ state }: Loop, content: ContentRef): void => void state.staged.push(content);

export const mayHear = ({ state, over }: Loop): void => {
  if (over) throw refuse('conflict', 'the run has come to its end; start another one');
  if (state.staged.length >= STAGED_MAX)
    throw refuse('conflict', `${STAGED_MAX} messages wait already; the agent hears them before its next step`);
};

/** Whoever may pause a run may lower its limits; only these roles let it go further. */
const mayRaise = ({ state }: Loop, { actor, limits }: By & { limits: Partial<RunLimits> }): void => {
  if (MAY_RAISE.includes(actor.role)) return;
  const raised = (Object.keys(limits) as (keyof RunLimits)[]).find((key) => (limits[key] ?? 0) > state.limits[key]);
  if (raised !== undefined) throw refuse('forbidden', `${actor.role} may not raise ${raised}; a tenant_admin may`);
};

/** What people may say to a run at work. Set before the first await of its workflow. */
export function listenToLoop(loop: Loop): void {
  const inTurn = createSerial();
  const now = () => messages.progressOf(loop);
  /** A change of what the run goes by, after those before it, once it has a plan. */
  const change = (task: () => Promise<void> | void) =>
    inTurn(async () => {
      await condition(() => loop.planned);
      try {
        await task();
      } catch (error) {
        throw asFailure(error);
      }
      loop.nudges += 1;
      return now();
    });

  const pause = () => void (loop.state.paused = true);
  const resume = () => {
    loop.state.paused = false;
    loop.nudges += 1;
  };
  setHandler(messages.pauseUpdate, () => {
    pause();
    return now();
  });
  setHandler(messages.resumeUpdate, () => {
    resume();
    return now();
  });
  setHandler(messages.controlSignal, (control) => {
    if (control.kind === 'pause') pause();
    else if (control.kind === 'resume') resume();
    else if (loop.state.staged.length < STAGED_MAX) hearNext(loop, control.content);
  });
  setHandler(
    messages.steerUpdate,
    ({ content }) => {
      hearNext(loop, content);
      return now();
    },
    { validator: (_given) => mayHear(loop) },
  );
  setHandler(
    messages.setLimitsUpdate,
    (given) =>
      change(async () => {
        mayRaise(loop, given);
        const { limits } = given;
        if (limits.micros !== undefined) await own.limitRun(loop.at, limits.micros);
        Object.assign(loop.state.limits, limits);
      }),
    // Before there is a plan there is no limit yet that could be raised: it is judged once there is one.
    { validator: (given: By & { limits: Partial<RunLimits> }) => void (loop.planned && mayRaise(loop, given)) },
  );
  setHandler(messages.swapModelUpdate, ({ model }) =>
    change(async () => {
      const { pin, models } = await own.putModelFirst(atWork(loop), model);
      Object.assign(loop.state, { pinId: pin.id, models, modelIndex: 0, turnedAt: null });
    }),
  );
  setHandler(messages.budgetRaisedSignal, () => void (loop.nudges += 1));
  setHandler(messages.modelsChangedSignal, () => {
    Object.assign(loop.state, { modelIndex: 0, turnedAt: null });
    loop.nudges += 1;
  });
}
