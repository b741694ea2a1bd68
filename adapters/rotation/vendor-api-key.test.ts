import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { emulatedVendors } from '../../emulator/origins.ts';
import { createEmulator } from '../../emulator/server.ts';
import type { Connection } from '../../ports/connections.ts';
import { ConnectionId, TenantId } from '../../ports/ids.ts';
import type { RotationRef, Rotator } from '../../ports/rotation.ts';
import { rotationSecretPath } from '../../ports/secrets.ts';
import type { SecretValues } from '../../ports/secrets.ts';
import { createConnectors, manifests } from '../connectors/index.ts';
import { createVendorKeys } from '../connectors/keys.ts';
import { aConnection, aTenant } from '../postgres/testing-data.ts';
import { mortal, openRotationGround, refOf } from './testing.ts';
import type { RotationGround } from './testing.ts';
import { vendorApiKey } from './vendor-api-key.ts';

const emulator = createEmulator();
let ground: RotationGround;
let rotator: Rotator;

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
beforeEach(() => emulator.control.reset());

const rotatorOn = ({ stores, secrets, http }: Pick<RotationGround, 'stores' | 'secrets' | 'http'>): Rotator => {
  const { connections } = stores;
  const connectors = createConnectors({ http, connections, secrets } as Parameters<typeof createConnectors>[0]);
  return vendorApiKey({ connections, connectors, secrets, keys: createVendorKeys(http, manifests) });
};
const keysAt = (vendor: string) => emulator.control.keys(vendor);

interface Vendor {
  connectorId: string;
  authMethod: string;
  mount: string;
  settings: Record<string, string>;
  values: SecretValues;
  /** The id of the key in these values, and the account that it is of at the emulator. */
  id: (values: SecretValues) => string;
  account: string;
}
const SENDGRID: Vendor = {
  ...{ connectorId: 'sendgrid', authMethod: 'api_key', mount: 'sendgrid', account: 'global' },
  settings: { region: 'global', host: 'api.sendgrid.com', accountId: 'global', accountName: 'SendGrid (global)' },
  values: { api_key: 'SG.emulatedGlobalKey00000.emulated-emulated-emulated-emulated-emulate' },
  id: ({ api_key: key = '' }) => key.split('.')[1] ?? '',
};
const AWS: Vendor = {
  ...{ connectorId: 'aws-s3', authMethod: 'access_key', mount: 'aws-iam', account: 'bizosaas' },
  settings: { region: 'eu-west-1', accountId: '123456789012' },
  values: {
    access_key_id: 'AKIAEMULATEDKEY00001',
    secret_access_key: 'emulatedSecretAccessKey/emulated+key0001',
  },
  id: ({ access_key_id: id = '' }) => id,
};
const STRIPE: Vendor = {
  ...{ connectorId: 'stripe', authMethod: 'api_key', mount: 'stripe', account: 'acct_1Qx81bV0aZ3Kornb' },
  settings: { accountId: 'acct_1Qx81bV0aZ3Kornb', accountName: 'Kornblume Bakery' },
  values: { api_key: 'rk_test_51emulatedKornb' },
  id: () => '',
};

/** A connection of a new tenant that works, with its key stored. */
async function connected({ connectorId, authMethod, settings, values }: Vendor, key = values) {
  const { stores, secrets } = ground;
  const tenantId = await aTenant(stores);
  const id = await aConnection(stores, tenantId, { connectorId });
  const { vaultPath } = await stores.connections.get(tenantId, id);
  const secretVersion = await secrets.put(vaultPath, 0, key, { class: 'vendor_api_key', createdBy: 'test' });
  await stores.connections.change(tenantId, id, { state: 'healthy', authMethod, settings, secretVersion });
  const ref = refOf(tenantId, 'vendor_api_key', id);
  return {
    ref,
    vaultPath,
    row: (): Promise<Connection> => stores.connections.get(tenantId, id),
    inUse: async () => (await secrets.read(vaultPath))?.values ?? {},
    held: () => secrets.read(rotationSecretPath(tenantId, ref.rotationId)),
  };
}
const idsAt = ({ mount, account }: Vendor) =>
  keysAt(mount)
    .list()
    .filter((key) => key.account === account)
    .map(({ id }) => id);
