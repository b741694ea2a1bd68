import type { Payload, PayloadCodec } from '@temporalio/common';
import { ENCODING, payloadCodec } from '../../adapters/temporal/codec.ts';
import { keyRing } from '../../adapters/temporal/key-ring.ts';
import { TEST_KEYS } from './namespace.ts';

const base64 = (bytes: string | Uint8Array) => Buffer.from(bytes).toString('base64');
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));

interface JsonPayload {
  metadata: Record<string, string>;
  data: string;
}

const isSealed = (value: object): value is JsonPayload =>
  'data' in value && 'metadata' in value && (value as JsonPayload).metadata?.encoding === base64(ENCODING);

const fromJson = ({ metadata, data }: JsonPayload): Payload => ({
  metadata: Object.fromEntries(Object.entries(metadata).map(([name, text]) => [name, bytesOf(text)])),
  data: bytesOf(data),
});

const toJson = ({ metadata, data }: Payload): JsonPayload => ({
  metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, bytes]) => [name, base64(bytes)])),
  data: base64(data ?? ''),
});

const toTestKey = payloadCodec(keyRing(TEST_KEYS));

/** A history as JSON with every payload under the test key instead of the deployment's: stored histories replay anywhere. */
export async function recode(value: unknown, from: PayloadCodec): Promise<unknown> {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Promise.all(value.map((item) => recode(item, from)));
  if (!isSealed(value)) {
    const entries = Object.entries(value).map(async ([name, inner]) => [name, await recode(inner, from)] as const);
    return Object.fromEntries(await Promise.all(entries));
  }
  const tenant = Buffer.from(value.metadata.tenant ?? '', 'base64').toString();
  const context = { type: 'workflow', namespace: '', workflowId: `history:${tenant}:` } as const;
  const [sealed] = await toTestKey.encode(await from.decode([fromJson(value)], context), context);
  return sealed && toJson(sealed);
}
