import { CancellationScope, log, sleep } from '@temporalio/workflow';
import { rootFailure } from './failures.ts';
import type { Failed } from './failures.ts';

type Undo = () => Promise<unknown>;

const RETRY_FIRST_MS = 60_000;
const RETRY_MAX_MS = 3_600_000;

/**
 * An undo, or what must be kept, is tried again until it works, never dropped: what it leaves behind would be nobody's.
 * `failed` may tell people why it does not.
 */
export const insist = async (undo: Undo, failed: (why: Failed) => Promise<unknown> = async () => undefined) => {
  for (let wait = RETRY_FIRST_MS; ; wait = Math.min(wait * 2, RETRY_MAX_MS)) {
    try {
      await undo();
      return;
    } catch (error) {
      const why = rootFailure(error);
      log.error('what must be done failed and is tried again', { code: why.code, waitMs: wait });
      await failed(why);
      await sleep(wait);
    }
  }
};

/**
 * Runs `body`; when it fails or is cancelled, runs the registered undos in reverse, then throws the same error.
 * Register an undo before its step: a step that timed out may have acted. Every undo is silent when there is nothing to undo.
 */
export const compensate = async <Result>(body: (undo: (step: Undo) => void) => Promise<Result>): Promise<Result> => {
  const undos: Undo[] = [];
  try {
    return await body((step) => undos.unshift(step));
  } catch (error) {
    await CancellationScope.nonCancellable(async () => {
      for (const undo of undos) await insist(undo);
    });
    throw error;
  }
};
