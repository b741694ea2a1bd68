import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { SecretClass } from '../../ports/secret-classes.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import { CHECK_FILE } from './key.ts';
import type { Kept } from './kept.ts';
import { keptAs } from './kept.ts';

/** Secrets by path that the environment gives. */
export type GivenSecrets = Record<string, SecretValues>;

const CLASSES: [RegExp, SecretClass][] = [
  [/^platform\/payload-codec$/, 'payload_codec_key'],
  [/^platform\/jwt/, 'jwt_signing_key'],
  [/^platform\/digest-key$/, 'digest_key'],
  [/^platform\/receipt-key$/, 'receipt_key'],
  [/^platform\/database$/, 'database_password'],
  [/^platform\/vault/, 'vault_secret_id'],
  [/^platform\/oauth-apps\//, 'oauth_client_secret'],
  [/^tenants\/[^/]+\/signing-key$/, 'webhook_signing_secret'],
  [/^tenants\/[^/]+\/api_keys\//, 'vendor_api_key'],
  [/^(?:platform|tenants\/[^/]+)\/channels\//, 'notification_channel'],
];

/** The environment says no class and no age: the path tells the one, and it counts as old as the folder that stands behind it. */
export const givenVersion = async (dir: string, path: string, values: SecretValues): Promise<Kept> => {
  const secretClass = CLASSES.find(([pattern]) => pattern.test(path))?.[1] ?? 'credential';
  const createdAt = (await stat(join(dir, CHECK_FILE))).mtime.toISOString();
  return keptAs(values, { class: secretClass, createdBy: 'environment' }, createdAt);
};
