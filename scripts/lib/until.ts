import { setTimeout as pause } from 'node:timers/promises';

/** Asks again until the answer is there, or until time is up: then undefined. Never throws what `ask` throws. */
export const until = async <T>(
  ask: () => Promise<T | undefined> | T | undefined,
  timeoutMs: number,
  everyMs = 50,
): Promise<T | undefined> => {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch {
      // Not yet: a refused connection is the usual case here.
    }
    if (Date.now() >= deadline) return undefined;
    await pause(everyMs);
  }
};