const STEPS = ['create', 'verify', 'cutOver', 'revoke'] as const;
const run = (on: Rotator, ref: RotationRef, step: (typeof STEPS)[number]): Promise<unknown> =>
  step === 'create' ? on.create(ref, null) : on[step](ref);

describe.each([
  ['SendGrid', SENDGRID],
  ['AWS', AWS],
] as const)('%s, whose API makes keys', (_title, vendor) => {
  test('the successor is made, tried, put in use and the old key deleted; both work in between', async () => {
    const { ref, row, inUse, held, vaultPath } = await connected(vendor);
    await expect(rotator.targets(ref.scope)).resolves.toMatchObject([
      { subject: ref.subject, since: expect.any(String) },
    ]);
    await expect(rotator.plan(ref)).resolves.toEqual({ by: 'platform', ask: null });
    await rotator.create(ref, null);
    await rotator.create(ref, null);
    expect(idsAt(vendor)).toHaveLength(2);
    await rotator.verify(ref);
    await expect(inUse()).resolves.toEqual(vendor.values);
    await rotator.cutOver(ref);
    await rotator.cutOver(ref);
    const successor = await inUse();
    expect(Object.keys(successor)).toEqual(Object.keys(vendor.values));
    expect(successor).not.toEqual(vendor.values);
    expect((await row()).secretVersion).toBe(2);
    expect((await ground.secrets.read(vaultPath))?.meta.class).toBe('vendor_api_key');
    expect(idsAt(vendor)).toHaveLength(2);
    await rotator.verify(ref);
    await expect(rotator.neededBy(ref)).resolves.toBeNull();
    await expect(rotator.revoke(ref)).resolves.toEqual({ left: null });
    await expect(rotator.revoke(ref)).resolves.toEqual({ left: null });
    expect(idsAt(vendor)).toEqual([vendor.id(successor)]);
    await expect(held()).resolves.toBeNull();
    expect((await ground.secrets.describe(vaultPath))?.versions.map(({ state }) => state)).toEqual([
      'held',
      'destroyed',
    ]);
  });

  test('C11: whenever its process dies, the rotation ends with one key, in use here and known there', async () => {
    for (const when of ['before', 'after'] as const) {
      let at = 1;
      for (let isOver = false; !isOver; at += 1) {
        emulator.control.reset();
        const { ref, inUse, held, row } = await connected(vendor);
        const life = mortal(at, when);
        const { secrets, http, stores } = ground;
        const dying = rotatorOn({
          ...{ secrets: life.of(secrets), http: life.of(http) },
          stores: { ...stores, connections: life.of(stores.connections) },
        });
        isOver = true;
        for (const step of STEPS) {
          // The step that died is asked for again, of a process that lives.
          const isDone =
            isOver &&
            (await run(dying, ref, step).then(
              () => true,
              () => false,
            ));
          if (isDone) continue;
          isOver = false;
          await run(rotator, ref, step);
        }
        const [values, { secretVersion }] = [await inUse(), await row()];
        expect([when, at, idsAt(vendor)]).toEqual([when, at, [vendor.id(values)]]);
        expect(vendor.id(values)).not.toBe(vendor.id(vendor.values));
        expect([when, at, secretVersion]).toEqual([when, at, 2]);
        await expect(held()).resolves.toBeNull();
      }
      expect(at).toBeGreaterThan(15);
    }
  });

  test('C11: whenever its process dies before the old key is revoked, rolling back leaves that key alone, here and there', async () => {
    const before = STEPS.slice(0, 3);
    for (const when of ['before', 'after'] as const) {
      let at = 1;
      for (let isOver = false; !isOver; at += 1) {
        emulator.control.reset();
        const { ref, inUse, held, row } = await connected(vendor);
        const life = mortal(at, when);
        const { secrets, http, stores } = ground;
        const dying = rotatorOn({
          ...{ secrets: life.of(secrets), http: life.of(http) },
          stores: { ...stores, connections: life.of(stores.connections) },
        });
        // It may die in the middle of rolling back as well.
        const all = [...before.map((step) => () => run(dying, ref, step)), () => dying.rollBack(ref)];
        isOver = true;
        for (const work of all)
          if (isOver)
            isOver = await work().then(
              () => true,
              () => false,
            );
        await rotator.rollBack(ref);
        await rotator.rollBack(ref);
        expect([when, at, idsAt(vendor)]).toEqual([when, at, [vendor.id(vendor.values)]]);
        await expect(inUse()).resolves.toEqual(vendor.values);
        await expect(held()).resolves.toBeNull();
        const { versions } = (await ground.secrets.describe((await row()).vaultPath)) ?? { versions: [] };
        expect((await row()).secretVersion).toBe(versions[0]?.version);
      }
      expect(at).toBeGreaterThan(15);
    }
  });

  test('C11: an answer that is lost after the key was made leaves no orphan', async () => {
    const { ref, inUse } = await connected(vendor);
    const skip = vendor === AWS ? 1 : 0;
    const path = vendor === AWS ? '/aws-iam' : '/sendgrid/v3/api_keys';
    emulator.control.fault({ match: { method: 'POST', path }, kind: 'drop-after', skip });
    await expect(rotator.create(ref, null)).rejects.toMatchObject({ code: 'provider_down' });
    expect(idsAt(vendor)).toHaveLength(2);
    await rotator.create(ref, null);
    expect(idsAt(vendor)).toHaveLength(2);
    for (const step of STEPS.slice(1)) await run(rotator, ref, step);
    expect(idsAt(vendor)).toEqual([vendor.id(await inUse())]);
  });

  test('C11: an attempt that outlives its time beside the next one leaves no key of its own, nor takes the other’s away', async () => {
    const { ref, inUse } = await connected(vendor);
    const [path, skip] = vendor === AWS ? ['/aws-iam', 1] : ['/sendgrid/v3/api_keys', 0];
    emulator.control.fault({ match: { method: 'POST', path }, kind: 'hold', skip });
    const late = rotator.create(ref, null).catch((error: unknown) => error);
    await emulator.control.waitFor({ method: 'POST', path }, skip + 1);
    await rotator.create(ref, null);
    emulator.control.faults.release();
    await expect(late).resolves.toMatchObject({ code: expect.stringMatching(/^(unavailable|conflict)$/) });
    expect(idsAt(vendor)).toHaveLength(2);
    for (const step of STEPS) await run(rotator, ref, step);
    expect(idsAt(vendor)).toEqual([vendor.id(await inUse())]);
    expect(vendor.id(await inUse())).not.toBe(vendor.id(vendor.values));
  });

  test('a key that not all servers know of yet is asked again, not given up', async () => {
    const { ref } = await connected(vendor);
    keysAt(vendor.mount).settling(1);
    await rotator.create(ref, null);
    await expect(rotator.verify(ref)).rejects.toMatchObject({ code: 'provider_down' });
    await rotator.verify(ref);
    keysAt(vendor.mount).revoke(idsAt(vendor).at(-1));
    await rotator.rollBack(ref);
    expect(idsAt(vendor)).toEqual([vendor.id(vendor.values)]);
  });

  test('who connected again meanwhile stays connected: nothing is put over it, and the successor is deleted', async () => {
    const { ref, vaultPath, inUse } = await connected(vendor);
    await rotator.create(ref, null);
    const theirs = { ...vendor.values, note: 'theirs' };
    await ground.secrets.put(vaultPath, 1, theirs, { class: 'vendor_api_key', createdBy: 'person' });
    await expect(rotator.cutOver(ref)).rejects.toMatchObject({ code: 'conflict' });
    await rotator.rollBack(ref);
    await expect(inUse()).resolves.toEqual(theirs);
    expect(idsAt(vendor)).toEqual([vendor.id(vendor.values)]);
  });

  test('when the vendor will not delete the old key, people are told where to', async () => {
    const { ref } = await connected(vendor);
    for (const step of STEPS.slice(0, 3)) await run(rotator, ref, step);
    emulator.control.fault({ match: { path: `/${vendor.mount}` }, kind: 'status', status: 503 });
    await expect(rotator.revoke(ref)).rejects.toMatchObject({ code: 'provider_down' });
    emulator.control.fault({ match: { path: `/${vendor.mount}` }, kind: 'status', status: 403 });
    await expect(rotator.revoke(ref)).resolves.toEqual({
      left: expect.stringMatching(/^Delete the old key at .*keys/i),
    });
  });

  test('no word of a key is in what goes wrong', async () => {
    const { ref } = await connected(vendor);
    const said: string[] = [];
    for (const wrong of [
      { kind: 'status', status: 400 },
      { kind: 'status', status: 500 },
      { kind: 'drop-after' },
      { kind: 'body', body: '<p>' },
    ] as const)
      for (const step of ['create', 'verify'] as const) {
        emulator.control.fault({ match: { path: `/${vendor.mount}` }, times: 9, skip: 1, ...wrong });
        said.push(String(await run(rotator, ref, step).catch((error: unknown) => error)));
        emulator.control.faults.clear();
      }
    expect(said.join()).toContain('Fault');
    for (const value of Object.values(vendor.values)) expect(said.join()).not.toContain(value);
  });
});

