import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

const start = (port: string): ChildProcess =>
  fork(MAIN, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], execArgv: [], env: { ...process.env, EMULATOR_PORT: port } });

async function urlOf(child: ChildProcess): Promise<string> {
  const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  return (JSON.parse(line.toString()) as { url: string }).url;
}

async function ended(child: ChildProcess): Promise<{ code: unknown; stderr: string }> {
  let stderr = '';
  child.stderr?.on('data', (part: Buffer) => (stderr += part.toString()));
  // Not 'close': a child whose IPC channel was let go of never gives it.
  const [[code]] = (await Promise.all([once(child, 'exit'), once(child.stderr ?? child, 'end')])) as [
    [number | null],
    unknown,
  ];
  return { code, stderr };
}

test('the process says where it listens and leaves on SIGTERM, and when its parent lets go of it', async () => {
  for (const leave of [(child: ChildProcess) => child.kill('SIGTERM'), (child: ChildProcess) => child.disconnect()]) {
    const child = start('0');
    const url = await urlOf(child);
    expect((await fetch(url)).status).toBe(200);
    leave(child);
    expect((await ended(child)).code).toBe(0);
  }
});

test('a port in use or no port at all is one sentence and exit code 1', async () => {
  const first = start('0');
  const { port } = new URL(await urlOf(first));
  expect(await ended(start(port))).toEqual({
    code: 1,
    stderr: `Port ${port} is in use: stop what listens there or set EMULATOR_PORT to another port.\n`,
  });
  expect((await ended(start('http'))).code).toBe(1);
  first.kill('SIGTERM');
  await ended(first);
});
