/** What a run did lately, as far as it tells whether it goes in circles. Small enough to be carried through continue-as-new. */
export interface Guard {
  /** Keys of the last calls, the newest last. */
  recent: string[];
  /** Turns in a row in which nothing new was asked, or nothing worked. */
  fruitless: number;
  /** It was told once that it goes in circles. */
  nudged: boolean;
}

export type Verdict = 'go' | 'nudge' | 'stop';

/** How many calls are looked back on. */
const WINDOW = 40;
/** The same call with the same arguments may be made this often within the window. */
const SAME_CALL_MAX = 3;
/** Turns without progress. */
const FRUITLESS_MAX = 8;
/** Enough of a hash to tell calls of one run apart. */
const KEY_CHARS = 16;

export const newGuard = (): Guard => ({ recent: [], fruitless: 0, nudged: false });

/** The first breach is answered with a nudge, every later one ends the run. */
const breach = (guard: Guard): Verdict => {
  if (guard.nudged) return 'stop';
  guard.nudged = true;
  return 'nudge';
};

/** Counts one call. A call that is answered with a nudge is not made. */
export const watchCall = (guard: Guard, key: string): Verdict => {
  const short = key.slice(0, KEY_CHARS);
  const times = guard.recent.filter((one) => one === short).length + 1;
  if (times > SAME_CALL_MAX) return breach(guard);
  guard.recent = [...guard.recent, short].slice(-WINDOW);
  return 'go';
};

/** Whether this call was not made before, as far as the window goes. Asked before `watchCall`. */
export const isNew = (guard: Guard, key: string): boolean => !guard.recent.includes(key.slice(0, KEY_CHARS));

/** Counts one turn with calls: `fruitful` when one of them was new and worked. */
export const watchTurn = (guard: Guard, fruitful: boolean): Verdict => {
  guard.fruitless = fruitful ? 0 : guard.fruitless + 1;
  if (guard.fruitless <= FRUITLESS_MAX) return 'go';
  guard.fruitless = 0;
  return breach(guard);
};
