import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import type { TenantId } from '../../ports/ids.ts';
import { channelSecretPath, tenantSigningKeyPath } from '../../ports/secrets.ts';
import type { RotationRef, Rotator } from '../../ports/rotation.ts';
import { createNotifier } from '../notifications/index.ts';
import { signingKeysIn } from '../notifications/webhook.ts';
import { aTenant } from '../postgres/testing-data.ts';
import { livedThrough, mortal, openRotationGround, refOf } from './testing.ts';
import type { RotationGround } from './testing.ts';
import { webhookSigningSecret } from './webhook-signing-secret.ts';

const newKey = () => `whsec_${randomBytes(32).toString('base64')}`;

/** A tenant's endpoint, which knows some secrets and refuses what none of them signed. */
let known: string[];
let taken: { id: string; signatures: number }[];
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const headers = request.headers as Record<string, string>;
    const isGood = known.some((key) => {
      try {
        return Boolean(new Webhook(key).verify(Buffer.concat(chunks).toString(), headers));
      } catch {
        return false;
      }
    });
    const signatures = headers['webhook-signature']?.split(' ').length ?? 0;
    if (isGood) taken.push({ id: headers['webhook-id'] ?? '', signatures });
    response.writeHead(isGood ? 204 : 401).end();
  });
});

let ground: RotationGround;
let rotator: Rotator;
let origin: string;
let tenantId: TenantId;

type Needs = Pick<RotationGround, 'stores' | 'secrets' | 'http'>;
const common = { publicUrl: 'https://biz.test', hash: (text: string) => text.replace(/\W/g, '') };
const rotatorOn = ({ stores, secrets, http }: Needs): Rotator =>
  webhookSigningSecret({ ...common, channels: stores.channels, secrets, http });

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  origin = `http://${host}`;
  ground = await openRotationGround({ origins: '', allow: [host] });
  rotator = rotatorOn(ground);
});
afterAll(async () => {
  await ground[Symbol.asyncDispose]();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});
beforeEach(async () => {
  tenantId = await aTenant(ground.stores);
  taken = [];
});

async function aChannel() {
  const { stores, secrets } = ground;
  const [old, successor] = [newKey(), newKey()];
  const { id } = await stores.channels.add(tenantId, { id: randomUUID(), kind: 'webhook', title: 'Ops hook' });
  const path = channelSecretPath(tenantId, id);
  const meta = { class: 'notification_channel', createdBy: 'test' } as const;
  await secrets.put(path, 0, { url: `${origin}/hook`, key: old }, meta);
  known = [old];
  const ref = refOf(tenantId, 'webhook_signing_secret', id);
  return { ref, path, old, successor, values: async () => (await secrets.read(path))?.values };
}
/** One delivery of the platform's own, as any note is sent. */
async function deliver({ subject }: RotationRef): Promise<void> {
  const { stores, secrets, http } = ground;
  const notifier = createNotifier({
    ...common,
    inbox: stores.notifier,
    channels: stores.channels,
    approvals: stores.approvals,
    secrets,
    http,
    smtp: null,
  });
  const note = { key: randomUUID(), roles: [], kind: 'test', subject: 'a note', link: '/docs' };
  await notifier.deliver(tenantId, subject, note);
}

test('C40: from the paste-in to the end of the overlap, whoever knows the old or the new secret takes every delivery', async () => {
  const { ref, old, successor, path, values } = await aChannel();
  await expect(rotator.targets(tenantId)).resolves.toMatchObject([{ subject: ref.subject }]);
  await expect(rotator.plan(ref)).resolves.toEqual({ by: 'person', ask: expect.stringContaining('“Ops hook”') });
  const knownByEither = async () => {
    for (known of [[old], [successor]]) await deliver(ref);
    expect(taken.splice(0).map(({ signatures }) => signatures)).toEqual([2, 2]);
  };
  await rotator.create(ref, { key: successor });
  await rotator.create(ref, { key: successor });
  await knownByEither();

  known = [old];
  await expect(rotator.verify(ref)).rejects.toMatchObject({ code: 'provider_rejected' });
  known = [old, successor];
  await rotator.verify(ref);
  expect(taken.splice(0)).toMatchObject([{ signatures: 1 }]);
  await rotator.cutOver(ref);
  await rotator.cutOver(ref);
  await knownByEither();

  known = [successor];
  await rotator.verify(ref);
  await expect(rotator.neededBy(ref)).resolves.toBeNull();
  await expect(rotator.revoke(ref)).resolves.toEqual({ left: expect.stringContaining('“Ops hook”') });
  await rotator.revoke(ref);
  known = [old];
  await expect(deliver(ref)).rejects.toMatchObject({ code: 'provider_rejected' });
  known = [successor];
  await deliver(ref);
  await expect(values()).resolves.toEqual({ url: `${origin}/hook`, key: successor, since: expect.any(String) });
  expect((await ground.secrets.describe(path))?.versions.filter(({ state }) => state === 'held')).toHaveLength(1);
});

