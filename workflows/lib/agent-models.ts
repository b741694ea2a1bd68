import { ActivityFailure, condition, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import type { AtWork, Short, StepAsked } from '../../activities/agents/terms.ts';
import { own } from './activities.ts';
import { raiseBudget } from './agent-limits.ts';
import { atWork } from './agent-state.ts';
import type { Loop } from './agent-state.ts';
import { unpaused, waitingFor } from './agent-waits.ts';
import { blockedBy } from './attributes.ts';
import { rootFailure } from './failures.ts';

type Trouble = 'quota' | 'auth' | 'provider';

/** What a model's failure is waited out as, once no other model of the chain can answer. */
const TROUBLES: Record<string, Trouble> = {
  llm_quota: 'quota',
  llm_auth: 'auth',
  llm_no_key: 'auth',
  llm_rate_limited: 'provider',
  llm_transient: 'provider',
};

const LOOK_FIRST_MS = 60_000;
/** A quota that is used up, or a key that is refused, is seldom there again within the hour; who mends it says so, too. */
const LOOK_LAST_MS: Record<Trouble, number> = { provider: 3_600_000, quota: 4 * 3_600_000, auth: 4 * 3_600_000 };
/** How long another model than the first is asked before the first one is tried again. */
const TURNED_MS = 15 * 60_000;

/**
 * `next`: another model may answer. `wait`: no model is to blame, and the same one is asked again later. Without a trouble
 * there is nothing to wait for once no other model is left.
 */
interface Met {
  trouble: Trouble | null;
  then: 'next' | 'wait';
  message: string;
}

/** What a failed turn means for the chain; null: it is not the model's, and would fail anywhere. */
const met = (error: unknown): Met | null => {
  if (isCancellation(error)) return null;
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  // Nobody was there to ask, or nobody came to an end: what is told of the last attempt, if there was one, says more.
  const last = cause instanceof TimeoutFailure ? (cause.cause ?? null) : error;
  if (last === null) return { trouble: 'provider', then: 'wait', message: 'no worker was free for this' };
  if (last instanceof TimeoutFailure)
    return { trouble: 'provider', then: 'next', message: 'it did not answer in time' };
  const { code, message } = rootFailure(last);
  const trouble = TROUBLES[code];
  if (trouble !== undefined) return { trouble, then: 'next', message };
  // One that was switched off, say, or cannot do this: the next one may.
  if (code === 'llm_bad_request') return { trouble: null, then: 'next', message };
  // Retried until its time was up: our own store is away, say. That delays a run and never ends it.
  const retried = error instanceof ActivityFailure && error.retryState !== 'NON_RETRYABLE_FAILURE';
  return retried ? { trouble: 'provider', then: 'wait', message } : null;
};

/**
 * One model turn, by the first model of the chain that answers, within all budgets. Once none does, it waits for as long as
 * the loop may: woken by whatever may have mended it, else by timers that grow. Each turn has its number once and for all.
 */
export async function askModels<Taken>(
  loop: Loop,
  ask: (at: AtWork, asked: StepAsked) => Promise<{ taken: Taken } | { short: Short }>,
): Promise<Taken> {
  const { state } = loop;
  const step = state.step;
  state.step += 1;
  const untilMs = Date.now() + loop.waitMaxMs;
  let [first, waitMs]: [Met | null, number] = [null, LOOK_FIRST_MS];
  if (state.turnedAt !== null && Date.now() - state.turnedAt > TURNED_MS) turn(loop, 0);
  for (;;) {
    await unpaused(loop);
    const seen = loop.nudges;
    const { floor, upto, modelIndex, limits } = state;
    try {
      const result = await ask(atWork(loop), { step, floor, upto, modelIndex, micros: limits.micros });
      if ('taken' in result) return result.taken;
      await raiseBudget(loop, result.short);
    } catch (error) {
      const why = met(error);
      if (why === null) throw error;
      first ??= why;
      const another = why.then === 'next' && modelIndex + 1 < state.models;
      if (another) {
        turn(loop, modelIndex + 1);
        continue;
      }
      const trouble: Trouble | null = first.trouble ?? why.trouble;
      if (trouble === null || Date.now() >= untilMs) throw error;
      if (waitMs === LOOK_FIRST_MS) await tell(loop, trouble, first.message);
      const nudged = condition(() => loop.nudges > seen, Math.min(waitMs, untilMs - Date.now()));
      await waitingFor(loop, trouble, blockedBy(trouble, nudged));
      [first, waitMs] = [null, Math.min(waitMs * 2, LOOK_LAST_MS[trouble])];
      if (why.then === 'next') turn(loop, 0);
    }
  }
}

const turn = ({ state }: Loop, to: number): void => {
  state.turnedAt = to === 0 ? null : Date.now();
  state.modelIndex = to;
};

/** People are told once for each run and kind of trouble, however long it lasts. */
const tell = ({ at }: Loop, trouble: Trouble, message: string): Promise<void> =>
  own.tellOfFact(at.tenantId, {
    key: `agent.blocked/${at.runId}/${trouble}`,
    roles: ['tenant_admin'],
    kind: 'agent.blocked',
    subject: `${at.agentId} waits, because no model can answer it: ${message}`,
    link: `/api/v1/runs/${at.runId}`,
  });
