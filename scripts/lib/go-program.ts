import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { requireSpace } from './disk.ts';
import { isProgram, onPath, run } from './run.ts';
import type { Place } from './run.ts';
import { cacheDir } from './settings.ts';

const BUILD_MS = 20 * 60_000;
const MB = 1024 * 1024;

/** A program that tests drive, as Go's registry has it. */
export interface GoProgram {
  name: string;
  /** With its version, as `go install` takes it. */
  module: string;
  minutes: number;
}

export const STRIPE_MOCK: GoProgram = {
  name: 'stripe-mock',
  module: 'github.com/stripe/stripe-mock@v0.203.0',
  minutes: 1,
};
export const MINIO: GoProgram = {
  name: 'minio',
  module: 'github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c',
  minutes: 3,
};

/** The program: on the PATH, from an earlier run, or installed with Go; or the reason why it cannot be had. */
export const goProgram = async (
  { name, module, minutes }: GoProgram,
  place: Place,
  progress: (now: string) => void,
): Promise<string> => {
  const folder = join(cacheDir, `${name}-${module.split('@')[1]}`);
  const program = join(folder, name);
  const found = (await onPath(name)) ?? ((await isProgram(program)) ? program : undefined);
  if (found) return found;
  const go = await onPath('go');
  if (!go) throw new Error('Go is not there to build it');
  progress(`building it with Go, about ${minutes} min, once`);
  await requireSpace(cacheDir, 2000 * MB);
  const making = `${folder}.${process.pid}`;
  await mkdir(making, { recursive: true });
  try {
    const command: [string, ...string[]] = [go, 'install', module];
    const env = { GOBIN: making };
    const { ok, output } = await run(place, { name: `${name}-build`, command, env }, BUILD_MS);
    if (!ok) throw new Error(`Go cannot build it: ${output.trim().split('\n').at(-1) ?? ''}`.slice(0, 200));
    // Renamed when whole: an interrupted build must not be taken for a program.
    await rename(making, folder);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
  return program;
};
