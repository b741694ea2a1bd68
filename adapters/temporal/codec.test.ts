import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Payload, SerializationContext } from '@temporalio/common';
import { payloadCodec } from './codec.ts';
import { keyRing } from './key-ring.ts';

const key = () => randomBytes(32).toString('base64');
const old = key();
const codec = payloadCodec(keyRing({ current: 'a', a: old }));

const of = (workflowId: string): SerializationContext => ({ type: 'workflow', namespace: 'n', workflowId });
const payload = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const value = (from: Payload | undefined) => from && defaultPayloadConverter.fromPayload(from);
const seal = async (what: unknown, context?: SerializationContext): Promise<Payload> => {
  const [sealed] = await codec.encode([payload(what)], context);
  if (!sealed) throw new Error('nothing was encoded');
  return sealed;
};
const text = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString();

const acme = of('syncStream:acme:1/posts');

describe('the payload codec', () => {
  test('gives back what it was given, and shows nothing of it on the way', async () => {
    const sealed = await seal({ token: 'tok_LIVE_123' }, acme);
    expect(Buffer.from(sealed.data ?? []).includes('tok_LIVE')).toBe(false);
    expect(text(sealed.metadata?.encoding)).toBe('binary/encrypted');
    const [opened] = await codec.decode([sealed], acme);
    expect(value(opened)).toEqual({ token: 'tok_LIVE_123' });
  });

  test('names the key and the tenant in the metadata; without a workflow it is the platform', async () => {
    const sealed = await seal(1, acme);
    expect([text(sealed.metadata?.kid), text(sealed.metadata?.tenant)]).toEqual(['a', 'acme']);
    expect(text((await seal(1)).metadata?.tenant)).toBe('platform');
  });

  test('never seals the same thing twice alike', async () => {
    expect((await seal('x', acme)).data).not.toEqual((await seal('x', acme)).data);
  });

  test('refuses a payload of another tenant, though the key is the same', async () => {
    const sealed = await seal('x', acme);
    await expect(codec.decode([sealed], of('syncStream:evil:1/posts'))).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('refuses a payload whose tenant was rewritten in the metadata', async () => {
    const sealed = await seal('x', acme);
    const moved = { ...sealed, metadata: { ...sealed.metadata, tenant: Buffer.from('evil') } };
    await expect(codec.decode([moved], of('syncStream:evil:1/posts'))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(codec.decode([moved])).rejects.toMatchObject({ code: 'forbidden' });
  });

  test.each([0, 12, 20, -1])('refuses a payload changed at byte %i', async (at) => {
    const sealed = await seal('some text that is long enough', acme);
    const data = Buffer.from(sealed.data ?? []);
    const index = at < 0 ? data.length + at : at;
    data[index] = (data[index] ?? 0) ^ 1;
    await expect(codec.decode([{ ...sealed, data }], acme)).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('refuses a payload cut short', async () => {
    const sealed = await seal('x', acme);
    const data = Buffer.from(sealed.data ?? []).subarray(0, 10);
    await expect(codec.decode([{ ...sealed, data }], acme)).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('refuses what is not encrypted: nobody of the deployment wrote it', async () => {
    await expect(codec.decode([payload('x')], acme)).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('names a key that the ring lacks', async () => {
    const other = payloadCodec(keyRing({ current: 'b', b: key() }));
    await expect(other.decode([await seal('x', acme)], acme)).rejects.toThrow('payload key a is not in the ring');
  });

  test('after a rotation the new key writes and the old one still reads', async () => {
    const rotated = payloadCodec(keyRing({ current: 'b', a: old, b: key() }));
    const [opened] = await rotated.decode([await seal('x', acme)], acme);
    expect(value(opened)).toBe('x');
    const [sealed] = await rotated.encode([payload('y')], acme);
    expect(text(sealed?.metadata?.kid)).toBe('b');
  });

  test('a schedule and the run that it starts share their payloads: the tenant counts, not the id', async () => {
    const sealed = await seal('x', of('syncStream:acme:1/posts'));
    const [opened] = await codec.decode([sealed], of('syncStream:acme:1/posts-2026-11-21T12:00:00Z'));
    expect(value(opened)).toBe('x');
  });

  test('a ring without its current key is refused before anything is written', () => {
    expect(() => keyRing({ current: 'z', a: old })).toThrow('names no current key');
  });
});
