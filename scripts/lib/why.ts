import { dirname } from 'node:path';
import type { Child } from './child.ts';
import { isFull } from './disk.ts';
import { lastWords } from './log-tail.ts';
import { SetupError } from './say.ts';

export interface Blame {
  /** What the program is called to a person. */
  what: string;
  port?: { number: number; variable: string };
  /** The folder or file that holds its state from an earlier start: the likely culprit when it does not come up. */
  state?: string;
}

/** Reads out of a program's log why it did not come up, and says it in one sentence with the mend. */
export const whyNotUp = async (child: Child, { what, port, state }: Blame): Promise<SetupError> => {
  const text = await child.output();
  const words = lastWords(text)
    .replace(/[.\s]+$/, '')
    .replace(/^✗ /, '');
  // On a full disk the log may be empty too, so the disk is asked as well.
  if (/ENOSPC|no space left|disk is full/i.test(text) || (await isFull(dirname(child.logFile)))) {
    return new SetupError(`The disk is full (${what} could not write to it): free some space and start again.`);
  }
  if (port && /EADDRINUSE|address already in use/i.test(text)) {
    return new SetupError(
      `Port ${port.number} (${what}) is in use by another program: stop that program, or choose another port, for example ${port.variable}=${port.number + 100} npm start.`,
    );
  }
  if (state) {
    return new SetupError(
      `${what} cannot open its data of the last start (${words}): move ${state} away and start again; what it held is then gone from here.`,
    );
  }
  const how = child.ended() ? 'ended while starting' : 'did not become ready in time';
  return new SetupError(`${what} ${how} (${words}): see ${child.logFile}.`);
};
