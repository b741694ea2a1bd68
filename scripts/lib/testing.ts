import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.ts';
import { root } from './settings.ts';
import { until } from './until.ts';

/** Every process on this machine that was started, however far down, with this data folder. */
export const processesOf = (dataDir: string): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`BIZ_DATA_DIR=${dataDir}`);
      } catch {
        return false;
      }
    });

/** Ends them all; one that ended by itself meanwhile is no trouble. */
export const endProcessesOf = (dataDir: string): void => {
  for (const pid of processesOf(dataDir)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
};

/** The one of them that runs this file. */
export const processRunning = (dataDir: string, file: string): number | undefined => {
  const found = processesOf(dataDir).find((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
        .split('\0')
        .some((word) => word.endsWith(file));
    } catch {
      return false;
    }
  });
  return found === undefined ? undefined : Number(found);
};

export interface Started {
  pid: number;
  dataDir: string;
  output: () => string;
  exited: Promise<number | null>;
}

export const newDataDir = (): string => mkdtempSync(join(tmpdir(), 'biz-start-'));

/** `npm start` as npm runs it: under a shell that is its parent, with a data folder and ports of its own. */
export const startUnderShell = async (
  dataDir: string,
  only: string,
  env: Record<string, string> = {},
): Promise<Started> => {
  const [database, temporal, ui] = await Promise.all([freePort(), freePort(), freePort()]);
  const own = { ...process.env, TEMPORAL_ADDRESS: undefined, DATABASE_URL: undefined };
  const ports = { DATABASE_PORT: String(database), TEMPORAL_PORT: String(temporal), TEMPORAL_UI_PORT: String(ui) };
  // The shell stays in between, as npm does: `exit $?` keeps it from handing its process over.
  const child = spawn('sh', ['-c', `node scripts/start.mjs --only=${only}; exit $?`], {
    cwd: root,
    env: { ...own, ...ports, BIZ_DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  return { pid: child.pid ?? 0, dataDir, output: () => text, exited };
};

export const runs = async (started: Started): Promise<void> => {
  const up = await until(() => started.output().includes('BizOSaaS runs') || undefined, 40_000);
  if (!up) throw new Error(`it did not start:\n${started.output()}`);
};

export const allGone = async (dataDir: string): Promise<boolean> =>
  (await until(() => processesOf(dataDir).length === 0, 20_000)) ?? false;
