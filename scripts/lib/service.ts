import { setTimeout as pause } from 'node:timers/promises';
import type { Child, ChildOptions } from './child.ts';
import { startChild } from './child.ts';
import { lastWords } from './log-tail.ts';
import { SetupError, say } from './say.ts';
import { until } from './until.ts';
import { whyNotUp } from './why.ts';
import type { Blame } from './why.ts';

const MINUTE_MS = 60_000;
const DEATHS_ALLOWED = 3;

export interface ServiceOptions extends ChildOptions {
  blame: Blame;
  readyMs: number;
  /** Called until it gives an answer other than undefined. */
  isReady: (child: Child) => Promise<true | undefined> | true | undefined;
}

export interface Service {
  name: string;
  stop: () => Promise<void>;
}

/**
 * Starts a program, waits until it is ready and keeps it so: one that dies is started again after a pause that grows, one
 * that dies three times within a minute is given up, and `onGivenUp` gets the sentence for it.
 */
export const startService = async (
  options: ServiceOptions,
  onGivenUp: (error: SetupError) => void,
  signal: AbortSignal,
): Promise<Service> => {
  const deaths: number[] = [];
  let stopping = false;
  let child = await startChild(options);

  const becomeReady = async (): Promise<void> => {
    const ready = await until(() => signal.aborted || child.ended() || options.isReady(child), options.readyMs);
    if (signal.aborted || (ready && !child.ended())) return;
    const error = await whyNotUp(child, options.blame);
    await child.stop();
    throw error;
  };

  const restart = async (): Promise<void> => {
    const words = lastWords(await child.output());
    const now = Date.now();
    deaths.push(now);
    const recent = deaths.filter((at) => at > now - MINUTE_MS).length;
    const what = options.blame.what;
    if (recent >= DEATHS_ALLOWED) {
      const told = `${what} ended ${recent} times within a minute (${words}): see ${child.logFile}, mend that and start again.`;
      return onGivenUp(new SetupError(told));
    }
    say(`! ${what} ended unexpectedly (${words}); starting it again. Its log: ${child.logFile}`);
    await pause(500 * 4 ** (recent - 1));
    if (stopping || signal.aborted) return;
    child = await startChild(options);
    await watch();
  };

  const watch = async (): Promise<void> => {
    await child.exited;
    if (!stopping && !signal.aborted) await restart();
  };

  const stop = async (): Promise<void> => {
    stopping = true;
    await child.stop();
  };
  await becomeReady();
  void watch();
  return { name: options.name, stop };
};
