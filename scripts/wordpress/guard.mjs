// Runs one server in a process group of its own and ends that group when stdin closes, which is what happens when the
// parent dies, however it dies. PHP's workers are not ended by their master: hence the group. PHP's master reaps them
// after SIGINT only, MariaDB ignores that: hence the signal is an argument.
// Arguments: a JSON object { command, args, uid?, gid?, log, stopSignal }.
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';

const { command, args, uid, gid, log, stopSignal } = JSON.parse(process.argv[2]);
const out = openSync(log, 'a', 0o600);
const child = spawn(command, args, { detached: true, stdio: ['ignore', out, out], uid, gid });

const signal = (name) => {
  try {
    if (child.pid) process.kill(-child.pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
};

let ending = false;
const end = () => {
  if (ending) return;
  ending = true;
  signal(stopSignal);
  setTimeout(signal, 10_000, 'SIGKILL').unref();
};

child.on('error', () => process.exit(127));
child.on('spawn', () => process.stdout.write(`${child.pid}\n`));
child.on('exit', (code) => {
  signal('SIGKILL');
  process.exit(code ?? 1);
});
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, end);
process.stdout.on('error', end);
process.stdin.on('end', end).on('close', end).on('error', end).resume();