test('C40: the tenant’s own key is made by the platform, and both sign until the old one is revoked', async () => {
  const path = tenantSigningKeyPath(tenantId);
  await ground.secrets.generate(path, { class: 'webhook_signing_secret', createdBy: 'test' });
  const values = async () => (await ground.secrets.read(path))?.values ?? {};
  const { key: old = '' } = await values();
  const ref = refOf(tenantId, 'webhook_signing_secret', 'signing-key');
  await expect(rotator.plan(ref)).resolves.toEqual({ by: 'platform', ask: null });
  await rotator.create(ref, null);
  const during = signingKeysIn(await values());
  await rotator.create(ref, null);
  expect(signingKeysIn(await values())).toEqual(during);
  expect(during).toEqual([old, expect.stringMatching(/^[\w-]{43}$/)]);
  for (const step of ['verify', 'cutOver', 'verify'] as const) await rotator[step](ref);
  expect(signingKeysIn(await values())).toEqual([during[1], old]);
  await expect(rotator.revoke(ref)).resolves.toEqual({ left: null });
  expect(signingKeysIn(await values())).toEqual([during[1]]);
  expect((await ground.secrets.read(path))?.meta.class).toBe('webhook_signing_secret');
});

test('C11: whichever step dies, done again it ends with the new key alone, and rolled back with the old one alone', async () => {
  for (const ending of ['again', 'back'] as const) {
    for (const when of ['before', 'after'] as const) {
      let at = 1;
      for (let isOver = false; !isOver; at += 1) {
        const { ref, old, successor, values } = await aChannel();
        known = [old, successor];
        const life = mortal(at, when);
        const { secrets, http, stores } = ground;
        const dying = rotatorOn({
          ...{ secrets: life.of(secrets), http: life.of(http) },
          stores: { ...stores, channels: life.of(stores.channels) },
        });
        isOver = await livedThrough({ dying, living: rotator, ref, given: { key: successor }, ending });
        const held = signingKeysIn((await values()) ?? {});
        expect([ending, when, at, held]).toEqual([ending, when, at, [ending === 'again' ? successor : old]]);
        await ground.stores.channels.remove(tenantId, ref.subject);
      }
      expect(at).toBeGreaterThan(6);
    }
  }
});

test('a key that was put back is as old as it was, and the next one may be pasted', async () => {
  const { ref, successor } = await aChannel();
  const before = await rotator.targets(tenantId);
  await rotator.create(ref, { key: newKey() });
  await rotator.cutOver(ref);
  expect(await rotator.targets(tenantId)).not.toEqual(before);
  await rotator.rollBack(ref);
  await rotator.rollBack(ref);
  await expect(rotator.targets(tenantId)).resolves.toEqual(before);
  known = [successor];
  await rotator.create(ref, { key: successor });
  await rotator.verify(ref);
});

test.each([null, {}, { key: 'short' }, { key: 'not base64 at all, but long enough to be one!' }])(
  'what cannot be a signing secret is refused with the field: %j',
  async (given) => {
    const { ref, old, values } = await aChannel();
    const refused = { code: 'invalid_request', fields: [{ path: 'key' }] };
    await expect(rotator.create(ref, given)).rejects.toMatchObject(refused);
    await expect(rotator.create(ref, { key: old })).rejects.toMatchObject(refused);
    await expect(values()).resolves.toEqual({ url: `${origin}/hook`, key: old });
  },
);

test('a channel that is removed meanwhile, or another tenant’s, has none to rotate, and to undo is silent', async () => {
  const { ref, path, successor } = await aChannel();
  await rotator.create(ref, { key: successor });
  await ground.stores.channels.remove(tenantId, ref.subject);
  await ground.secrets.destroy(path);
  await expect(rotator.plan(ref)).resolves.toMatchObject({ by: null });
  await expect(rotator.cutOver(ref)).rejects.toMatchObject({ code: 'not_found' });
  await rotator.rollBack(ref);
  await expect(rotator.revoke(ref)).resolves.toEqual({ left: null });
  await expect(ground.secrets.read(path)).resolves.toBeNull();
  const { ref: other } = await aChannel();
  await expect(rotator.plan({ ...other, scope: await aTenant(ground.stores) })).resolves.toMatchObject({ by: null });
});
