import { mkdir, statfs } from 'node:fs/promises';
import { SetupError } from './say.ts';

const NEEDED_BYTES = 200 * 1024 * 1024;

const FULL_BYTES = 4 * 1024 * 1024;

/** No room for so much as a log line and a database page. */
export const isFull = async (folder: string): Promise<boolean> => {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize < FULL_BYTES;
};

/** Makes the folder and sees to it that there is room in it. */
export const requireSpace = async (folder: string, neededBytes = NEEDED_BYTES): Promise<void> => {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new SetupError(folderTrouble(folder, error));
  }
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= neededBytes) return;
  throw new SetupError(
    `The disk is nearly full: ${Math.floor((bavail * bsize) / 1024 / 1024)} MB are left for ${folder} and ${Math.ceil(neededBytes / 1024 / 1024)} MB are needed. Free some space and start again.`,
  );
};

const folderTrouble = (folder: string, error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return `The disk is full: ${folder} cannot be made. Free some space and start again.`;
  if (code === 'EEXIST' || code === 'ENOTDIR')
    return `${folder} should be a folder and is a file: move it away and start again.`;
  return `${folder} cannot be made (${message}): give this user the right to write there and start again.`;
};
