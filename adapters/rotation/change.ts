import { Fault, isFault } from '../../ports/errors.ts';
import { sameValues } from '../../ports/secrets.ts';
import type { NewSecretMeta, SecretInfo, SecretPort, SecretValues } from '../../ports/secrets.ts';

const TRIES = 5;
const BACK = ':back';

/** Who made a version that a rotation put there, and one by which it took that back. */
export const cutOverBy = (rotationId: string) => rotationId;
export const rolledBackBy = (rotationId: string) => `${rotationId}${BACK}`;

/**
 * Writes what `next` makes of the newest values, by compare-and-set, and gives the version. `next` gives back the same object
 * when there is nothing to change, and may be asked again when another writer was faster. `not_found` when there is nothing.
 */
export async function changeSecret(
  secrets: Pick<SecretPort, 'read' | 'put'>,
  path: string,
  meta: NewSecretMeta,
  next: (values: SecretValues) => SecretValues,
): Promise<number> {
  for (let left = TRIES; ; left -= 1) {
    const current = await secrets.read(path);
    if (current === null)
      throw new Fault('not_found', 'what was to be rotated is gone; there is nothing to do any more');
    const changed = next(current.values);
    if (changed === current.values) return current.version;
    try {
      return await secrets.put(path, current.version, changed, meta);
    } catch (error) {
      if (!isFault(error, 'stale_version') || left === 0) throw error;
    }
  }
}

interface Exchange {
  from: SecretValues;
  to: SecretValues;
  meta: NewSecretMeta;
  /** Said as a `conflict` when neither stands there: whoever wrote something else meanwhile knows better. */
  otherwise: string;
}

/** Puts `to` in the place of `from`, and gives the version that holds it. Silent when it is there. */
export const exchangeSecret = (
  secrets: Pick<SecretPort, 'read' | 'put'>,
  path: string,
  { from, to, meta, otherwise }: Exchange,
): Promise<number> =>
  changeSecret(secrets, path, meta, (values) => {
    if (sameValues(values, to)) return values;
    if (sameValues(values, from)) return to;
    throw new Fault('conflict', otherwise);
  });

/** Since when the value in use is: a rotation that was taken back made nothing younger. ISO 8601; null when nothing is held. */
export function sinceOf(info: SecretInfo | null): string | null {
  const held = (info?.versions ?? []).flatMap(({ meta }) => meta ?? []);
  const takenBack = new Set(held.map(({ createdBy }) => createdBy).filter((by) => by.endsWith(BACK)));
  const real = held.find(({ createdBy }) => !takenBack.has(createdBy) && !takenBack.has(rolledBackBy(createdBy)));
  return (real ?? held.at(-1))?.createdAt ?? null;
}

/** All versions but the newest, for good: what was in use before is accepted no more, and nobody needs to read it. */
export async function forgetOlder(secrets: Pick<SecretPort, 'describe' | 'destroyVersions'>, path: string) {
  const [, ...older] = (await secrets.describe(path))?.versions ?? [];
  const left = older.filter(({ state }) => state !== 'destroyed').map(({ version }) => version);
  if (left.length > 0) await secrets.destroyVersions(path, left);
}
