import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statfsSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const innerNode = join(root, 'node_modules', '.bin', 'node');
const stampFile = join(root, 'node_modules', '.bizosaas-stamp');
const guard = fileURLToPath(new URL('guard.mjs', import.meta.url));
const WANTED_MAJOR = '24';

export class SetupError extends Error {}

export const checkOuterNode = (version = process.versions.node) => {
  if (Number(version.split('.')[0]) >= 20) return;
  throw new SetupError(
    `This is Node ${version}, and Node 20 or newer is needed: install it from your package manager and run the command again.`,
  );
};

const stampOf = (lock) =>
  `${createHash('sha256').update(lock).digest('hex')} node ${process.versions.node.split('.')[0]}\n`;

/** npm writes this file last, so an install that was killed half-way never has it. */
const installedAgreesWith = (lock) => {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  const installed = JSON.parse(readFileSync(hidden, 'utf8')).packages ?? {};
  return Object.entries(JSON.parse(lock).packages).every(
    ([path, { version, optional }]) =>
      path === '' || installed[path]?.version === version || (optional && !installed[path]),
  );
};

const stampAgreesWith = (lock) => existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stampOf(lock);

const innerMajor = () => {
  if (!existsSync(innerNode)) return undefined;
  return /^v(\d+)/.exec(spawnSync(innerNode, ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1];
};

// `npm install` by hand leaves no stamp of ours, but is as good.
const isInstalled = (lock) => (stampAgreesWith(lock) || installedAgreesWith(lock)) && innerMajor() === WANTED_MAJOR;

const npmCli = () => {
  const beside = join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'npm'))
    .find((file) => existsSync(file));
  const given = process.env.npm_execpath;
  // Other package managers set npm_execpath too, and do not know `ci`.
  if (given && /npm-cli\.c?js$/.test(given) && existsSync(given)) return [process.execPath, given];
  if (existsSync(beside)) return [process.execPath, beside];
  if (onPath) return [onPath];
  throw new SetupError(
    'npm was not found: it comes with Node, so install Node 20 or newer with npm and run the command again.',
  );
};

const sayHowFar = (total, began) => {
  const folder = join(root, 'node_modules');
  const here = existsSync(folder)
    ? readdirSync(folder).reduce(
        (sum, name) => sum + (name.startsWith('@') ? readdirSync(join(folder, name)).length : 1),
        0,
      )
    : 0;
  console.log(`  … packages: ${Math.min(here, total)} of ${total}, ${Math.round((Date.now() - began) / 1000)} s`);
};

const NO_NETWORK =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|FETCH_ERROR/;

/** Asked first, because `npm ci` without a network retries every package for many minutes before it says so. */
const offlineFlags = ([program, ...first]) => {
  const args = [...first, 'ping', '--fetch-retries=0', '--fetch-timeout=15000'];
  const { stderr } = spawnSync(program, args, { cwd: root, encoding: 'utf8', timeout: 20_000 });
  // A registry that does not know `ping` answers all the same. Without one, what npm has cached may suffice.
  return NO_NETWORK.test(stderr ?? '') ? ['--offline'] : [];
};

const whyNpmFailed = (output) => {
  const last = output
    .split('\n')
    .filter((line) => /npm (error|ERR!)/.test(line) && !/complete log|A complete/.test(line));
  if (/ENOSPC|no space left/i.test(output))
    return `The disk is full: free about 1 GB where ${root} lies and run the command again.`;
  if (/EUSAGE/.test(output))
    return 'package-lock.json does not fit package.json: run `npm install` and then the command again.';
  if (NO_NETWORK.test(output)) {
    return 'The packages cannot be downloaded (no way to the npm registry): connect to a network, or point npm at a registry you can reach, and run the command again.';
  }
  return `The packages cannot be installed: ${last[0]?.trim() ?? 'npm ci failed'}. Run \`npm ci --include=dev\` to see all it says.`;
};

/** Installs the packages when they are missing or older than the lockfile. `onChild` is told what runs, to stop it. */
export const install = async (onChild) => {
  const lock = readFileSync(join(root, 'package-lock.json'), 'utf8');
  if (isInstalled(lock)) {
    if (!stampAgreesWith(lock)) writeFileSync(stampFile, stampOf(lock));
    return;
  }
  const { bavail, bsize } = statfsSync(root);
  if (bavail * bsize < 1e9)
    throw new SetupError(
      `The disk is nearly full: the packages need about 1 GB where ${root} lies. Free some and run the command again.`,
    );
  const began = Date.now();
  const total = Object.entries(JSON.parse(lock).packages).filter(
    ([path, { optional }]) => path.lastIndexOf('node_modules/') === 0 && !optional,
  ).length;
  console.log(`• Installing packages (once, about a minute)`);
  const npm = npmCli();
  const command = [...npm, 'ci', '--include=dev', '--no-audit', '--no-fund', ...offlineFlags(npm)];
  const child = spawn(process.execPath, [guard, '-', 'SIGKILL', ...command], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  onChild(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (output = (output + chunk).slice(-100_000)));
  const ticker = setInterval(() => sayHowFar(total, began), 10_000);
  const code = await new Promise((done) => child.on('close', done));
  clearInterval(ticker);
  if (code !== 0) throw new SetupError(whyNpmFailed(output));
  if (innerMajor() !== WANTED_MAJOR) {
    throw new SetupError(
      'npm left out the install script of the package "node", which brings Node 24: run `npm rebuild node` (npm 12: `npm approve-scripts node` first) and then the command again.',
    );
  }
  writeFileSync(stampFile, stampOf(lock));
  console.log(`✓ Packages installed (${Math.round((Date.now() - began) / 1000)} s)`);
};
