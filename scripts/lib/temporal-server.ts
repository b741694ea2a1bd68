import { execFile } from 'node:child_process';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { requireSpace } from './disk.ts';
import { isProgram, onPath, run } from './run.ts';
import type { Place } from './run.ts';
import { cacheDir } from './settings.ts';

const VERSION = '1.31.1';
const BUILD_MS = 20 * 60_000;
const MB = 1024 * 1024;
const cached = join(cacheDir, `temporal-server-${VERSION}`);
const DEBIAN = '/usr/lib/postgresql';

/** What a Temporal as in production is made of. */
export interface TemporalServerPrograms {
  server: string;
  /** Temporal's tool that makes its tables. */
  sql: string;
  /** Folder of initdb and postgres. */
  postgres: string;
}

/** Temporal's tables need this extension, which the PostgreSQL of the other tests lacks. */
const hasBtreeGin = async (bin: string): Promise<boolean> => {
  try {
    const { stdout } = await promisify(execFile)(join(bin, 'pg_config'), ['--sharedir']);
    await stat(join(stdout.trim(), 'extension', 'btree_gin.control'));
    return await isProgram(join(bin, 'initdb'));
  } catch {
    return false;
  }
};

/** Debian keeps the server's programs off the PATH, in a folder for each version. */
const postgresWithBtreeGin = async (): Promise<string> => {
  const versions = (await readdir(DEBIAN).catch(() => [])).sort((one, other) => Number(other) - Number(one));
  const initdb = await onPath('initdb');
  const folders = [...versions.map((version) => join(DEBIAN, version, 'bin')), ...(initdb ? [dirname(initdb)] : [])];
  for (const bin of folders) if (await hasBtreeGin(bin)) return bin;
  throw new Error('no PostgreSQL with btree_gin is installed for it');
};

const build = async (place: Place, progress: (now: string) => void): Promise<void> => {
  const go = await onPath('go');
  if (!go) throw new Error('Go is not there to build it');
  progress('building it with Go, 3 to 8 minutes, once');
  await requireSpace(cacheDir, 2000 * MB);
  const making = `${cached}.${process.pid}`;
  await mkdir(making, { recursive: true });
  try {
    const packages = ['server', 'tools/sql'].map((name) => `go.temporal.io/server/cmd/${name}@v${VERSION}`);
    const command: [string, ...string[]] = [go, 'install', ...packages];
    const env = { GOBIN: making };
    const { ok, output } = await run(place, { name: 'temporal-server-build', command, env }, BUILD_MS);
    if (!ok) throw new Error(`Go cannot build it: ${output.trim().split('\n').at(-1) ?? ''}`.slice(0, 200));
    // Renamed when whole: an interrupted build must not be taken for programs.
    await rename(making, cached);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
};

/** The server that production runs, from an earlier run or built with Go, or the reason why it cannot be had. */
export const temporalServer = async (
  place: Place,
  progress: (now: string) => void,
): Promise<TemporalServerPrograms> => {
  const postgres = await postgresWithBtreeGin();
  const programs = { server: join(cached, 'server'), sql: join(cached, 'sql'), postgres };
  if ((await isProgram(programs.server)) && (await isProgram(programs.sql))) return programs;
  await build(place, progress);
  return programs;
};
