import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import proto from '@temporalio/proto';
import { Fault } from '../../ports/errors.ts';
import { PLATFORM } from '../../ports/ids.ts';
import type { KeyRing } from '../../ports/key-ring.ts';
import { scopeOfWorkflow } from '../../ports/operations.ts';

const PayloadMessage = proto.temporal.api.common.v1.Payload;

/** Wire format: never changed. A new format takes another encoding name. */
export const ENCODING = 'binary/encrypted';
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const utf8 = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array | null | undefined) => (bytes ? new TextDecoder().decode(bytes) : '');

/** Whose payload it is. Without a context, and outside of workflows, it is the platform's. */
const ownerOf = (context: SerializationContext | undefined): string | null =>
  context?.workflowId === undefined ? null : scopeOfWorkflow(context.workflowId);

/**
 * Encrypts payloads with AES-256-GCM. The tenant stands in the metadata and is authenticated with the data, so that a
 * payload moved to another tenant's history does not open there.
 */
export function payloadCodec(ring: KeyRing): PayloadCodec {
  const seal = (payload: Payload, tenant: string, { kid, key }: { kid: string; key: Uint8Array }): Payload => {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES }).setAAD(utf8(tenant));
    const plain = PayloadMessage.encode(payload).finish();
    return {
      metadata: { encoding: utf8(ENCODING), kid: utf8(kid), tenant: utf8(tenant) },
      data: Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]),
    };
  };

  const open = async (payload: Payload, owner: string | null): Promise<Payload> => {
    if (text(payload.metadata?.encoding) !== ENCODING) {
      throw new Fault('forbidden', 'a payload is not encrypted, so it was not written by this deployment; refused');
    }
    const tenant = text(payload.metadata?.tenant);
    if (owner !== null && owner !== tenant) {
      throw new Fault('forbidden', `a payload of scope ${tenant} stands in a history of scope ${owner}; refused`);
    }
    const kid = text(payload.metadata?.kid);
    const key = await ring.find(kid);
    if (key === null) throw unknownKey(kid);
    const data = Buffer.from(payload.data ?? []);
    try {
      const decipher = createDecipheriv(CIPHER, key, data.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
        .setAAD(utf8(tenant))
        .setAuthTag(data.subarray(-TAG_BYTES));
      const plain = [decipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
      return PayloadMessage.decode(Buffer.concat(plain));
    } catch (cause) {
      throw new Fault('forbidden', `a payload of scope ${tenant} was changed, or is not of that scope; refused`, {
        cause,
      });
    }
  };

  return {
    encode: async (payloads, context) => {
      const key = await ring.current();
      return payloads.map((payload) => seal(payload, ownerOf(context) ?? PLATFORM, key));
    },
    decode: (payloads, context) => Promise.all(payloads.map((payload) => open(payload, ownerOf(context)))),
  };
}

const unknownKey = (kid: string) =>
  new Fault(
    'unavailable',
    `payload key ${kid} is not in the ring; add it back to platform/payload-codec to read old runs`,
  );
