import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { run } from './command.mjs';

const POLICY = '/usr/sbin/policy-rc.d';

const installed = async (packages) => {
  const format = '${Package} ${Version} ${db:Status-Status}\\n';
  const lines = await run('dpkg-query', ['-W', '-f', format, ...packages]).catch(() => '');
  const found = lines.split('\n').filter((line) => line.endsWith(' installed'));
  return found.length === packages.length ? found.join('\n') : null;
};

const apt = (...args) =>
  run('apt-get', ['-q', '-y', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=2', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 15 * 60_000,
  });

/** Packages of servers would start them on all interfaces; Debian asks this file first, and it says no. */
const withoutServices = async (work) => {
  if (existsSync(POLICY)) return work();
  await writeFile(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return await work();
  } finally {
    await rm(POLICY, { force: true });
  }
};

const install = async (packages) => {
  const once = () => apt('install', '--no-install-recommends', ...packages);
  const lists = await readdir('/var/lib/apt/lists').catch(() => []);
  if (!lists.some((name) => name.includes('_Packages'))) await apt('update');
  // Old lists name versions that the mirror has dropped, and a killed install leaves packages half set up.
  await once().catch(async () => {
    await apt('update');
    await run('dpkg', ['--configure', '-a']);
    await once();
  });
};

/** One after the other: apt's lock does not cover its lists, nor the file that holds services back. */
let turn = Promise.resolve();

/** Installs Debian packages when they are missing; gives their versions. Throws one sentence when they cannot be had. */
export const ensurePackages = async (what, packages, log) => {
  const present = await installed(packages);
  if (present) return present;
  if (!existsSync('/usr/bin/apt-get')) throw new Error(`${what} needs Debian packages, and there is no apt-get here.`);
  if (process.getuid() !== 0) throw new Error(`Installing ${what} from Debian packages needs root.`);
  log(`installing ${what} by apt-get (about half a minute)`);
  const mine = turn.then(() => withoutServices(() => install(packages)));
  turn = mine.catch(() => undefined);
  try {
    await mine;
  } catch (error) {
    throw new Error(`The Debian packages of ${what} could not be installed (${error.message}).`);
  }
  const versions = await installed(packages);
  if (!versions) throw new Error(`The Debian packages of ${what} are not installed although apt-get said so.`);
  return versions;
};
