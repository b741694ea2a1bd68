import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, readRecord, reap, writeRecord } from './records.ts';

/** A folder for one run of the tests, named in a record so that a run that was killed is cleared up by the next. */
export interface TestRun {
  logDir: string;
  runDir: string;
  /** A short path others may enter: sockets have at most about 100 letters, and PostgreSQL runs as another user. */
  temp: string;
  close: () => Promise<void>;
}

const folderOf = (dataDir: string): string => join(dataDir, 'test');

export const reapTestRuns = async (dataDir: string): Promise<void> => {
  const runs = await readdir(folderOf(dataDir)).catch(() => []);
  for (const run of runs.map((name) => join(folderOf(dataDir), name))) {
    const owner = await readRecord(join(run, 'owner'));
    if (owner && isAlive(owner)) continue;
    await reap(join(run, 'run'));
    const temp = await readFile(join(run, 'temp'), 'utf8').catch(() => undefined);
    if (temp) await rm(temp, { recursive: true, force: true });
    await rm(run, { recursive: true, force: true });
  }
};

export const openTestRun = async (dataDir: string): Promise<TestRun> => {
  await reapTestRuns(dataDir);
  const folder = join(folderOf(dataDir), String(process.pid));
  await mkdir(join(folder, 'run'), { recursive: true });
  await writeRecord(join(folder, 'owner'), process.pid);
  const temp = await mkdtemp(join(tmpdir(), 'biz-'));
  await writeFile(join(folder, 'temp'), temp);
  const close = async (): Promise<void> => {
    await rm(temp, { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  };
  return { logDir: join(folder, 'logs'), runDir: join(folder, 'run'), temp, close };
};
