import { spawn, spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { SetupError, checkOuterNode, innerNode, install, root } from './install.mjs';

const STOP_MS = 40_000;

/**
 * Installs what is missing and runs `entry` under the project's own Node 24 until it ends. Whatever ends us or our
 * parent (npm) ends it: it is in a process group of its own, so Ctrl-C reaches it only through here, once.
 */
export const handOver = async (entry) => {
  let child;
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    if (!child) process.exit(130);
    // A guard ends with its stdin, our own program with SIGTERM.
    if (child.stdin) child.stdin.destroy();
    else child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), STOP_MS).unref();
  };
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && stop(), 250).unref();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, stop);
  // The terminal may go first; what we still say is then for nobody.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

  try {
    checkOuterNode();
    await install((installing) => (child = installing));
    if (stopping) process.exit(130);
  } catch (error) {
    if (stopping) process.exit(130);
    console.error(error instanceof SetupError ? `✗ ${error.message}` : error);
    process.exit(1);
  }

  const env = { ...process.env, PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH ?? ''}` };
  child = spawn(innerNode, [join(root, 'scripts', entry), ...process.argv.slice(2)], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  child.on('error', (error) => {
    console.error(`✗ ${innerNode} cannot be run (${error.message}): remove node_modules and run the command again.`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal && !stopping) {
      // Killed from outside: its children end by themselves, and this ends those that cannot.
      spawnSync(innerNode, [join(root, 'scripts', 'lib', 'reap-all.ts'), String(child.pid)], {
        cwd: root,
        env,
        stdio: 'ignore',
      });
      console.error(`✗ ${entry} was ended by ${signal}; everything it had started was stopped.`);
    }
    process.exit(code ?? 1);
  });
};
