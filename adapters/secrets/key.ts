import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../../ports/errors.ts';
import { createFile, hasCode } from '../objects/files.ts';
import { seal, unseal } from './seal.ts';

const CHECK = 'check';
/** Sealed with the key when the folder was made, and never written again. */
export const CHECK_FILE = 'secrets.check';

const parse = (text: string, from: string): Buffer => {
  const key = Buffer.from(text.trim(), 'base64');
  if (key.length === 32) return key;
  throw new Fault('unavailable', `${from} is not 32 bytes in base64; make one with \`openssl rand -base64 32\`.`);
};

/** The file's content; of processes that make it at once, all get what the first wrote. */
const madeOnce = async (file: string, make: () => string | Buffer): Promise<Buffer> => {
  try {
    return await readFile(file);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
  try {
    await createFile(file, make());
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
  return readFile(file);
};

/**
 * The key of the secrets under `dir`: the one given, else `secrets.key`, made once and readable by its owner only.
 * Tried on a known text first, so that a wrong key is one clear message and never mixes with what is there.
 */
export const openKey = async (dir: string, given?: string): Promise<Buffer> => {
  await mkdir(join(dir, 'secrets'), { recursive: true, mode: 0o700 });
  const key = given
    ? parse(given, 'SECRETS_KEY')
    : parse(
        (await madeOnce(join(dir, 'secrets.key'), () => randomBytes(32).toString('base64'))).toString(),
        'secrets.key',
      );
  const check = await madeOnce(join(dir, CHECK_FILE), () => seal(key, CHECK, CHECK));
  if (unseal(key, CHECK, check) !== CHECK) {
    throw new Fault(
      'unavailable',
      'The secrets of this data folder were written with another key; set SECRETS_KEY to that one, or delete secrets, secrets.key and secrets.check there and connect again.',
    );
  }
  return key;
};
