import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './ports.ts';
import { until } from './until.ts';

const GUARD = fileURLToPath(new URL('guard.mjs', import.meta.url));
const READY_MS = 10_000;

const answers = (port: number): Promise<true> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('error', reject).once('connect', () => socket.write('PING\r\n'));
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
  });

/** A Redis of one test file's own, on loopback, which keeps nothing. It dies with the test's process. */
export const startTestRedis = async (program: string): Promise<AsyncDisposable & { url: string }> => {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'biz-redis-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  await using log = await open(join(folder, 'redis.log'), 'a');
  const settings = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', '--dir', folder];
  const child = spawn(process.execPath, [GUARD, '-', 'SIGKILL', program, ...settings], {
    stdio: ['pipe', log.fd, log.fd],
    detached: true,
    env: { PATH: process.env.PATH ?? '' },
  });
  const ended = once(child, 'exit');
  opened.defer(async () => {
    child.stdin?.end();
    await ended;
  });
  if ((await until(() => child.exitCode !== null || answers(port), READY_MS)) !== true || child.exitCode !== null) {
    throw new Error(`Redis does not answer: ${(await readFile(join(folder, 'redis.log'), 'utf8')).slice(-500)}`);
  }
  const all = opened.move();
  return { url: `redis://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => all.disposeAsync() };
};
