import { createHash } from 'node:crypto';
import type { NewSecretMeta, SecretInfo, SecretVersion } from '../../ports/secrets.ts';

/** Stands in the old store above the versions that were moved: whoever finds it asks the new one. It holds no values. */
export const MARKER: NewSecretMeta = { class: 'moved', createdBy: 'migrateSecrets' };

type Known = SecretInfo['versions'][number];

export const isMarker = ({ meta }: Pick<SecretVersion, 'meta'>): boolean => meta.class === MARKER.class;
export const isMoved = (info: SecretInfo): boolean => info.versions[0]?.meta?.class === MARKER.class;

/** What the path itself has had; the marker is none of its versions. */
export const realVersions = ({ versions }: SecretInfo): Known[] =>
  versions.filter(({ meta }) => meta?.class !== MARKER.class);

const sorted = (record: object) => Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1));

/** SHA-256 over the values and all that is known of them; the order of their names does not count. */
export const digestOf = ({ values, meta }: Pick<SecretVersion, 'values' | 'meta'>): string =>
  createHash('sha256')
    .update(JSON.stringify([sorted(values), sorted(meta)]))
    .digest('hex');
