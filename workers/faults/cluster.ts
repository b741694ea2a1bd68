import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { unprivileged } from '../../scripts/lib/unprivileged.ts';
import { freePort } from '../../scripts/lib/ports.ts';
import { until } from '../testing/until.ts';

const GUARD = fileURLToPath(new URL('../../scripts/lib/guard.mjs', import.meta.url));
const SETTINGS = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'];

/** A PostgreSQL of the test's own, to take away and to give back. Empty: nobody has migrated it. */
export interface Cluster extends AsyncDisposable {
  /** Superuser's. */
  url: string;
  start: () => Promise<void>;
  /** At once, as in a crash: nobody is waited for. */
  stop: () => Promise<void>;
}

/** `bin` is the folder of initdb and postgres. The server dies with the test's process. */
export async function openCluster(bin: string): Promise<Cluster> {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(tmpdir(), 'biz-pg-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  // PostgreSQL refuses to run as root.
  const other = await unprivileged();
  if (other) await chown(folder, other.uid, other.gid);
  const as = (program: string, ...args: string[]) => [...(other?.prefix ?? []), path.join(bin, program), ...args];
  const data = path.join(folder, 'data');
  const [initdb = '', ...words] = as('initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync');
  await promisify(execFile)(initdb, words, { cwd: folder });

  const port = await freePort();
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`;
  const answers = async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.end();
    return true;
  };
  let server: ChildProcess | undefined;
  const stop = async () => {
    const stopping = server;
    server = undefined;
    if (stopping?.exitCode !== null) return;
    stopping.stdin?.end();
    await once(stopping, 'exit');
  };
  opened.defer(stop);
  const start = async () => {
    const command = as('postgres', '-D', data, '-p', String(port), ...SETTINGS.flatMap((setting) => ['-c', setting]));
    server = spawn(process.execPath, [GUARD, '-', 'SIGQUIT', ...command], {
      cwd: folder,
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    await until(`PostgreSQL answers at port ${port}`, answers, Boolean);
  };
  await start();
  const all = opened.move();
  return { url, start, stop, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
