// Stands in front of a program that is not ours and would outlive us: Temporal, PostgreSQL, a compiler, npm itself.
// Whoever starts it holds its stdin; when that closes, for whatever reason, the program is ended.
// Usage: node guard.mjs <record file or -> <signal> <command> [arguments]
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { birthOf } from './birth.mjs';

const GRACE_MS = 10_000;
const [record, signal, command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });

if (record !== '-' && child.pid) {
  try {
    // Read by the next start: the guard may be killed too, and then nobody else knows this process.
    writeFileSync(record, JSON.stringify({ pid: child.pid, birth: birthOf(child.pid) }));
  } catch (error) {
    console.error(String(error));
  }
}

let stopping = false;
const stop = () => {
  if (stopping) return;
  stopping = true;
  child.kill(signal);
  // The guard leads its own process group, so this also ends what the program started, and the guard.
  setTimeout(() => process.kill(-process.pid, 'SIGKILL'), GRACE_MS).unref();
};

child.on('error', (error) => {
  console.error(`${command} cannot be started: ${error.message}`);
  process.exit(127);
});
child.on('exit', (code, by) => {
  if (record !== '-') rmSync(record, { force: true });
  if (stopping) {
    // Leave no grandchild of a program that did not clean up behind itself.
    try {
      process.kill(-process.pid, 'SIGTERM');
    } catch {
      // The group is gone: nothing to end.
    }
  }
  process.exit(code ?? 128 + (constants.signals[by] ?? 0));
});

process.stdin.on('end', stop).on('close', stop).on('error', stop).resume();
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, stop);
