// A real WordPress for tests: Debian's packages, MariaDB on a socket, PHP on a loopback port, a bakery's site in it.
//
//   node scripts/wordpress.mjs [posts]      prints one JSON line, stays until SIGINT, SIGTERM or the end of stdin
//
// { url, user, password, uuid, controlPassword, adminPassword, posts, pages, media }
//
// `password` is the application password for the connection under test and `uuid` names it; `controlPassword` is a
// second one for the test itself, which needs no other door than REST, with Basic <user>:<controlPassword>:
//   revoke    DELETE {url}/wp-json/wp/v2/users/me/application-passwords/{uuid}            200 {deleted: true, previous}
//   create    POST   {url}/wp-json/wp/v2/users/me/application-passwords {"name": "..."}   201 {uuid, password, ...}
//   edit      POST   {url}/wp-json/wp/v2/posts/{id} {"title": "..."}                      200
//   delete    DELETE {url}/wp-json/wp/v2/posts/{id}?force=true                            200
// `adminPassword` is for the login form of /wp-admin only: WordPress takes no other password than an application's
// over REST.
import { realpathSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { openFolder } from './wordpress/folder.mjs';
import { ensurePackages } from './lib/debian.mjs';
import { openSite, USER } from './wordpress/site.mjs';

const PACKAGES =
  'wordpress wordpress-theme-twentytwentythree php-cli php-mysql php-xml php-curl php-mbstring mariadb-server'.split(
    ' ',
  );
const PAGES = 20;
const MEDIA = 10;

/**
 * Starts a WordPress with `posts` published posts, 20 pages and 10 pictures. `dir` (default: a temporary folder) is
 * scratch: emptied first, removed by `stop()`. Throws one short sentence when WordPress cannot be had here.
 */
export async function startWordPress({ dir, log = () => undefined, posts = 250 } = {}) {
  const versions = await ensurePackages('WordPress', PACKAGES, log);
  const folder = await openFolder(dir);
  const removeFolder = () => rm(folder.dir, { recursive: true, force: true });
  const site = await openSite(folder, { versions, posts, log }).catch(async (error) => {
    await removeFolder();
    throw error;
  });
  const { connection, control } = site.credentials;

  const passwords = async (method, path, body) => {
    const response = await fetch(`${site.url}/wp-json/wp/v2/users/me/application-passwords${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${USER}:${control.password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`WordPress answered ${response.status} ${answer.code}`);
    return answer;
  };

  let stopped;
  return {
    url: site.url,
    user: USER,
    password: connection.password,
    uuid: connection.uuid,
    controlPassword: control.password,
    adminPassword: site.adminPassword,
    posts,
    pages: PAGES,
    media: MEDIA,
    createApplicationPassword: async (name) => {
      const { password, uuid } = await passwords('POST', '', { name });
      return { password, uuid };
    },
    revokeApplicationPassword: async (uuid) => {
      await passwords('DELETE', `/${uuid}`);
    },
    stop: () => (stopped ??= site.stop().then(removeFolder)),
  };
}

async function main() {
  let wordpress;
  const leave = async () => {
    await wordpress?.stop();
    process.exit(0);
  };
  // Before the site is up there is nothing to stop cleanly: the guards end their servers when this process goes.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => void leave());
  process.stdin.on('end', () => void leave()).resume();
  try {
    const posts = process.argv[2] === undefined ? 250 : Number(process.argv[2]);
    wordpress = await startWordPress({ posts, log: (line) => process.stderr.write(`${line}\n`) });
    process.stdout.write(`${JSON.stringify(wordpress)}\n`);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main();
