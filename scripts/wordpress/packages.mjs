import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { run } from './processes.mjs';

const PACKAGES =
  'wordpress wordpress-theme-twentytwentythree php-cli php-mysql php-xml php-curl php-mbstring mariadb-server'.split(
    ' ',
  );
const POLICY = '/usr/sbin/policy-rc.d';

const installed = async () => {
  const format = '${Package} ${Version} ${db:Status-Status}\\n';
  const lines = await run('dpkg-query', ['-W', '-f', format, ...PACKAGES]).catch(() => '');
  const found = lines.split('\n').filter((line) => line.endsWith(' installed'));
  return found.length === PACKAGES.length ? found.join('\n') : null;
};

const apt = (...args) =>
  run('apt-get', ['-q', '-y', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=2', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 15 * 60_000,
  });

const install = () => apt('install', '--no-install-recommends', ...PACKAGES);

/** The packages would start Apache and MariaDB on all interfaces; Debian asks this file first, and it says no. */
const withoutServices = async (work) => {
  if (existsSync(POLICY)) return work();
  await writeFile(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return await work();
  } finally {
    await rm(POLICY, { force: true });
  }
};

/** Installs the packages when they are missing; gives their versions. Throws one sentence when they cannot be had. */
export const ensurePackages = async (log) => {
  const present = await installed();
  if (present) return present;
  if (!existsSync('/usr/bin/apt-get'))
    throw new Error('WordPress needs Debian packages, and there is no apt-get here.');
  if (process.getuid() !== 0) throw new Error('Installing WordPress from Debian packages needs root.');
  log('installing WordPress, PHP and MariaDB by apt-get (about half a minute)');
  try {
    await withoutServices(async () => {
      const lists = await readdir('/var/lib/apt/lists').catch(() => []);
      if (!lists.some((name) => name.includes('_Packages'))) await apt('update');
      // Old lists name versions that the mirror has dropped, and a killed install leaves packages half set up.
      await install().catch(async () => {
        await apt('update');
        await run('dpkg', ['--configure', '-a']);
        await install();
      });
    });
  } catch (error) {
    throw new Error(`The Debian packages of WordPress could not be installed (${error.message}).`);
  }
  const versions = await installed();
  if (!versions) throw new Error('The Debian packages of WordPress are not installed although apt-get said so.');
  return versions;
};
