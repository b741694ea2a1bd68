import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { CompactSign, compactVerify, exportJWK } from 'jose';
import { z } from 'zod';
import { Fault } from '../ports/errors.ts';
import type { ReceiptFacts, ReceiptPort } from '../ports/receipts.ts';
import type { SecretPort, SecretValues } from '../ports/secrets.ts';
import { madeOnce } from './made-once.ts';

const RECEIPT_KEY_PATH = 'platform/receipt-key';
const ALGORITHM = 'EdDSA';

const Facts = z.record(z.string(), z.unknown());

const typeOf = (kind: string) => `${kind}-receipt+jwt`;

/** Values as SecretPort keeps them: the private half by its id, PKCS 8 in base64. */
const make = (): SecretValues => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const text = privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');
  return { [`r${randomBytes(4).toString('hex')}`]: text };
};

const pairOf = (values: SecretValues) => {
  const [[kid, text] = ['', '']] = Object.entries(values);
  try {
    const secret = createPrivateKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'pkcs8' });
    return { kid, secret, known: createPublicKey(secret) };
  } catch (cause) {
    throw new Fault('unavailable', `the key at ${RECEIPT_KEY_PATH} is none; restore it from its backup`, { cause });
  }
};

/**
 * Signs what happened, so that it can be shown to others. The key pair is none of those that are rotated: a receipt is looked
 * at years later, and its public half is all that anybody needs. Made by the first process, and read once.
 */
export const createReceipts = (secrets: SecretPort): ReceiptPort => {
  const open = async () => {
    const pair = pairOf(await madeOnce(secrets, { path: RECEIPT_KEY_PATH, secretClass: 'receipt_key', make }));
    return { ...pair, jwk: { ...(await exportJWK(pair.known)), kid: pair.kid, alg: ALGORITHM, use: 'sig' } };
  };
  let opened: ReturnType<typeof open> | undefined;
  const pair = () =>
    (opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    }));

  return {
    sign: async (kind, facts) => {
      const { kid, secret } = await pair();
      return new CompactSign(new TextEncoder().encode(JSON.stringify(facts)))
        .setProtectedHeader({ alg: ALGORITHM, typ: typeOf(kind), kid })
        .sign(secret);
    },
    read: async (kind, receipt): Promise<ReceiptFacts | null> => {
      const { known } = await pair();
      const verified = await compactVerify(receipt, known, { algorithms: [ALGORITHM] }).catch(() => null);
      if (verified?.protectedHeader.typ !== typeOf(kind)) return null;
      return Facts.parse(JSON.parse(new TextDecoder().decode(verified.payload)));
    },
    keys: async () => ({ keys: [(await pair()).jwk] }),
  };
};
