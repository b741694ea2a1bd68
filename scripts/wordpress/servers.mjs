import { createServer, connect } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../lib/command.mjs';
import { ready, startGuarded } from './processes.mjs';

export const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

/** MariaDB greets whoever connects, so a first byte means that it serves. */
const greets = (path) =>
  new Promise((resolve) => {
    const socket = connect({ path });
    const answer = (value) => {
      socket.destroy();
      resolve(value);
    };
    socket
      .once('data', () => answer(true))
      .once('error', () => answer(false))
      .once('close', () => answer(false));
  });

const asRoot = (owner) => (process.getuid() === 0 && !owner.uid ? ['--user=root'] : []);

export const createDatabase = async ({ dir, owner }) => {
  const args = ['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve'];
  const data = join(dir, 'database');
  await run('mariadb-install-db', ['--no-defaults', `--datadir=${data}`, ...asRoot(owner), ...args], owner);
};

/** On a socket in our own folder and on no port at all. The data is thrown away, so no write waits for the disk. */
export const startDatabase = async ({ dir, owner }) => {
  const init = join(dir, 'init.sql');
  await writeFile(init, 'CREATE DATABASE IF NOT EXISTS wordpress CHARACTER SET utf8mb4;\n', { mode: 0o644 });
  const socket = join(dir, 'mariadb.sock');
  const args = [
    '--no-defaults',
    ...asRoot(owner),
    `--datadir=${join(dir, 'database')}`,
    `--socket=${socket}`,
    `--pid-file=${join(dir, 'mariadb.pid')}`,
    `--init-file=${init}`,
    '--skip-networking',
    '--innodb-log-file-size=16M',
    '--innodb-buffer-pool-size=64M',
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-flush-method=nosync',
  ];
  const server = await startGuarded(dir, 'mariadb', { command: '/usr/sbin/mariadbd', args, owner });
  await ready('MariaDB', server, 60, () => greets(socket));
  return server;
};

const PHP = ['-d', 'sendmail_path=/bin/true', '-d', 'memory_limit=256M', '-d', 'display_errors=stderr'];

/** Runs one of our PHP scripts inside the site. */
export const runPhp = ({ dir, owner }, env, script) =>
  run('php', [...PHP, join(dir, 'scripts', script)], { ...owner, env: { PATH: process.env.PATH, ...env } });

export const startPhp = async ({ dir, owner }, env, port) => {
  const tree = join(dir, 'site');
  const args = [...PHP, '-S', `127.0.0.1:${port}`, '-t', tree, join(dir, 'scripts', 'router.php')];
  const server = await startGuarded(dir, 'php', {
    command: 'php',
    args,
    owner,
    stopSignal: 'SIGINT',
    env: { PATH: process.env.PATH, PHP_CLI_SERVER_WORKERS: '4', ...env },
  });
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/readme.html`).then(
      (response) => response.arrayBuffer().then(() => response.ok),
      () => false,
    );
  await ready('PHP', server, 30, answers);
  return server;
};
