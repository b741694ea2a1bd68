import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { defaultPayloadConverter } from '@temporalio/common';
import { Fault } from '../../ports/errors.ts';
import type { KeyRing } from '../../ports/key-ring.ts';
import type { RotationRef, Rotator } from '../../ports/rotation.ts';
import { rotationSecretPath } from '../../ports/secrets.ts';
import type { SecretPort } from '../../ports/secrets.ts';
import { JWT_KEY_PATH, openJwtKeys } from '../jwt-key.ts';
import { envSecrets } from '../secrets/env.ts';
import { payloadCodec } from '../temporal/codec.ts';
import { CODEC_KEY_PATH, openKeyRing } from '../temporal/key-ring.ts';
import { jwtSigningKey } from './jwt-signing-key.ts';
import { payloadCodecKey } from './payload-codec-key.ts';

const HOUR_MS = 3_600_000;
let dir: string;
let secrets: SecretPort;
/** What the payload codec's rotator asks of Temporal, and what it is told. */
let asked: string[];
let open: number;
let left: number;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rings-'));
  secrets = envSecrets({ dir, environment: 'test' });
  [asked, open, left] = [[], 0, 0];
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const workflows = {
  renewPayloads: async ({ begun, given }: { begun: string; given: string }) => {
    asked.push(`renew ${begun} ${given}`);
    return { left };
  },
  openSince: async (before: string, except: string) => {
    asked.push(`count ${before} but ${except}`);
    return open;
  },
};

interface Kind {
  path: string;
  ref: RotationRef;
  rotator: (by?: SecretPort) => Rotator;
  ring: () => KeyRing;
}
const KINDS: Record<string, Kind> = {
  'payload codec': {
    path: CODEC_KEY_PATH,
    ref: { scope: 'platform', secretClass: 'payload_codec_key', subject: 'payload-codec', rotationId: randomUUID() },
    rotator: (by = secrets) => payloadCodecKey({ secrets: by, workflows }),
    ring: () => openKeyRing(secrets),
  },
  'signing of tokens': {
    path: JWT_KEY_PATH,
    ref: { scope: 'platform', secretClass: 'jwt_signing_key', subject: 'jwt-keys', rotationId: randomUUID() },
    rotator: (by = secrets) => jwtSigningKey({ secrets: by }),
    ring: () => openJwtKeys(secrets),
  },
};

const valuesOf = async (path: string) => (await secrets.read(path))?.values ?? {};
const heldBy = async (path: string) => Object.keys(await valuesOf(path)).filter((name) => name.startsWith('k'));
/** As if the cut-over had been so long ago. */
const age = async (path: string, ms: number) => {
  const { version, values } = (await secrets.read(path)) ?? { version: 0, values: {} };
  const since = new Date(Date.now() - ms).toISOString();
  await secrets.put(path, version, { ...values, since }, { class: 'payload_codec_key', createdBy: 'test' });
};
const notOf = (ref: RotationRef) => secrets.read(rotationSecretPath(ref.scope, ref.rotationId));

