import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { onPath } from './run.ts';

const exec = promisify(execFile);

/** An ordinary user to run a program as, and the words to put in front of its command. */
export interface Other {
  uid: number;
  gid: number;
  prefix: string[];
}

const idOf = async (flag: '-u' | '-g', name: string): Promise<number> =>
  Number((await exec('id', [flag, name])).stdout.trim());

/** Some programs refuse to run as root. Undefined when we are not root and need nobody else. */
export const unprivileged = async (): Promise<Other | undefined> => {
  if (process.getuid?.() !== 0) return undefined;
  const setpriv = await onPath('setpriv');
  const runuser = await onPath('runuser');
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = [await idOf('-u', name), await idOf('-g', name)];
      if (setpriv) return { uid, gid, prefix: [setpriv, `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'] };
      if (runuser) return { uid, gid, prefix: [runuser, '-u', name, '--'] };
    } catch {
      // No such user here: the next one.
    }
  }
  throw new Error('it refuses to run as root, and there is no setpriv or runuser to become another user');
};
