import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../lib/command.mjs';
import { createDatabase, freePort, runPhp, startDatabase, startPhp } from './servers.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const scripts = readdirSync(here).filter((name) => name.endsWith('.php'));
const TREE = '/usr/share/wordpress';
export const USER = 'owner';

const password = () => randomBytes(24).toString('base64url');

/** Where the seeded database and uploads are kept: another seed, package or layout is another folder. */
const cacheFolder = (versions, posts, owner) => {
  const hash = createHash('sha256').update(JSON.stringify([versions, posts, owner]));
  for (const name of [...scripts, 'site.mjs', 'servers.mjs'].sort()) hash.update(readFileSync(join(here, name)));
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(base, 'bizosaas', `wordpress-${hash.digest('hex').slice(0, 16)}`);
};

const chown = (owner, path) => (owner.uid ? run('chown', ['-R', `${owner.uid}:${owner.gid}`, path]) : undefined);

/** WordPress finds its configuration beside its own files, so the tree is a copy and not a link. */
const layOut = async ({ dir, owner }) => {
  await run('cp', ['-rL', TREE, join(dir, 'site')]);
  await copyFile(join(here, 'wp-config.php'), join(dir, 'site', 'wp-config.php'));
  await mkdir(join(dir, 'scripts'));
  for (const name of scripts) await copyFile(join(here, name), join(dir, 'scripts', name));
  await chown(owner, dir);
};

const environment = ({ dir }, port, posts) => ({
  WORDPRESS_URL: `http://127.0.0.1:${port}`,
  WORDPRESS_SOCKET: join(dir, 'mariadb.sock'),
  WORDPRESS_SALT: password(),
  WORDPRESS_TREE: join(dir, 'site'),
  WORDPRESS_USER: USER,
  WORDPRESS_POSTS: String(posts),
});

const install = async (url) => {
  const secret = password();
  const body = new URLSearchParams({
    weblog_title: 'Old Town Bakery 🥖',
    user_name: USER,
    admin_password: secret,
    admin_password2: secret,
    admin_email: 'owner@bakery.example',
    blog_public: '0',
    language: '',
  });
  const response = await fetch(`${url}/wp-admin/install.php?step=2`, { method: 'POST', body });
  const html = await response.text();
  if (!html.includes('Success!'))
    throw new Error(`The WordPress installer answered ${response.status} without success.`);
};

/** Between finding a free port and taking it, another process may take it. */
const startOnFreePort = async (folder, posts, attempts = 3) => {
  const port = await freePort();
  const env = environment(folder, port, posts);
  try {
    return { env, php: await startPhp(folder, env, port) };
  } catch (error) {
    if (attempts === 1 || !error.message.includes('already in use')) throw error;
    return startOnFreePort(folder, posts, attempts - 1);
  }
};

const startServers = async (folder, posts) => {
  const database = await startDatabase(folder);
  try {
    const { env, php } = await startOnFreePort(folder, posts);
    const stop = async () => {
      await php.stop();
      await database.stop();
    };
    return { env, stop };
  } catch (error) {
    await database.stop();
    throw error;
  }
};

/** Installs and seeds a site, stops it cleanly and puts it aside; a rename makes the cache appear whole or not at all. */
const prepare = async (folder, cache, posts, log) => {
  log('preparing a WordPress site, once');
  await createDatabase(folder);
  const servers = await startServers(folder, posts);
  try {
    await install(servers.env.WORDPRESS_URL);
    await runPhp(folder, servers.env, 'seed.php');
  } finally {
    await servers.stop();
  }
  const aside = `${cache}.${process.pid}`;
  try {
    await mkdir(aside, { recursive: true, mode: 0o700 });
    await run('cp', ['-a', '--sparse=always', join(folder.dir, 'database'), join(aside, 'database')]);
    await run('cp', ['-a', join(folder.dir, 'site/wp-content/uploads'), join(aside, 'uploads')]);
    await rename(aside, cache);
  } catch (error) {
    // Another run was first, or the disk is full: this run needs no cache, its own folder is ready.
    log(`the prepared site was not kept (${error.message})`);
    await rm(aside, { recursive: true, force: true });
  }
};

const restore = async ({ dir }, cache) => {
  await run('cp', ['-a', '--sparse=always', join(cache, 'database'), join(dir, 'database')]);
  await run('cp', ['-a', join(cache, 'uploads'), join(dir, 'site/wp-content/uploads')]);
};

const startWithCredentials = async (folder, posts) => {
  const servers = await startServers(folder, posts);
  try {
    const adminPassword = password();
    const env = { ...servers.env, WORDPRESS_ADMIN_PASSWORD: adminPassword };
    const credentials = JSON.parse(await runPhp(folder, env, 'credentials.php'));
    return { url: servers.env.WORDPRESS_URL, adminPassword, credentials, stop: servers.stop };
  } catch (error) {
    await servers.stop();
    throw error;
  }
};

/** Gives the running site: { url, adminPassword, credentials, stop }. */
export const openSite = async (folder, { versions, posts, log }) => {
  await layOut(folder);
  const cache = cacheFolder(versions, posts, folder.owner);
  if (existsSync(cache)) {
    try {
      await restore(folder, cache);
      return await startWithCredentials(folder, posts);
    } catch (error) {
      log(`the kept site does not start, so it is made anew (${error.message})`);
      for (const path of [cache, join(folder.dir, 'database'), join(folder.dir, 'site/wp-content/uploads')]) {
        await rm(path, { recursive: true, force: true });
      }
    }
  }
  await prepare(folder, cache, posts, log);
  return startWithCredentials(folder, posts);
};
