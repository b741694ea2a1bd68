import type { KeyRing } from '../../ports/key-ring.ts';
import type { SecretPort, SecretValues } from '../../ports/secrets.ts';
import { fixedRing, openRing } from '../key-ring.ts';

export const CODEC_KEY_PATH = 'platform/payload-codec';

/** The keys of the payload codec. */
export const openKeyRing = (secrets: SecretPort): KeyRing =>
  openRing(secrets, { path: CODEC_KEY_PATH, secretClass: 'payload_codec_key' });

/** Keys that stay as they are: of tests and of stored histories. */
export const keyRing = (values: SecretValues): KeyRing => fixedRing(values);
