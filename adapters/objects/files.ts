import { randomBytes } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Fault } from '../../ports/errors.ts';

/** By shape: under jest, an error of Node itself is no `Error` of the test's realm. */
export const hasCode = (error: unknown, ...codes: string[]) =>
  typeof error === 'object' && error !== null && 'code' in error && codes.includes(String(error.code));

/** What a failure of the file system means to a caller, with the mend. `what` completes “… cannot be kept”. */
export const fileFault = (error: unknown, what: string): unknown => {
  if (hasCode(error, 'ENOSPC', 'EDQUOT')) {
    return new Fault('unavailable', `${what} cannot be kept: the disk is full; free some space.`, { cause: error });
  }
  if (hasCode(error, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EIO', 'EMFILE')) {
    return new Fault('unavailable', `${what} cannot be kept: the data folder cannot be written; check BIZ_DATA_DIR.`, {
      cause: error,
    });
  }
  return error;
};

const syncFolder = async (dir: string) => {
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
};

type Body = string | Uint8Array | AsyncIterable<Uint8Array>;

/** Written whole and on the disk under a name that no reader looks at (a leading dot), then handed to `place`, which takes it away. */
const written = async (file: string, body: Body, place: (temporary: string) => Promise<void>) => {
  const temporary = join(dirname(file), `.tmp-${randomBytes(9).toString('hex')}`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(body);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await place(temporary);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(file));
};

/** Replaces the file: readers see the old one or the new one, whole, also after a crash. */
export const replaceFile = (file: string, body: Body) => written(file, body, (temporary) => rename(temporary, file));

/** Makes the file, whole, unless it is there: then it throws EEXIST. Of many processes one wins. */
export const createFile = (file: string, body: string | Uint8Array) =>
  written(file, body, async (temporary) => {
    await link(temporary, file);
    await rm(temporary);
  });
