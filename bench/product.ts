import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../scripts/lib/ports.ts';
import { root } from '../scripts/lib/settings.ts';

/** The whole product as `npm start` runs it, on ports and in a folder of its own. */
export interface Product {
  apiUrl: string;
  emulatorUrl: string;
  temporalAddress: string;
  dataDir: string;
  /** From the command to the line that says that it runs, in milliseconds. */
  startedInMs: number;
  /** Peak resident memory of a part, in bytes, as the kernel counted it. */
  peakBytes: (part: 'worker' | 'api') => Promise<number>;
  stop: () => Promise<void>;
}

const RUNS = 'BizOSaaS runs';
const ALL_PARTS = 'temporal,database,emulator,migrations,worker,api';
const ENTRY = { worker: 'workers/main.ts', api: 'api/main.ts' };

const choosePorts = async (): Promise<Record<string, string>> => {
  const names = ['API_PORT', 'EMULATOR_PORT', 'DATABASE_PORT', 'TEMPORAL_PORT', 'TEMPORAL_UI_PORT'];
  const ports = await Promise.all(names.map(() => freePort()));
  return Object.fromEntries(names.map((name, index) => [name, String(ports[index])]));
};

/** The descendants of a process, by /proc. */
const descendants = async (pid: number): Promise<number[]> => {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const direct = children.split(' ').filter(Boolean).map(Number);
  return [...direct, ...(await Promise.all(direct.map(descendants))).flat()];
};

const peakOf = async (parent: number, entry: string): Promise<number> => {
  for (const pid of await descendants(parent)) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (!command.includes(entry)) continue;
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  }
  throw new Error(`no process of ${entry} runs`);
};

/** Starts `command` (the product's own start, from `cwd`) and waits for its line. */
export const startProduct = async ({
  cwd = root,
  parts = ALL_PARTS,
  command = [process.execPath, join(root, 'scripts/serve.ts'), `--only=${parts}`],
  dataDir,
  ports,
  env = {},
}: {
  cwd?: string;
  parts?: string;
  command?: string[];
  dataDir?: string;
  ports?: Record<string, string>;
  env?: Record<string, string>;
} = {}): Promise<Product & { ports: Record<string, string> }> => {
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'bizosaas-bench-')));
  const at = ports ?? (await choosePorts());
  const began = performance.now();
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...at, BIZ_DATA_DIR: folder, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const exited = once(child, 'exit');
  // In a group of its own it would outlive a measurement that is broken off.
  const leave = () => {
    child.kill('SIGTERM');
    void exited.then(() => process.exit(130));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, leave);
  const runs = new Promise<void>((resolve) => {
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
      if (said.includes(RUNS)) resolve();
    });
  });
  await Promise.race([runs, exited.then(() => Promise.reject(new Error('the product ended before it ran')))]);
  const pid = child.pid ?? 0;
  return {
    ports: at,
    apiUrl: `http://127.0.0.1:${at['API_PORT']}`,
    emulatorUrl: `http://127.0.0.1:${at['EMULATOR_PORT']}`,
    temporalAddress: `127.0.0.1:${at['TEMPORAL_PORT']}`,
    dataDir: folder,
    startedInMs: performance.now() - began,
    peakBytes: (part) => peakOf(pid, ENTRY[part]),
    stop: async () => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, leave);
      child.kill('SIGTERM');
      await exited;
      if (dataDir === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
};