test('SendGrid: the successor may what its predecessor may, and no more', async () => {
  const scopes = ['mail.send', 'api_keys.create', 'api_keys.read', 'api_keys.delete'];
  const { secret } = keysAt('sendgrid').mint({ scopes });
  const { ref } = await connected(SENDGRID, { api_key: secret });
  await rotator.create(ref, null);
  const made = keysAt('sendgrid').list().at(-1);
  expect(made).toMatchObject({ name: `bizosaas-${ref.rotationId}`, scopes });
});

test.each([[['mail.send']], [['mail.send', 'api_keys.read']]])(
  'a key that may do no more than %j is exchanged by a person',
  async (scopes) => {
    const { secret } = keysAt('sendgrid').mint({ scopes });
    const { ref } = await connected(SENDGRID, { api_key: secret });
    await expect(rotator.plan(ref)).resolves.toEqual({
      by: 'person',
      ask: expect.stringMatching(/may not make its own successor.*Settings → API Keys/),
    });
  },
);

test('AWS: where both keys exist there is no room, which is said, and neither of them is touched', async () => {
  keysAt('aws-iam').mint();
  const { ref, held } = await connected(AWS);
  const both = idsAt(AWS);
  await expect(rotator.create(ref, null)).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('delete one that nobody uses'),
  });
  await rotator.rollBack(ref);
  expect(idsAt(AWS)).toEqual(both);
  await expect(held()).resolves.toBeNull();
});

