import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastLine } from '../lib/command.mjs';

const guard = fileURLToPath(new URL('guard.mjs', import.meta.url));

/** When a process began, in clock ticks since boot: with the pid it names one process for good. Null when it is gone. */
const begun = (pid) => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return null;
  }
};

export const identity = (pid) => ({ pid, begun: begun(pid) });
export const alive = (who) => who.begun !== null && begun(who.pid) === who.begun;

/** Starts one server behind the guard; resolves when it runs (not yet when it is ready). */
export const startGuarded = async (dir, name, { command, args, owner, env, stopSignal = 'SIGTERM' }) => {
  const log = join(dir, `${name}.log`);
  const child = spawn(process.execPath, [guard, JSON.stringify({ command, args, ...owner, log, stopSignal })], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    env,
  });
  child.stdin.on('error', () => undefined);
  let ended = false;
  const exit = new Promise((resolve) => {
    child.once('error', resolve);
    child.once('exit', resolve);
  }).then(() => (ended = true));
  const pid = await Promise.race([
    new Promise((resolve) => child.stdout.once('data', (data) => resolve(Number(data)))),
    exit.then(() => Promise.reject(new Error(`${command} could not be started`))),
  ]);
  await mkdir(join(dir, 'pids'), { recursive: true });
  await writeFile(join(dir, 'pids', name), JSON.stringify(identity(pid)));
  return {
    hasEnded: () => ended,
    lastLog: async () => lastLine(await readFile(log, 'utf8')),
    stop: async () => {
      child.stdin.end();
      await exit;
    },
  };
};

/** Ends what a killed guard left behind in this folder. */
export const sweep = async (dir) => {
  const names = await readdir(join(dir, 'pids')).catch(() => []);
  for (const name of names) {
    const who = JSON.parse(await readFile(join(dir, 'pids', name), 'utf8').catch(() => '{"begun":null}'));
    if (!alive(who)) continue;
    process.kill(-who.pid, 'SIGKILL');
    while (alive(who)) await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

/** Awaits a condition, asked every 30 ms; the server that dies meanwhile ends the wait with its last word. */
export const ready = async (what, server, seconds, probe) => {
  const end = Date.now() + seconds * 1000;
  while (!(await probe())) {
    if (server.hasEnded()) throw new Error(`${what} ended while starting: ${await server.lastLog()}`);
    if (Date.now() > end) throw new Error(`${what} was not ready within ${seconds} s: ${await server.lastLog()}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
};
