import { randomBytes } from 'node:crypto';
import { Fault } from '../../ports/errors.ts';
import type { SecretPort } from '../../ports/secrets.ts';
import { madeOnce } from '../made-once.ts';

export const CODEC_KEY_PATH = 'platform/payload-codec';

/** Keys of the payload codec by id: the current one writes, all of them read. */
export interface KeyRing {
  current: string;
  /** Null when this ring has no such key. */
  key: (kid: string) => Buffer | null;
}

/** A ring from values as SecretPort keeps them: `current` names one of the other entries, each 32 bytes in base64. */
export function keyRing(values: Record<string, string>): KeyRing {
  const { current, ...encoded } = values;
  if (current === undefined || encoded[current] === undefined) {
    throw new Fault(
      'unavailable',
      `the key ring at ${CODEC_KEY_PATH} names no current key; restore it from its backup`,
    );
  }
  const keys = new Map(Object.entries(encoded).map(([kid, text]) => [kid, Buffer.from(text, 'base64')]));
  return { current, key: (kid) => keys.get(kid) ?? null };
}

/** The deployment's ring, made by the first process that opens it. */
export async function openKeyRing(secrets: SecretPort): Promise<KeyRing> {
  const kid = `k${randomBytes(4).toString('hex')}`;
  return keyRing(
    await madeOnce(secrets, CODEC_KEY_PATH, () => ({ current: kid, [kid]: randomBytes(32).toString('base64') })),
  );
}
