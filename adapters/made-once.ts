import { Fault } from '../ports/errors.ts';
import type { SecretPort, SecretValues } from '../ports/secrets.ts';

/** The secret at a path that the platform itself owns. The first process makes it by compare-and-set; the others read what it made. */
export async function madeOnce(secrets: SecretPort, path: string, make: () => SecretValues): Promise<SecretValues> {
  const found = await secrets.read(path);
  if (found !== null) return found.values;
  const values = make();
  try {
    await secrets.put(path, 0, values, { class: 'platform-key', createdBy: 'platform' });
    return values;
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'stale_version') throw error;
    return madeOnce(secrets, path, make);
  }
}
