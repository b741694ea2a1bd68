import { delimiter, join } from 'node:path';
import { access, constants } from 'node:fs/promises';
import type { ChildOptions } from './child.ts';
import { startChild } from './child.ts';

/** Where programs log and are recorded, so that whatever happens they can be read and ended. */
export type Place = Pick<ChildOptions, 'logDir' | 'runDir'> & {
  /** Ends the step early; the programs it started are then ended too. */
  signal: AbortSignal;
};

export interface Outcome {
  ok: boolean;
  output: string;
  logFile: string;
}

/** Runs a program to its end behind a guard. */
export const run = async (
  place: Place,
  options: Omit<ChildOptions, 'kind' | 'logDir' | 'runDir'>,
  timeoutMs: number,
): Promise<Outcome> => {
  const child = await startChild({ ...options, logDir: place.logDir, runDir: place.runDir, kind: 'guarded' });
  const stop = () => void child.stop();
  const timer = setTimeout(stop, timeoutMs);
  place.signal.addEventListener('abort', stop, { once: true });
  if (place.signal.aborted) stop();
  const { code } = await child.exited;
  clearTimeout(timer);
  place.signal.removeEventListener('abort', stop);
  return { ok: code === 0, output: await child.output(), logFile: child.logFile };
};

export const isProgram = async (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

/** The full path of a program on the PATH, node_modules/.bin left out: what npm put there is not what we look for. */
export const onPath = async (program: string): Promise<string | undefined> => {
  const folders = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder && !folder.includes('node_modules'));
  for (const folder of folders) {
    const file = join(folder, program);
    if (await isProgram(file)) return file;
  }
  return undefined;
};
