import { Fault } from '../../ports/errors.ts';
import type { Want } from './meter.ts';

/** A call of this process that has to wait. */
export interface Waiting extends Want {
  /** The store was asked for it before, and it could not go. */
  judged: boolean;
  /** It may: whoever waits for it goes on. */
  go: () => void;
  fail: (error: unknown) => void;
  /** Of our own clock. */
  deadline: number;
}

const LEAST_MS = 100;
/** Where nobody knows how long. */
const LATER_MS = 1000;

const tooLate = (retryAfterMs: number): Fault =>
  new Fault('provider_rate_limited', 'What this system allows us is used up for now; try again a little later.', {
    retryAfterMs: Math.max(LEAST_MS, Math.ceil(retryAfterMs)),
  });

/** The calls of one process that wait for one budget. */
export interface Queue {
  calls: Waiting[];
  /** Resolves when it may go. Rejects when it is too late, or with the signal's own reason. */
  wait: (want: Want, waitMs: number, signal?: AbortSignal) => Promise<Waiting>;
  /** The store has been asked: whoever cannot go in time learns it now, and how long it would have taken. */
  judged: (expectedMs: (call: Waiting) => number | null) => void;
  failAll: (error: unknown) => void;
}

/** `onChange`: somebody came or went. */
export function createQueue(onChange: () => void, now: () => number = () => performance.now()): Queue {
  const calls: Waiting[] = [];
  /** How long each would have had to wait, where that is known. */
  const expected = new WeakMap<Waiting, number>();
  const leave = (call: Waiting) => {
    const at = calls.indexOf(call);
    if (at >= 0) calls.splice(at, 1);
  };
  const sendAway = (call: Waiting) => call.fail(tooLate(expected.get(call) ?? LATER_MS));

  return {
    calls,
    wait: (want, waitMs, signal) =>
      new Promise((resolve, reject) => {
        // Nobody is sent away before the store was asked once.
        const timer = setTimeout(() => call.judged && sendAway(call), waitMs);
        const settled = (end: () => void) => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', aborted);
          leave(call);
          end();
        };
        const call: Waiting = {
          ...want,
          judged: false,
          deadline: now() + waitMs,
          go: () => settled(() => resolve(call)),
          fail: (error) => {
            settled(() => reject(error instanceof Error ? error : new Error(String(error))));
            onChange();
          },
        };
        const aborted = () => call.fail(signal?.reason);
        signal?.addEventListener('abort', aborted);
        calls.push(call);
        onChange();
      }),
    judged(expectedMs) {
      for (const call of [...calls]) {
        const ms = expectedMs(call);
        call.judged = true;
        if (ms !== null) expected.set(call, ms);
        const left = call.deadline - now();
        if (left <= 0 || (ms !== null && ms > left)) sendAway(call);
      }
    },
    failAll: (error) => {
      for (const call of [...calls]) call.fail(error);
    },
  };
}
