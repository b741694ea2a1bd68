import { randomBytes } from 'node:crypto';
import type { KeyRing } from '../ports/key-ring.ts';
import type { SecretPort } from '../ports/secrets.ts';
import { openRing } from './key-ring.ts';
import { madeOnce } from './made-once.ts';

export const JWT_KEY_PATH = 'platform/jwt-keys';
const DIGEST_KEY_PATH = 'platform/digest-key';

/** The keys that sign our own tokens, the same for all processes of a deployment. */
export const openJwtKeys = (secrets: SecretPort): KeyRing =>
  openRing(secrets, { path: JWT_KEY_PATH, secretClass: 'jwt_signing_key' });

/**
 * The key of the digests that are compared with earlier ones. It is none of the signing keys: with those it would change,
 * and a request that is sent again after a rotation would be taken for another one. Read once, as it never changes.
 */
export const openDigestKey = (secrets: SecretPort): (() => Promise<Buffer>) => {
  let opened: Promise<Buffer> | undefined;
  const open = async () => {
    const make = () => ({ key: randomBytes(32).toString('base64') });
    const { key = '' } = await madeOnce(secrets, { path: DIGEST_KEY_PATH, secretClass: 'digest_key', make });
    return Buffer.from(key, 'base64');
  };
  return () =>
    (opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    }));
};
