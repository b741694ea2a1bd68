import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { birthOf } from './birth.mjs';
import { until } from './until.ts';

/** A process by pid and birth: the pair is never reused, a pid alone is. */
export interface ProcessRecord {
  pid: number;
  birth: string | undefined;
}

export const recordOf = (pid: number): ProcessRecord => ({ pid, birth: birthOf(pid) });

export const isAlive = ({ pid, birth }: ProcessRecord): boolean => birth !== undefined && birthOf(pid) === birth;

export const writeRecord = (file: string, pid: number): Promise<void> => writeFile(file, JSON.stringify(recordOf(pid)));

export const readRecord = async (file: string): Promise<ProcessRecord | undefined> => {
  try {
    const { pid, birth } = JSON.parse(await readFile(file, 'utf8')) as Partial<ProcessRecord>;
    return typeof pid === 'number' ? { pid, birth } : undefined;
  } catch {
    return undefined;
  }
};

const signal = (record: ProcessRecord, name: NodeJS.Signals): void => {
  try {
    if (isAlive(record)) process.kill(record.pid, name);
  } catch {
    // It ended in between.
  }
};

/** Ends one recorded process, gently first. Silent when it is gone or the pid belongs to another by now. */
const endRecorded = async (record: ProcessRecord, graceMs = 5_000): Promise<void> => {
  signal(record, 'SIGTERM');
  if (await until(() => !isAlive(record), graceMs)) return;
  signal(record, 'SIGKILL');
  await until(() => !isAlive(record), 5_000);
};

/** Ends everything recorded in the folder: what a run that was killed could not end itself. Returns how many lived. */
export const reap = async (runDir: string): Promise<number> => {
  const files = await readdir(runDir).catch(() => []);
  const ended = await Promise.all(
    files
      .filter((file) => file.endsWith('.json'))
      .map(async (file) => {
        const record = await readRecord(join(runDir, file));
        const lived = record !== undefined && isAlive(record);
        if (record && lived) await endRecorded(record);
        await rm(join(runDir, file), { force: true });
        return lived;
      }),
  );
  return ended.filter(Boolean).length;
};
