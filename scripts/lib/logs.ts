import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { sizeOf } from './log-tail.ts';

const MAX_BYTES = 10 * 1024 * 1024;

/** Makes the folder and sets big logs aside; one older log of each is kept. */
export const rotateLogs = async (logDir: string): Promise<void> => {
  await mkdir(logDir, { recursive: true });
  const logs = (await readdir(logDir)).filter((name) => name.endsWith('.log'));
  for (const file of logs.map((name) => join(logDir, name))) {
    if ((await sizeOf(file)) > MAX_BYTES) await rename(file, `${file}.1`);
  }
};
