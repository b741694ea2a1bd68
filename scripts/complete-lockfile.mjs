// Run by hand after `npm install` changed package-lock.json: node scripts/complete-lockfile.mjs
//
// A registry mirror may hold the packages of one platform only. npm then leaves those of the others out of the lockfile,
// and `npm ci` refuses that lockfile everywhere ("Missing: … from lock file"), a fresh clone among them. This writes the
// missing optional entries: their version is the one their parent names, their platform stands in their name, and npm
// fetches none of them but where that platform runs.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const OS = {
  darwin: 'darwin',
  linux: 'linux',
  win32: 'win32',
  android: 'android',
  freebsd: 'freebsd',
  openharmony: 'openharmony',
};
const CPU = {
  arm64: 'arm64',
  x64: 'x64',
  ia32: 'ia32',
  arm: 'arm',
  ppc64: 'ppc64',
  s390x: 's390x',
  riscv64: 'riscv64',
  wasm32: 'wasm32',
  loong64: 'loong64',
};
const file = fileURLToPath(new URL('../package-lock.json', import.meta.url));

/** What `npm` itself would read in the package: where it may be installed. */
const platformOf = (name) => {
  const words = name.split('/').at(-1).split('-');
  const os = words.map((word) => OS[word]).find(Boolean);
  const cpu = words.map((word) => CPU[word]).find(Boolean);
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : undefined;
  return { ...(os && { os: [os] }), ...(cpu && { cpu: [cpu] }), ...(os === 'linux' && libc && { libc: [libc] }) };
};

/** The lockfile with an entry for every optional dependency, and how many of them were missing. */
export const complete = (lock) => {
  const packages = { ...lock.packages };
  const missing = Object.entries(lock.packages).flatMap(([parent, { optionalDependencies = {}, dev }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !packages[`node_modules/${name}`] && !packages[`${parent}/node_modules/${name}`])
      .map(([name, range]) => ({ name, version: range.replace(/^[~^]/, ''), dev })),
  );
  for (const { name, version, dev } of missing) {
    packages[`node_modules/${name}`] = { version, ...platformOf(name), ...(dev && { dev }), optional: true };
  }
  const sorted = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
  return { lock: { ...lock, packages: sorted }, added: missing.map(({ name }) => name) };
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { lock, added } = complete(JSON.parse(readFileSync(file, 'utf8')));
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(added.length === 0 ? 'The lockfile is complete.' : `Added ${added.length}: ${added.join(', ')}`);
}
