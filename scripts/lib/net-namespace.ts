import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const LOOPBACK_UP = 'ip link set lo up && exec "$@"';

/**
 * The words in front of a command that give it a network of its own with nothing but loopback: the time-skipping server
 * listens on all interfaces and must not be seen from outside. A user who is not root may have it by a user namespace.
 */
export const netNamespacePrefix = async (): Promise<[string, ...string[]]> => {
  for (const flags of ['-n', '-rn']) {
    const prefix: [string, ...string[]] = ['unshare', flags, 'sh', '-c', LOOPBACK_UP, 'sh'];
    const works = await exec(prefix[0], [...prefix.slice(1), 'true']).then(
      () => true,
      () => false,
    );
    if (works) return prefix;
  }
  throw new Error('no network namespace can be had here (unshare -n with loopback up)');
};
