import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../lib/command.mjs';
import { alive, identity, sweep } from './processes.mjs';

const PREFIX = 'bizosaas-wordpress-';
const OWNER = 'owner.json';

const ownerOf = (dir) =>
  readFile(join(dir, OWNER), 'utf8')
    .then(JSON.parse)
    .catch(() => null);

/** Runs that were killed leave servers and some 150 MB behind; the next run clears them away. */
const sweepTemp = async () => {
  const names = await readdir(tmpdir()).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(PREFIX))) {
    const dir = join(tmpdir(), name);
    const owner = await ownerOf(dir);
    if (!owner || alive(owner)) continue;
    await sweep(dir);
    await rm(dir, { recursive: true, force: true });
  }
};

const claim = async (dir) => {
  const owner = await ownerOf(dir);
  if (owner && alive(owner)) throw new Error(`Process ${owner.pid} already runs a WordPress in ${dir}.`);
  const isEmpty = !existsSync(dir) || (await readdir(dir)).length === 0;
  if (!owner && !isEmpty) throw new Error(`The folder ${dir} holds something else; give an empty one for WordPress.`);
  await sweep(dir);
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true, mode: 0o700 });
};

/** As root, the servers run as www-data wherever that user can reach the folder; else as whoever we are. */
const chooseOwner = async (dir) => {
  if (process.getuid() !== 0) return {};
  const [uid, gid] = (await run('getent', ['passwd', 'www-data']).catch(() => '')).split(':').slice(2, 4).map(Number);
  if (!uid) return {};
  chownSync(dir, uid, gid);
  if (spawnSync('test', ['-w', dir], { uid, gid }).status === 0) return { uid, gid };
  chownSync(dir, 0, 0);
  return {};
};

/** A folder of our own, emptied, for one run: { dir, owner }. Without a name it is a fresh temporary one. */
export const openFolder = async (wanted) => {
  // A Unix socket's path has at most 107 bytes.
  if (Buffer.byteLength(wanted ?? '') > 85) throw new Error(`The path ${wanted} is too long for MariaDB's socket.`);
  await sweepTemp();
  const dir = wanted ?? (await mkdtemp(join(tmpdir(), PREFIX)));
  if (wanted) await claim(dir);
  chmodSync(dir, 0o700);
  await writeFile(join(dir, OWNER), JSON.stringify(identity(process.pid)));
  return { dir, owner: await chooseOwner(dir) };
};
