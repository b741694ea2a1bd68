import { condition, setHandler } from '@temporalio/workflow';
import type { ConnectionRef } from '../../activities/connections.ts';
import { local } from './activities.ts';
import { blockedBy, dependsOn } from './attributes.ts';
import { connectionResumedSignal } from './connection-messages.ts';
import { rootFailure } from './failures.ts';

const WAIT_MAX_MS = 7 * 86_400_000;
/** The signal may miss one that began to wait a moment ago, so everyone also looks for himself, less and less often. */
const LOOK_FIRST_MS = 60_000;
const LOOK_LAST_MS = 6 * 3_600_000;

const OVER = new Set<string | null>(['disconnecting', 'disconnected', null]);
const DEAD = new Set(['reauth_required', 'pending', 'disabled']);

/**
 * For whatever needs a connection: when a person must connect it again first, it waits, with all others that do, and goes on
 * when told so. Given up after a week, or when the connection has ended, with the failure that it met.
 */
export const createPatience = () => {
  let told = 0;
  setHandler(connectionResumedSignal, () => void (told += 1));

  const again = async (ref: ConnectionRef, seen: number, untilMs: number): Promise<boolean> => {
    let look = LOOK_FIRST_MS;
    for (let state = await local.connectionState(ref); ; state = await local.connectionState(ref)) {
      if (OVER.has(state)) return false;
      // One that was found dead by somebody else's older word is asked again after a pause, not at once and for ever.
      if (!DEAD.has(state ?? '') && (told > seen || look > LOOK_FIRST_MS)) return true;
      const left = untilMs - Date.now();
      if (left <= 0) return false;
      const heard = told;
      await condition(() => told > heard, Math.min(look, left));
      look = Math.min(look * 4, LOOK_LAST_MS);
    }
  };

  /** Runs `act` until it does not meet a dead connection. `through` says which one. */
  return async <Result>(
    through: () => Promise<ConnectionRef | null> | ConnectionRef,
    act: () => Promise<Result>,
  ): Promise<Result> => {
    const untilMs = Date.now() + WAIT_MAX_MS;
    for (;;) {
      const seen = told;
      try {
        return await act();
      } catch (error) {
        if (rootFailure(error).code !== 'reauth_required') throw error;
        const ref = await through();
        if (ref === null) throw error;
        dependsOn(ref.connectionId);
        if (!(await blockedBy('auth', again(ref, seen, untilMs)))) throw error;
      }
    }
  };
};
