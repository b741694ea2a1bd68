import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Fault } from '../ports/errors.ts';
import type { SecretPort, SecretValues } from '../ports/secrets.ts';
import { openDigestKey } from './jwt-key.ts';
import { AWAY_MS, FRESH_MS, openRing } from './key-ring.ts';

const place = { path: 'platform/payload-codec', secretClass: 'payload_codec_key' } as const;
const key = () => randomBytes(32).toString('base64');
const bytes = (text: string | undefined) => Buffer.from(text ?? '', 'base64');

/** A secret store with one path, that counts how often it is asked, and is away or hangs when told so. */
const aStore = (values: SecretValues | null) => {
  const store = { values, version: values ? 1 : 0, reads: 0, state: 'open' as 'open' | 'away' | 'hangs' };
  const secrets = {
    read: async () => {
      store.reads += 1;
      if (store.state === 'hangs') await new Promise(() => undefined);
      if (store.state === 'away') throw new Fault('unavailable', 'the secret store does not answer');
      return store.values && { version: store.version, values: store.values, meta: {} };
    },
    put: async (_path: string, expected: number, given: SecretValues) => {
      if (expected !== store.version) throw new Fault('stale_version', 'another was faster');
      store.values = given;
      return (store.version += 1);
    },
  } as unknown as SecretPort;
  return Object.assign(store, { secrets });
};

const opened = (values: SecretValues | null) => {
  const store = aStore(values);
  const clock = { ms: 0 };
  const ring = openRing(store.secrets, place, () => performance.now() + clock.ms);
  return { store, ring, pass: (ms: number) => void (clock.ms += ms) };
};

test('the key of digests is made once, is the same in every process, and is had when the store is back', async () => {
  const store = aStore(null);
  const mine = openDigestKey(store.secrets);
  store.state = 'away';
  await expect(mine()).rejects.toMatchObject({ code: 'unavailable' });
  store.state = 'open';
  const key = await mine();
  expect(key).toHaveLength(32);
  await expect(openDigestKey(store.secrets)()).resolves.toEqual(key);
});

describe('a ring of keys', () => {
  test('is not read before it is needed: a process starts while the secret store is away', async () => {
    const { store, ring } = opened({ current: 'a', a: key() });
    store.state = 'away';
    await expect(ring.current()).rejects.toMatchObject({ code: 'unavailable' });
    store.state = 'open';
    await expect(ring.current()).resolves.toMatchObject({ kid: 'a' });
  });

  test('is made once, whoever needs it first: all of them have the same key', async () => {
    const store = aStore(null);
    const rings = Array.from({ length: 5 }, () => openRing(store.secrets, place));
    const kids = new Set((await Promise.all(rings.map((ring) => ring.current()))).map(({ kid }) => kid));
    expect(kids.size).toBe(1);
    expect(store.version).toBe(1);
  });

  test('that was deleted is not made anew: what was written with it would be lost unnoticed', async () => {
    const { store, ring } = opened({ current: 'a', a: key() });
    store.values = null;
    await expect(ring.current()).rejects.toThrow('was deleted');
  });

  test('writes with a new key a minute after it was made the current one, and asks no more often', async () => {
    const values = { current: 'a', a: key(), b: key() };
    const { store, ring, pass } = opened(values);
    await ring.current();
    store.values = { ...values, current: 'b' };
    for (let times = 0; times < 50; times += 1) await expect(ring.current()).resolves.toMatchObject({ kid: 'a' });
    expect(store.reads).toBe(1);
    pass(FRESH_MS);
    await expect(ring.current()).resolves.toEqual({ kid: 'b', key: bytes(values.b) });
    expect(store.reads).toBe(2);
  });

  test('finds a key that another process made a moment ago, at once', async () => {
    const values = { current: 'a', a: key() };
    const { store, ring, pass } = opened(values);
    await ring.current();
    pass(1000);
    const b = key();
    store.values = { ...values, b };
    await expect(ring.find('b')).resolves.toEqual(bytes(b));
  });

  test('asks once a second for keys that nobody has, however many strangers name them', async () => {
    const { store, ring } = opened({ current: 'a', a: key() });
    await ring.current();
    const found = await Promise.all(Array.from({ length: 200 }, (_, nth) => ring.find(`stranger-${nth}`)));
    expect(new Set(found)).toEqual(new Set([null]));
    expect(store.reads).toBe(2);
  });

  test('refuses a key that was given up, a minute later', async () => {
    const values = { current: 'b', a: key(), b: key() };
    const { store, ring, pass } = opened(values);
    await expect(ring.find('a')).resolves.toEqual(bytes(values.a));
    store.values = { current: 'b', b: values.b };
    pass(FRESH_MS);
    await expect(ring.find('a')).resolves.toBeNull();
  });

  test.each(['away', 'hangs'] as const)(
    'C9: goes on with the keys it knows while the secret store %s, keeps asking, and goes no further than an hour',
    async (state) => {
      const { store, ring, pass } = opened({ current: 'a', a: key() });
      await ring.current();
      store.state = state;
      pass(FRESH_MS);
      for (let times = 0; times < 50; times += 1) await expect(ring.current()).resolves.toMatchObject({ kid: 'a' });
      expect(store.reads).toBe(2);
      if (state === 'hangs') return;
      store.state = 'open';
      store.values = { current: 'b', a: key(), b: key() };
      pass(1000);
      await ring.current();
      await expect(ring.current()).resolves.toMatchObject({ kid: 'b' });
      store.state = 'away';
      pass(AWAY_MS);
      await expect(ring.current()).rejects.toMatchObject({ code: 'unavailable' });
      await expect(ring.find('b')).rejects.toMatchObject({ code: 'unavailable' });
    },
  );

  test.each([{}, { current: 'z', a: key() }, { current: 'a', a: 'c2hvcnQ=' }])(
    'without a whole current key is refused before anything is written: %j',
    async (values) => {
      await expect(opened(values as SecretValues).ring.current()).rejects.toThrow('names no current key');
    },
  );
});
