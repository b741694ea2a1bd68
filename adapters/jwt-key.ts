import { randomBytes } from 'node:crypto';
import type { SecretPort } from '../ports/secrets.ts';
import { madeOnce } from './made-once.ts';

export interface JwtKey {
  kid: string;
  /** 32 bytes, for HS256. */
  key: Uint8Array;
}

/** The key that signs our own tokens, one for all processes of a deployment. */
export async function openJwtKey(secrets: SecretPort): Promise<JwtKey> {
  const make = () => ({ kid: randomBytes(4).toString('hex'), key: randomBytes(32).toString('base64') });
  const { kid = '', key = '' } = await madeOnce(secrets, 'platform/jwt', make);
  return { kid, key: new Uint8Array(Buffer.from(key, 'base64')) };
}