test('AWS: a key that somebody makes after we were refused one is theirs, and is never taken for ours', async () => {
  const { ref } = await connected(AWS);
  emulator.control.fault({ match: { path: '/aws-iam' }, kind: 'status', status: 403, skip: 1 });
  await expect(rotator.create(ref, null)).rejects.toMatchObject({ code: 'credential_forbidden' });
  const { id } = keysAt('aws-iam').mint();
  await expect(rotator.create(ref, null)).rejects.toMatchObject({ code: 'conflict' });
  await rotator.rollBack(ref);
  expect(idsAt(AWS)).toContain(id);
});

test('AWS: a key that a person brought deletes the old one if it sees it, and if not people are told', async () => {
  for (const [account, left] of [
    ['bizosaas', null],
    ['someone-else', expect.stringMatching(/^Delete the old key at Amazon S3/)],
  ] as const) {
    emulator.control.reset();
    const { ref } = await connected(AWS);
    const { id, secret } = keysAt('aws-iam').mint({ account });
    await rotator.create(ref, { access_key_id: id, secret_access_key: secret });
    for (const step of STEPS.slice(1, 3)) await run(rotator, ref, step);
    await expect(rotator.revoke(ref)).resolves.toEqual({ left });
    expect(idsAt(AWS).includes(AWS.id(AWS.values))).toBe(left !== null);
  }
});

