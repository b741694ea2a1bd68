import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSince, sizeOf } from './log-tail.ts';
import { writeRecord } from './records.ts';
import { root } from './settings.ts';
import { until } from './until.ts';

const guardFile = fileURLToPath(new URL('guard.mjs', import.meta.url));
const STOP_MS = 15_000;

export interface ChildOptions {
  name: string;
  /** A program of ours takes SIGTERM and the end of its IPC channel; any other stands behind a guard. */
  kind: 'ours' | 'guarded';
  command: [string, ...string[]];
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** The signal that ends a guarded program at once and cleanly. */
  stopSignal?: NodeJS.Signals;
  logDir: string;
  runDir: string;
  /** Show the program's output at the terminal instead of writing it to its log. */
  inherit?: boolean;
}

interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Child {
  name: string;
  pid: number;
  logFile: string;
  ended: () => boolean;
  exited: Promise<Exit>;
  /** What it has written to its log since it was started. */
  output: () => Promise<string>;
  /** Ends it and all it started. May be called twice. */
  stop: () => Promise<void>;
}

const start = (options: ChildOptions, out: number | 'inherit'): ChildProcess => {
  const { kind, command, runDir, name, stopSignal = 'SIGTERM' } = options;
  const common = { cwd: options.cwd ?? root, env: { ...process.env, ...options.env }, detached: true };
  return kind === 'ours'
    ? spawn(process.execPath, command, { ...common, stdio: ['ignore', out, out, 'ipc'] })
    : spawn(process.execPath, [guardFile, join(runDir, `${name}.program.json`), stopSignal, ...command], {
        ...common,
        stdio: ['pipe', out, out],
      });
};

const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
};

/**
 * Starts a program in a process group of its own, so that Ctrl-C reaches it only through us and in our order. Its output
 * goes straight to a file: nothing is lost when we are killed, and no program of ours blocks or dies on a broken pipe.
 */
export const startChild = async (options: ChildOptions): Promise<Child> => {
  mkdirSync(options.logDir, { recursive: true });
  mkdirSync(options.runDir, { recursive: true });
  const logFile = join(options.logDir, `${options.name}.log`);
  const from = await sizeOf(logFile);
  const out = options.inherit ? 'inherit' : openSync(logFile, 'a');
  const child = start(options, out);
  if (out !== 'inherit') closeSync(out);
  const record = join(options.runDir, `${options.name}.json`);

  let ended = false;
  const exited = new Promise<Exit>((done) => {
    const settle = (exit: Exit) => {
      ended = true;
      // A program that ended badly may leave helpers of its own in its group.
      if (child.pid) killGroup(child.pid);
      void rm(record, { force: true }).then(() => done(exit));
    };
    child.once('exit', (code, signal) => settle({ code, signal }));
    child.once('error', () => settle({ code: 127, signal: null }));
  });
  child.stdin?.on('error', () => undefined);
  if (child.pid) await writeRecord(record, child.pid);

  const stop = async (): Promise<void> => {
    if (ended || !child.pid) return;
    if (options.kind === 'ours') child.kill('SIGTERM');
    else child.stdin?.end();
    if (!(await until(() => ended, STOP_MS))) killGroup(child.pid);
    await exited;
  };
  const output = () => readSince(logFile, from);
  return { name: options.name, pid: child.pid ?? 0, logFile, ended: () => ended, exited, output, stop };
};
