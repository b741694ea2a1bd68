import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { emulatedVendors } from '../../emulator/origins.ts';
import { createEmulator } from '../../emulator/server.ts';
import { PLATFORM } from '../../ports/ids.ts';
import type { Rotator } from '../../ports/rotation.ts';
import { oauthAppSecretPath, rotationSecretPath } from '../../ports/secrets.ts';
import { createApps } from '../connectors/apps.ts';
import { createConnectors, manifests } from '../connectors/index.ts';
import { createOAuth } from '../connectors/oauth.ts';
import { oauthClientSecret } from './oauth-client-secret.ts';
import { livedThrough, mortal, openRotationGround, refOf } from './testing.ts';
import type { RotationGround } from './testing.ts';

const APP = { connectorId: 'hubspot', clientId: 'emulated-client', scopes: null, redirectUris: [], enabled: true };
const OLD = { client_secret: 'emulated-secret' };
const SUCCESSOR = { client_secret: 'another-emulated-secret' };
const PATH = oauthAppSecretPath('hubspot');
const META = { class: 'oauth_client_secret', createdBy: 'test' } as const;

const emulator = createEmulator();
let ground: RotationGround;
let rotator: Rotator;

type Needs = Pick<RotationGround, 'stores' | 'secrets' | 'http'>;
const rotatorOn = ({ stores, secrets, http }: Needs): Rotator => {
  const { oauthApps, connections } = stores;
  const connectors = createConnectors({ http, connections, secrets } as Parameters<typeof createConnectors>[0]);
  const oauth = createOAuth({ http, manifests, apps: createApps({ oauthApps, secrets, declared: {} }) });
  return oauthClientSecret({ connectors, oauth, oauthApps, secrets });
};

beforeAll(async () => {
  const url = await emulator.listen();
  const origins = emulatedVendors(url).CONNECTOR_ORIGINS;
  ground = await openRotationGround({ origins, allow: [new URL(url).host] });
  rotator = rotatorOn(ground);
});
afterAll(async () => {
  await ground[Symbol.asyncDispose]();
  await emulator.close();
});
/** The vendor knows both secrets, as after a person made the second one there. */
const begin = async () => {
  const { secrets, stores } = ground;
  emulator.control.reset();
  emulator.control.oauth('hubspot').clientSecrets([OLD.client_secret, SUCCESSOR.client_secret]);
  await secrets.destroy(PATH);
  const secretVersion = await secrets.put(PATH, 0, OLD, META);
  await stores.oauthApps.put({ ...APP, secretVersion });
  return refOf(PLATFORM, 'oauth_client_secret', 'hubspot');
};
beforeEach(begin);
const inUse = async () => (await ground.secrets.read(PATH))?.values;
const row = () => ground.stores.oauthApps.get('hubspot');

test('a person makes the second secret, the vendor is asked whether it takes it, and from the cut-over on it is used', async () => {
  const ref = await begin();
  const [target] = await rotator.targets(PLATFORM);
  expect(target).toEqual({
    ...{ scope: PLATFORM, secretClass: 'oauth_client_secret', subject: 'hubspot' },
    since: expect.any(String),
  });
  await expect(rotator.plan(ref)).resolves.toEqual({
    by: 'person',
    ask: expect.stringMatching(/emulated-client at HubSpot/),
  });
  await rotator.create(ref, SUCCESSOR);
  await rotator.verify(ref);
  await expect(inUse()).resolves.toEqual(OLD);
  await rotator.cutOver(ref);
  await rotator.cutOver(ref);
  await expect(inUse()).resolves.toEqual(SUCCESSOR);
  await expect(row()).resolves.toMatchObject({ ...APP, secretVersion: 2, trouble: null });
  await expect(rotator.neededBy(ref)).resolves.toBeNull();
  const left = {
    left: expect.stringMatching(/^Delete the old client secret of the application emulated-client at HubSpot/),
  };
  await expect(rotator.revoke(ref)).resolves.toEqual(left);
  await expect(rotator.revoke(ref)).resolves.toEqual(left);
  await expect(ground.secrets.read(rotationSecretPath(PLATFORM, ref.rotationId))).resolves.toBeNull();
  expect((await ground.secrets.describe(PATH))?.versions.map(({ state }) => state)).toEqual(['held', 'destroyed']);
});

test('a secret that the vendor refuses is not taken; after the roll-back the next one may come', async () => {
  const ref = await begin();
  await rotator.create(ref, { client_secret: 'mistyped' });
  await expect(rotator.verify(ref)).rejects.toMatchObject({ code: 'client_broken' });
  await rotator.rollBack(ref);
  await expect(inUse()).resolves.toEqual(OLD);
  await rotator.create(ref, SUCCESSOR);
  await rotator.verify(ref);
});

test.each([null, {}, { client_secret: ' ' }, { client_secret: 'x', other: 'y' }, OLD])(
  'what cannot be the next secret is refused with the field: %j',
  async (given) => {
    await expect(rotator.create(refOf(PLATFORM, 'oauth_client_secret', 'hubspot'), given)).rejects.toMatchObject({
      code: 'invalid_request',
      fields: [{ path: 'client_secret' }],
      message: expect.not.stringContaining(OLD.client_secret),
    });
  },
);

test('C11: whichever step dies, done again it ends with the new secret, and rolled back with the old one', async () => {
  for (const ending of ['again', 'back'] as const) {
    for (const when of ['before', 'after'] as const) {
      let at = 1;
      for (let isOver = false; !isOver; at += 1) {
        const ref = await begin();
        const life = mortal(at, when);
        const { secrets, http, stores } = ground;
        const dying = rotatorOn({
          ...{ secrets: life.of(secrets), http: life.of(http) },
          stores: { ...stores, oauthApps: life.of(stores.oauthApps) },
        });
        isOver = await livedThrough({ dying, living: rotator, ref, given: SUCCESSOR, ending });
        expect([ending, when, at, await inUse()]).toEqual([ending, when, at, ending === 'again' ? SUCCESSOR : OLD]);
        const newest = (await secrets.describe(PATH))?.versions[0]?.version;
        await expect(row()).resolves.toMatchObject({ secretVersion: newest });
        await expect(secrets.read(rotationSecretPath(PLATFORM, ref.rotationId))).resolves.toBeNull();
      }
      expect(at).toBeGreaterThan(6);
    }
  }
});

test('a secret that somebody entered meanwhile stays, whether the rotation goes on or back', async () => {
  const ref = await begin();
  await rotator.create(ref, SUCCESSOR);
  const theirs = { client_secret: 'entered by a person' };
  await ground.secrets.put(PATH, 1, theirs, META);
  await expect(rotator.cutOver(ref)).rejects.toMatchObject({ code: 'conflict' });
  await rotator.rollBack(ref);
  await expect(inUse()).resolves.toEqual(theirs);
});

test('what the environment declares, another scope and nothing at all have none to rotate', async () => {
  await ground.stores.oauthApps.remove('hubspot');
  const none = { by: null, why: expect.stringContaining('environment') };
  await expect(rotator.plan(refOf(PLATFORM, 'oauth_client_secret', 'hubspot'))).resolves.toEqual(none);
  await expect(rotator.targets(PLATFORM)).resolves.toEqual([]);
});
