import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireSpace } from './disk.ts';
import { isProgram, onPath, run } from './run.ts';
import type { Place } from './run.ts';
import { SetupError } from './say.ts';
import { cacheDir } from './settings.ts';

// Newer tags cannot be installed with `go install`: their go.mod has replace lines.
const CLI = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';
const DOWNLOAD_MS = 180_000;
const BUILD_MS = 20 * 60_000;
const MB = 1024 * 1024;
const cached = join(cacheDir, 'bin', 'temporal');

type Progress = (now: string) => void;

const keep = async (folder: string, file: string): Promise<string> => {
  await mkdir(join(cacheDir, 'bin'), { recursive: true });
  // Renamed when whole: an interrupted download or build must not be taken for a program.
  await rename(join(folder, file), cached);
  await rm(folder, { recursive: true, force: true });
  return cached;
};

const download = async (place: Place, progress: Progress): Promise<string | undefined> => {
  progress('downloading the dev server (about 60 MB)');
  const folder = join(cacheDir, `download.${process.pid}`);
  await mkdir(folder, { recursive: true });
  const script = fileURLToPath(new URL('download-temporal.ts', import.meta.url));
  const command: [string, ...string[]] = [process.execPath, script, folder];
  const { ok } = await run(place, { name: 'temporal-download', command }, DOWNLOAD_MS);
  const file = (await readdir(folder)).find((name) => name.startsWith('temporal'));
  if (ok && file) return keep(folder, file);
  await rm(folder, { recursive: true, force: true });
  return undefined;
};

const build = async (place: Place, progress: Progress): Promise<string | undefined> => {
  const go = await onPath('go');
  if (!go) return undefined;
  progress('building it with Go, about 3 minutes, once');
  await requireSpace(cacheDir, 1500 * MB);
  const folder = join(cacheDir, `build.${process.pid}`);
  const env = { GOBIN: folder };
  const { ok, output } = await run(place, { name: 'temporal-build', command: [go, 'install', CLI], env }, BUILD_MS);
  if (ok) return keep(folder, 'temporal');
  await rm(folder, { recursive: true, force: true });
  if (/no space left/i.test(output))
    throw new SetupError('The disk is full: building Temporal needs about 1.5 GB. Free some space and start again.');
  return undefined;
};

/** The Temporal CLI: on the PATH, from an earlier run, downloaded by the SDK, or built with Go; the first that works. */
export const temporalProgram = async (place: Place, progress: Progress): Promise<string> => {
  const found = (await onPath('temporal')) ?? ((await isProgram(cached)) ? cached : undefined);
  if (found) return found;
  await requireSpace(cacheDir, 300 * MB);
  const got = (await download(place, progress)) ?? (place.signal.aborted ? undefined : await build(place, progress));
  if (got) return got;
  throw new SetupError(
    'Temporal cannot be got: connect to a network and start again; or put the `temporal` program on the PATH, or install Go (it is then built), or set TEMPORAL_ADDRESS=host:port to a server that runs.',
  );
};
