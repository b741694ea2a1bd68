import { Fault, isFault } from '../ports/errors.ts';
import type { SecretClass } from '../ports/secret-classes.ts';
import type { SecretPort, SecretValues } from '../ports/secrets.ts';

/** A secret that the platform itself owns: where it stands, of which class it is, and how the first one is made. */
export interface OwnSecret {
  path: string;
  secretClass: SecretClass;
  make: () => SecretValues;
}

/** The first process makes it by compare-and-set; the others read what it made. */
export async function madeOnce(secrets: SecretPort, { path, secretClass, make }: OwnSecret): Promise<SecretValues> {
  const found = await secrets.read(path);
  if (found !== null) return found.values;
  const values = make();
  try {
    await secrets.put(path, 0, values, { class: secretClass, createdBy: 'platform' });
    return values;
  } catch (error) {
    if (!isFault(error, 'stale_version')) throw error;
    const made = await secrets.read(path);
    if (made !== null) return made.values;
    throw new Fault('unavailable', `the secret at ${path} was deleted; bring it back in the secret store`, {
      cause: error,
    });
  }
}