describe('Stripe, where only people make keys', () => {
  const given = () => ({ api_key: keysAt('stripe').mint({ account: STRIPE.account }).secret });

  test('a person is asked, and what they paste is tested, used, and the rest left to them in one sentence', async () => {
    const { ref, inUse, held } = await connected(STRIPE);
    await expect(rotator.plan(ref)).resolves.toEqual({
      by: 'person',
      ask: expect.stringContaining('Stripe (Developers → API keys)'),
    });
    await expect(rotator.create(ref, null)).rejects.toMatchObject({ code: 'unsupported' });
    const successor = given();
    await rotator.create(ref, successor);
    await rotator.create(ref, successor);
    await rotator.verify(ref);
    await rotator.cutOver(ref);
    await expect(inUse()).resolves.toEqual(successor);
    await expect(rotator.revoke(ref)).resolves.toEqual({
      left: expect.stringMatching(/^Delete the old key at Stripe/),
    });
    await expect(held()).resolves.toBeNull();
  });

  test('what cannot be right is refused at once, with the field', async () => {
    const { ref } = await connected(STRIPE);
    await expect(rotator.create(ref, { api_key: 'pk_live_1' })).rejects.toMatchObject({
      code: 'invalid_request',
      fields: [{ path: 'api_key' }],
    });
    await expect(rotator.create(ref, { key: 'x' })).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(rotator.create(ref, STRIPE.values)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  test('a key that does not work, or is another account’s, is refused; rolled back, the next one may come', async () => {
    const { ref, inUse } = await connected(STRIPE);
    await rotator.create(ref, { api_key: 'rk_test_51nobody' });
    await expect(rotator.verify(ref)).rejects.toMatchObject({ code: 'credential_rejected' });
    await rotator.rollBack(ref);
    await rotator.create(ref, { api_key: keysAt('stripe').mint({ account: 'acct_1Qx81bV0aZ3Ferro' }).secret });
    await expect(rotator.verify(ref)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('acct_1Qx81bV0aZ3Ferro'),
    });
    await rotator.rollBack(ref);
    const successor = given();
    await rotator.create(ref, successor);
    await rotator.verify(ref);
    await rotator.cutOver(ref);
    await expect(inUse()).resolves.toEqual(successor);
  });

  test('a key that was put back is as old as it was', async () => {
    const { ref } = await connected(STRIPE);
    const [before] = await rotator.targets(ref.scope);
    await rotator.create(ref, given());
    await rotator.cutOver(ref);
    const [after] = await rotator.targets(ref.scope);
    expect(Date.parse(after?.since ?? '')).toBeGreaterThan(Date.parse(before?.since ?? ''));
    await rotator.rollBack(ref);
    await expect(rotator.targets(ref.scope)).resolves.toEqual([before]);
  });
});

test('only connections that work by a key have one to rotate; another tenant’s, or none, has not', async () => {
  const { ref } = await connected(STRIPE);
  const tenantId = (await connected(STRIPE)).ref.scope;
  const none = { by: null, why: expect.any(String) };
  await expect(rotator.plan({ ...ref, scope: tenantId })).resolves.toEqual(none);
  await expect(rotator.plan({ ...ref, scope: 'platform' })).resolves.toEqual(none);
  await expect(rotator.plan({ ...ref, subject: 'x' })).resolves.toEqual(none);
  await expect(rotator.targets('platform')).resolves.toEqual([]);
  await ground.stores.connections.change(TenantId.parse(ref.scope), ConnectionId.parse(ref.subject), {
    state: 'reauth_required',
  });
  await expect(rotator.plan(ref)).resolves.toEqual(none);
  await expect(rotator.targets(ref.scope)).resolves.toEqual([]);
  await expect(rotator.create(ref, null)).rejects.toMatchObject({ code: 'not_connected' });
});
