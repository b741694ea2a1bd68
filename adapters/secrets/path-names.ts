import { Fault } from '../../ports/errors.ts';

const NAME = /^(?:[a-z0-9-]|_[0-9a-f]{2})+$/;

/**
 * A secret path as one file name that fits every file system: no separator, no dot, no capital; `_2f` is “/”.
 * So no path leads out of the folder, and no two paths share a file.
 */
export const nameOfPath = (path: string): string => {
  const name = path.replace(/[^a-z0-9-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `_${byte.toString(16).padStart(2, '0')}`).join(''),
  );
  if (name === '' || name.length > 240 || !path.isWellFormed()) {
    throw new Fault('invalid_request', 'A secret path has 1 to about 200 characters.');
  }
  return name;
};

/** Null for a file that is not ours. */
export const pathOfName = (name: string): string | null => {
  if (!NAME.test(name)) return null;
  try {
    return decodeURIComponent(name.replaceAll('_', '%'));
  } catch {
    return null;
  }
};