describe.each(Object.entries(KINDS))('rotating the key of the %s', (_, { path, ref, rotator, ring }) => {
  test('both keys are accepted from the beginning, one writes after the other, and in the end the old one is gone for good', async () => {
    const { kid: old, key } = await ring().current();
    const one = rotator();
    await one.create(ref, null);
    const next = (await heldBy(path)).find((kid) => kid !== old) ?? '';
    await expect(ring().current()).resolves.toEqual({ kid: old, key });
    await expect(ring().find(next)).resolves.toHaveLength(32);
    await one.verify(ref);
    await one.cutOver(ref);
    await expect(ring().current()).resolves.toMatchObject({ kid: next });
    await expect(ring().find(old)).resolves.toEqual(key);
    await expect(one.revoke(ref)).resolves.toEqual({ left: null });
    await expect(heldBy(path)).resolves.toEqual([next]);
    const versions = (await secrets.describe(path))?.versions ?? [];
    expect(versions.filter(({ state }) => state !== 'destroyed')).toHaveLength(1);
    await expect(notOf(ref)).resolves.toBeNull();
  });

  test('C11: killed at any write, and begun again at the step where it was: one successor, and nothing is left over', async () => {
    const { kid: old } = await ring().current();
    for (let nth = 1; ; nth += 1) {
      const mine = { ...ref, rotationId: randomUUID() };
      const begun = await ring().current();
      const dying = dyingAt(nth);
      let wasKilled = false;
      for (const step of ['create', 'verify', 'cutOver', 'revoke'] as const) {
        const run = (by?: SecretPort) => (step === 'create' ? rotator(by).create(mine, null) : rotator(by)[step](mine));
        try {
          await run(dying);
        } catch (error) {
          expect(error).toMatchObject({ message: 'killed' });
          wasKilled = true;
          await run();
        }
        const held = await heldBy(path);
        expect(held).toHaveLength(step === 'revoke' ? 1 : 2);
        if (step !== 'revoke') expect(held).toContain(begun.kid);
      }
      expect((await ring().current()).kid).not.toBe(begun.kid);
      expect((await secrets.list('platform/rotations/')).length).toBe(0);
      if (!wasKilled) break;
    }
    await expect(ring().find(old)).resolves.toBeNull();
  });

  test('rolled back before the cut-over, the ring is as it was; done twice, or with nothing made, it is silent', async () => {
    const { kid } = await ring().current();
    const before = await valuesOf(path);
    const one = rotator();
    await one.rollBack(ref);
    await one.create(ref, null);
    await one.rollBack(ref);
    await one.rollBack(ref);
    await expect(valuesOf(path)).resolves.toEqual(before);
    await expect(ring().current()).resolves.toMatchObject({ kid });
    await expect(notOf(ref)).resolves.toBeNull();
  });

  test('rolled back after the cut-over, the old key writes again, as old as it was, and what the new one wrote still opens', async () => {
    const before = await ring().current();
    await age(path, 40 * HOUR_MS);
    const [was] = await rotator().targets('platform');
    const one = rotator();
    await one.create(ref, null);
    await one.cutOver(ref);
    const next = await ring().current();
    await one.rollBack(ref);
    await expect(ring().current()).resolves.toEqual(before);
    await expect(ring().find(next.kid)).resolves.toEqual(next.key);
    await expect(one.targets('platform')).resolves.toEqual([was]);
    const again = { ...ref, rotationId: randomUUID() };
    await one.create(again, null);
    await one.cutOver(again);
    await one.revoke(again);
    await expect(heldBy(path)).resolves.toHaveLength(1);
  });

  test('a given key is taken, and refused when it is none', async () => {
    await ring().current();
    const key = Buffer.alloc(32, 5).toString('base64');
    await expect(rotator().create(ref, { key: 'too short' })).rejects.toMatchObject({ code: 'invalid_request' });
    await rotator().create(ref, { key });
    await rotator().cutOver(ref);
    await expect(ring().current()).resolves.toMatchObject({ key: Buffer.alloc(32, 5) });
  });

  test('a successor that is not what it says does not pass', async () => {
    await ring().current();
    await rotator().create(ref, null);
    const note = (await notOf(ref))?.values ?? {};
    const kept = await secrets.read(path);
    const rest = { ...kept?.values };
    delete rest[note['successor'] ?? ''];
    await secrets.put(path, kept?.version ?? 0, rest, { class: 'payload_codec_key', createdBy: 'test' });
    await expect(rotator().verify(ref)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('the key in use is never revoked', async () => {
    const { kid } = await ring().current();
    await rotator().create(ref, null);
    await expect(rotator().revoke(ref)).rejects.toMatchObject({ code: 'conflict' });
    await expect(heldBy(path)).resolves.toContain(kid);
  });

  test('for an hour after the cut-over the old key is needed: somebody may not have heard of it', async () => {
    await ring().current();
    const one = rotator();
    await one.create(ref, null);
    await one.cutOver(ref);
    await expect(one.neededBy(ref)).resolves.toContain('may write with the old key');
    expect(asked).toEqual([]);
  });
});

/** A secret store whose nth change from here on is the last thing that this process does, or does not. */
const dyingAt = (nth: number): SecretPort => {
  let left = nth;
  const orDie = async <Result>(change: () => Promise<Result>): Promise<Result> => {
    left -= 1;
    if (left < 0) return change();
    if (left > 0) return change();
    // Every other time the change was made, and only the news of it is lost.
    if (nth % 2 === 0) await change();
    throw new Error('killed');
  };
  return {
    ...secrets,
    put: (...args) => orDie(() => secrets.put(...args)),
    destroy: (path) => orDie(() => secrets.destroy(path)),
    destroyVersions: (...args) => orDie(() => secrets.destroyVersions(...args)),
  };
};

test('people stay logged in: a signing key is needed for as long as a token that it signed may live', async () => {
  const { path, ref, rotator, ring } = KINDS['signing of tokens'] as Kind;
  await ring().current();
  await rotator().create(ref, null);
  await rotator().cutOver(ref);
  await age(path, 8 * HOUR_MS);
  await expect(rotator().neededBy(ref)).resolves.toContain('may be logged in');
  await age(path, 10 * HOUR_MS);
  await expect(rotator().neededBy(ref)).resolves.toBeNull();
});

describe('a payload key is needed', () => {
  const { path, ref, rotator, ring } = KINDS['payload codec'] as Kind;
  const cutOver = async () => {
    await ring().current();
    await rotator().create(ref, null);
    await rotator().cutOver(ref);
    await age(path, 2 * HOUR_MS);
  };

  test('while schedules remember it, and while a workflow is open that began before they were renewed', async () => {
    await cutOver();
    left = 2;
    await expect(rotator().neededBy(ref)).resolves.toContain('2 schedules');
    expect(asked).toHaveLength(1);
    [left, open] = [0, 3];
    const began = Date.now();
    await expect(rotator().neededBy(ref)).resolves.toContain('3 open workflows');
    open = 0;
    await expect(rotator().neededBy(ref)).resolves.toBeNull();
    const counts = asked.filter((one) => one.startsWith('count'));
    expect(new Set(counts).size).toBe(1);
    expect(counts[0]).toContain('but rotateSecret:platform:payload_codec_key/payload-codec');
    expect(Date.parse(counts[0]?.split(' ')[1] ?? '')).toBeGreaterThan(began);
    const renewals = asked.filter((one) => one.startsWith('renew')).map((one) => one.split(' '));
    for (const [, , given = ''] of renewals) {
      expect(Date.parse(given)).toBeGreaterThan(Date.now() - HOUR_MS);
      expect(Date.parse(given)).toBeLessThan(Date.now() - HOUR_MS / 2);
    }
    // Connections that went on as new runs before that moment go on once more after it.
    expect(renewals[0]?.[1]).toBe(renewals[0]?.[2]);
    expect(renewals.at(-1)?.[1]).toBe(counts[0]?.split(' ')[1]);
  });

  test('and what was written before a rotation opens until it ends, in every process', async () => {
    const context = { type: 'workflow', namespace: 'n', workflowId: 'syncStream:acme:1' } as const;
    const codec = payloadCodec(ring());
    const before = await codec.encode([defaultPayloadConverter.toPayload('old')], context);
    await rotator().create(ref, null);
    await rotator().cutOver(ref);
    const others = payloadCodec(ring());
    const after = await others.encode([defaultPayloadConverter.toPayload('new')], context);
    // This process has not looked since: it meets a key that it does not know.
    await expect(codec.decode([...before, ...after], context)).resolves.toHaveLength(2);
    await rotator().revoke(ref);
    await expect(payloadCodec(ring()).decode(before, context)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(payloadCodec(ring()).decode(after, context)).resolves.toHaveLength(1);
  });
});

test('what the secret store refuses is told as it is', async () => {
  const { ref, rotator, ring } = KINDS['payload codec'] as Kind;
  await ring().current();
  const refusing = { ...secrets, put: () => Promise.reject(new Fault('secrets_denied', 'no')) };
  await expect(rotator(refusing).create(ref, null)).rejects.toMatchObject({ code: 'secrets_denied' });
});
