import type { SecretMeta, SecretPort, SecretValues, SecretVersion } from '../../ports/secrets.ts';

/** A SecretPort that can be moved to another: its versions one by one, and a version written as it was elsewhere. */
export interface SecretStore extends SecretPort {
  /** That version; null when it was deleted, destroyed or never there. */
  readVersion: (path: string, version: number) => Promise<SecretVersion | null>;
  /** As `put`, with the age and the due date that it had in the other store. */
  restore: (path: string, expected: number, values: SecretValues, meta: SecretMeta) => Promise<number>;
}
