import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from './until.ts';

const GUARD = fileURLToPath(new URL('guard.mjs', import.meta.url));
const READY_MS = 20_000;

interface Start {
  /** `folder`: an empty one of its own, which goes with it. */
  command: (folder: string) => [string, ...string[]];
  env?: Record<string, string>;
  /** Any answer there says that it is up. */
  readyAt: string;
}

/** Somebody else's server, of one test file's own. It dies with the test's process. */
export const startTestServer = async ({ command, env = {}, readyAt }: Start): Promise<AsyncDisposable> => {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'biz-server-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  await using log = await open(`${folder}.log`, 'a');
  opened.defer(() => rm(`${folder}.log`, { force: true }));
  const child = spawn(process.execPath, [GUARD, '-', 'SIGKILL', ...command(folder)], {
    stdio: ['pipe', log.fd, log.fd],
    detached: true,
    env: { PATH: process.env.PATH ?? '', HOME: folder, ...env },
  });
  const ended = once(child, 'exit');
  opened.defer(async () => {
    child.stdin?.end();
    await ended;
  });
  const answers = () => fetch(readyAt).then(() => true as const);
  if ((await until(() => child.exitCode !== null || answers(), READY_MS)) !== true || child.exitCode !== null) {
    throw new Error(`it does not answer: ${(await readFile(`${folder}.log`, 'utf8')).slice(-500)}`);
  }
  return opened.move();
};
