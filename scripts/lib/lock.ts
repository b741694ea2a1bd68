import { link, rename, rm, writeFile } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { isAlive, readRecord, recordOf } from './records.ts';
import type { ProcessRecord } from './records.ts';
import { until } from './until.ts';

/**
 * Takes the lock for this process, or returns who holds it. A holder that died has no lock; one that is about to end
 * is given `patienceMs`. Freed at the end of the process, and worthless without the process.
 */
export const takeLock = async (file: string, patienceMs: number): Promise<ProcessRecord | undefined> => {
  const taken = await until(() => tryLock(file), patienceMs, 200);
  if (!taken) return (await readRecord(file)) ?? { pid: 0, birth: undefined };
  process.on('exit', () => rmSync(file, { force: true }));
  return undefined;
};

const tryLock = async (file: string): Promise<true | undefined> => {
  const own = `${file}.${process.pid}`;
  await writeFile(own, JSON.stringify(recordOf(process.pid)));
  try {
    // A link appears with its content or not at all, unlike a file that is opened and then written.
    await link(own, file);
    return true;
  } catch {
    await dropStale(file);
    return undefined;
  } finally {
    await rm(own, { force: true });
  }
};

const dropStale = async (file: string): Promise<void> => {
  const holder = await readRecord(file);
  if (holder && isAlive(holder)) return;
  const aside = `${file}.stale.${process.pid}`;
  await rename(file, aside);
  const moved = await readRecord(aside);
  // Another start may have taken the lock between the look and the move: then it gets it back.
  if (moved && isAlive(moved)) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
};
