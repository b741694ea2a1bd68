import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { requireSpace } from './disk.ts';
import { isProgram, onPath, run } from './run.ts';
import type { Place } from './run.ts';
import { cacheDir, root } from './settings.ts';

/** As scripts/vault/go.mod names it. */
const VERSION = '1.17.6';
const BUILD_MS = 30 * 60_000;
const MB = 1024 * 1024;
const source = join(root, 'scripts', 'vault');
const cached = join(cacheDir, `vault-${VERSION}`);

const build = async (place: Place, progress: (now: string) => void): Promise<void> => {
  const go = await onPath('go');
  if (!go) throw new Error('Go is not there to build it');
  progress('building it with Go, about 5 minutes, once');
  await requireSpace(cacheDir, 3000 * MB);
  const making = `${cached}.${process.pid}`;
  await mkdir(making, { recursive: true });
  try {
    // “minimal” leaves out the cloud vendors' plugins: AppRole and the key-value store are all that is used here.
    const flags = ['-tags', 'minimal', '-ldflags', '-s -w', '-o', join(making, 'vault')];
    const command: [string, ...string[]] = [go, 'build', ...flags, '.'];
    const { ok, output } = await run(place, { name: 'vault-build', command, cwd: source }, BUILD_MS);
    if (!ok) throw new Error(`Go cannot build it: ${output.trim().split('\n').at(-1) ?? ''}`.slice(0, 200));
    // Renamed when whole: an interrupted build must not be taken for a program.
    await rename(making, cached);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
};

/** The `vault` program: on the PATH, from an earlier run, or built with Go; or the reason why it cannot be had. */
export const vaultProgram = async (place: Place, progress: (now: string) => void): Promise<string> => {
  const program = join(cached, 'vault');
  const found = (await onPath('vault')) ?? ((await isProgram(program)) ? program : undefined);
  if (found) return found;
  await build(place, progress);
  return program;
};
