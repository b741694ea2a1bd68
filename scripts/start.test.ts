import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { allGone, endProcessesOf, newDataDir, processRunning, runs, startUnderShell } from './lib/testing.ts';

let dataDir = '';

beforeEach(() => {
  dataDir = newDataDir();
});

afterEach(() => {
  endProcessesOf(dataDir);
  rmSync(dataDir, { recursive: true, force: true });
});

const sentences = (output: string): string[] => output.split('\n').filter((line) => line.startsWith('✗'));

test('a port in use is one sentence that names the port and the variable that moves it, and leaves no process', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as AddressInfo;
  const started = await startUnderShell(dataDir, 'database', { DATABASE_PORT: String(port) });
  expect(await started.exited).toBe(1);
  server.close();
  expect(sentences(started.output())).toEqual([expect.stringContaining(`Port ${port} (embedded database) is in use`)]);
  expect(started.output()).toContain(`DATABASE_PORT=${port + 100} npm start`);
  expect(await allGone(dataDir)).toBe(true);
});

test('a broken database folder is one sentence that says which folder to move away, and leaves no process', async () => {
  mkdirSync(join(dataDir, 'postgres'));
  writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), 'not a database');
  const started = await startUnderShell(dataDir, 'database');
  expect(await started.exited).toBe(1);
  expect(sentences(started.output())).toEqual([expect.stringContaining(`move ${join(dataDir, 'postgres')} away`)]);
  expect(await allGone(dataDir)).toBe(true);
});

test('a broken Temporal state is one sentence that says which folder to move away, and leaves no process', async () => {
  mkdirSync(join(dataDir, 'temporal'));
  writeFileSync(join(dataDir, 'temporal', 'temporal.db'), 'not a database '.repeat(1000));
  const started = await startUnderShell(dataDir, 'temporal,database');
  expect(await started.exited).toBe(1);
  expect(sentences(started.output())).toEqual([expect.stringContaining(`move ${join(dataDir, 'temporal')} away`)]);
  expect(await allGone(dataDir)).toBe(true);
});

test('a second start in the same folder is one sentence, and the first goes on', async () => {
  const first = await startUnderShell(dataDir, 'database');
  await runs(first);
  const second = await startUnderShell(dataDir, 'database');
  expect(await second.exited).toBe(1);
  expect(sentences(second.output())).toEqual([expect.stringContaining('already runs from this folder')]);
  expect(processRunning(dataDir, 'scripts/database.ts')).toBeDefined();
});

test('an unknown argument is one sentence', async () => {
  const started = await startUnderShell(dataDir, 'everything');
  expect(await started.exited).toBe(1);
  expect(sentences(started.output())).toEqual([expect.stringContaining('--only=')]);
});

test('the death of a program of ours is mended: it is started again', async () => {
  const started = await startUnderShell(dataDir, 'database');
  await runs(started);
  const before = processRunning(dataDir, 'scripts/database.ts') ?? 0;
  process.kill(before, 'SIGKILL');
  const killed = Date.now();
  while (processRunning(dataDir, 'scripts/database.ts') === before || !processRunning(dataDir, 'scripts/database.ts')) {
    expect(Date.now() - killed).toBeLessThan(20_000);
    await new Promise((done) => setImmediate(done));
  }
  expect(started.output()).toContain('ended unexpectedly');
});

test.each([
  ['npm', (shell: number) => shell],
  ['the outer process', () => processRunning(dataDir, 'scripts/start.mjs')],
  ['the inner process', () => processRunning(dataDir, 'scripts/serve.ts')],
])('SIGKILL of %s leaves no process, and the next start works', async (_what, victim) => {
  const started = await startUnderShell(dataDir, 'temporal,database');
  await runs(started);
  expect(processRunning(dataDir, 'scripts/database.ts')).toBeDefined();
  process.kill(victim(started.pid) ?? 0, 'SIGKILL');
  expect(await allGone(dataDir)).toBe(true);
  const again = await startUnderShell(dataDir, 'database');
  await runs(again);
  process.kill(again.pid, 'SIGTERM');
  expect(await allGone(dataDir)).toBe(true);
});

test('what a killed guard left behind is ended by the next start', async () => {
  const started = await startUnderShell(dataDir, 'temporal');
  await runs(started);
  // Those that could end it go first; then nobody is left who knows Temporal.
  for (const file of ['scripts/start.mjs', 'scripts/serve.ts', 'scripts/lib/guard.mjs']) {
    process.kill(processRunning(dataDir, file) ?? 0, 'SIGKILL');
  }
  const again = await startUnderShell(dataDir, 'temporal');
  await runs(again);
  expect(again.output()).toContain('an interrupted start had left');
  process.kill(again.pid, 'SIGTERM');
  expect(await allGone(dataDir)).toBe(true);
});
