import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { aConnection } from '../adapters/postgres/testing-data.ts';
import { seedPlatformRole } from '../adapters/postgres/identity.ts';
import { envSecrets } from '../adapters/secrets/env.ts';
import { movingSecrets } from '../adapters/secrets/moving.ts';
import type { Principal } from '../ports/identity.ts';
import { Email, PLATFORM } from '../ports/ids.ts';
import type { OperationId } from '../ports/ids.ts';
import type { SecretClass } from '../ports/secret-classes.ts';
import { apiKeySecretPath, connectionSecretPath, oauthAppSecretPath, tenantSigningKeyPath } from '../ports/secrets.ts';
import { openOAuthGround } from '../workers/testing/oauth-ground.ts';
import type { OAuthGround } from '../workers/testing/oauth-ground.ts';
import { until } from '../workers/testing/until.ts';
import type { TestApi } from './testing.ts';

const CANARY = 'canary-9b3e';
const BASE = '/api/v1/secrets';

let at: OAuthGround;
let api: TestApi;
let root: Principal;

beforeAll(async () => {
  at = await openOAuthGround();
  ({ api } = at);
  const email = Email.parse('root@platform.test');
  const userId = await seedPlatformRole(at.ground.database.db, email, 'super_admin');
  root = { userId, email, role: 'super_admin', tenantId: null };
});
afterAll(async () => {
  await at[Symbol.asyncDispose]();
});

const pathOf = (name: string, tenantId = at.tenantId) => `tenants/${tenantId}/${name}`;
const put = (path: string, expected = 0, secretClass: SecretClass = 'credential') =>
  at.ground.ports.secrets.put(path, expected, { token: CANARY }, { class: secretClass, createdBy: 'somebody' });
const one = (name: string) => `${BASE}/${encodeURIComponent(name)}`;
const replace = (
  name: string,
  version: number | string | null,
  fields: object = { token: `${CANARY} new` },
  as = at.admin,
) =>
  api.ask('PUT', one(name), { as, body: { fields }, headers: version === null ? {} : { 'If-Match': String(version) } });
const names = async (as: Principal, query = '') =>
  ((await api.get(`${BASE}${query}`, { as })).json.data as { name: string }[]).map(({ name }) => name);
const shown = async (name: string, as = at.admin) =>
  ((await api.get(BASE, { as })).json.data as { name: string }[]).find((each) => each.name === name);

afterEach(async () => {
  await at.ground.ports.secrets.destroyAll('tenants/');
});

describe('what is kept is listed by name, version and age', () => {
  test('and never with a value', async () => {
    await put(apiKeySecretPath(at.tenantId, 'openai'), 0, 'vendor_api_key');
    await put(apiKeySecretPath(at.tenantId, 'openai'), 1, 'vendor_api_key');
    await at.ground.ports.secrets.destroyVersions(pathOf('api_keys/openai'), [1]);
    const told = await api.get(BASE, { as: at.admin });
    expect(told.status).toBe(200);
    expect(told.text).not.toContain(CANARY);
    await expect(shown('api_keys/openai')).resolves.toMatchObject({
      class: 'vendor_api_key',
      ...{ version: 2, state: 'held', createdBy: 'somebody', ageDays: 0, rotateBy: expect.any(String) },
      versions: [
        { version: 2, state: 'held', createdAt: expect.any(String) },
        { version: 1, state: 'destroyed', createdAt: null },
      ],
    });
  });

  test('to a tenant its own, to the platform its own, or a tenant’s that it names', async () => {
    await put(pathOf('api_keys/mine'));
    await put(pathOf('api_keys/theirs', at.stranger.tenantId ?? undefined));
    await expect(names(at.admin)).resolves.toEqual(['api_keys/mine']);
    await expect(names(at.stranger)).resolves.toEqual(['api_keys/theirs']);
    await expect(names(root)).resolves.toContain('payload-codec');
    const acting = await api.get(BASE, { as: root, headers: { 'X-Tenant-Id': at.tenantId } });
    expect(acting.json.data).toMatchObject([{ name: 'api_keys/mine' }]);
  });

  test('page by page', async () => {
    for (const name of ['a', 'b', 'c']) await put(pathOf(`api_keys/${name}`));
    const first = await api.get(`${BASE}?limit=2`, { as: at.admin });
    expect(first.json).toMatchObject({ data: [{ name: 'api_keys/a' }, { name: 'api_keys/b' }] });
    const cursor = encodeURIComponent(String(first.json.nextCursor));
    await expect(names(at.admin, `?limit=2&cursor=${cursor}`)).resolves.toEqual(['api_keys/c']);
  });

  test('and one that is damaged hides no other', async () => {
    await put(pathOf('api_keys/damaged'));
    await put(pathOf('api_keys/fine'));
    const folder = join(at.ground.env.dataDir, 'secrets');
    const [damaged = ''] = (await readdir(folder)).filter((name) => name.endsWith('damaged'));
    await writeFile(join(folder, damaged, '1'), 'nonsense');
    await expect(shown('api_keys/damaged')).resolves.toMatchObject({ state: 'unreadable', class: null });
    await expect(shown('api_keys/fine')).resolves.toMatchObject({ state: 'held' });
    expect((await api.post(`${one('api_keys/damaged')}/destroy`, { as: at.admin })).status).toBe(200);
  });
});

describe('replacing', () => {
  test('is by compare-and-set, and its answer holds no value', async () => {
    await put(pathOf('api_keys/openai'), 0, 'vendor_api_key');
    const missing = await replace('api_keys/openai', null);
    expect([missing.status, missing.json.errors]).toMatchObject([400, [{ path: 'If-Match' }]]);
    const stale = await replace('api_keys/openai', 2);
    expect([stale.status, stale.json.code]).toEqual([409, 'stale_version']);
    const done = await replace('api_keys/openai', '"1"');
    expect([done.status, done.json]).toEqual([202, { name: 'api_keys/openai', version: 2, operation: null }]);
    expect(done.text + stale.text + missing.text).not.toContain(CANARY);
    await expect(at.ground.ports.secrets.read(pathOf('api_keys/openai'))).resolves.toMatchObject({
      values: { token: `${CANARY} new` },
      meta: { class: 'vendor_api_key', createdBy: at.admin.userId },
    });
    await expect(at.auditOf(at.tenantId)).resolves.toContain('secret.replaced api_keys/openai');
  });

  test('nothing is made by it', async () => {
    expect((await replace('api_keys/none', 1)).status).toBe(404);
    await put(pathOf('api_keys/theirs', at.stranger.tenantId ?? undefined));
    expect((await replace('api_keys/theirs', 1)).status).toBe(404);
  });

  test.each(['../platform/payload-codec', 'a/../../b', 'a//b', 'a\u0000b'])('%j is no name', async (name) => {
    expect((await replace(name, 1)).status).toBe(400);
    expect((await api.ask('DELETE', one(name), { as: at.admin })).status).toBe(400);
  });

  test('where something else tests what it is given, that door is named', async () => {
    const connectionId = await aConnection(at.ground.ports, at.tenantId);
    await put(connectionSecretPath(at.tenantId, connectionId));
    await put(tenantSigningKeyPath(at.tenantId), 0, 'webhook_signing_secret');
    const credential = await replace(`connections/${connectionId}`, 1);
    expect([credential.status, credential.json.code]).toEqual([422, 'unsupported']);
    expect(credential.text).toContain(`/api/v1/connections/${connectionId}/connect`);
    expect((await replace('signing-key', 1)).text).toContain('/api/v1/secrets/rotations');
    expect((await replace('payload-codec', 1, {}, root)).text).toContain('/api/v1/secrets/rotations');
  });

  test('an application’s secret is tested by a rotation before anyone uses it; a wrong one is not taken', async () => {
    const { ports } = at.ground;
    const redirectUris = ['http://127.0.0.1:3000/api/v1/oauth/callback/hubspot'];
    const app = { clientId: 'emulated-client', clientSecret: 'emulated-secret', redirectUris };
    expect((await api.post('/api/v1/oauth/apps/hubspot', { as: root, body: app })).status).toBe(200);
    const stale = await replace('oauth-apps/hubspot', 7, { client_secret: CANARY }, root);
    expect([stale.status, stale.json.code]).toEqual([409, 'stale_version']);
    const told = await replace('oauth-apps/hubspot', 1, { client_secret: `${CANARY} wrong` }, root);
    expect([told.status, told.json.version]).toEqual([202, null]);
    expect(told.text).not.toContain(CANARY);
    const { id } = told.json.operation as { id: OperationId };
    const settled = await until(
      'the rotation ends',
      () => ports.operations.get(PLATFORM, id),
      ({ outcome }) => outcome !== 'running',
    );
    expect(settled).toMatchObject({ outcome: 'failed', kind: 'rotateSecret' });
    expect(JSON.stringify(settled)).not.toContain(CANARY);
    await expect(ports.secrets.read(oauthAppSecretPath('hubspot'))).resolves.toMatchObject({
      values: { client_secret: 'emulated-secret' },
    });
  });
});

describe('taking away', () => {
  test('a deleted secret reads as gone and its number stays taken; a destroyed one is gone for good', async () => {
    await put(pathOf('api_keys/openai'));
    const deleted = await api.ask('DELETE', one('api_keys/openai'), { as: at.admin });
    expect([deleted.status, deleted.json]).toEqual([200, { name: 'api_keys/openai', state: 'deleted' }]);
    await expect(at.ground.ports.secrets.read(pathOf('api_keys/openai'))).resolves.toBeNull();
    await expect(shown('api_keys/openai')).resolves.toMatchObject({ version: 1, state: 'deleted' });
    expect((await api.ask('DELETE', one('api_keys/openai'), { as: at.admin })).status).toBe(404);

    const destroyed = await api.post(`${one('api_keys/openai')}/destroy`, { as: at.admin });
    expect([destroyed.status, destroyed.json]).toEqual([200, { name: 'api_keys/openai', state: 'destroyed' }]);
    await expect(at.ground.ports.secrets.describe(pathOf('api_keys/openai'))).resolves.toBeNull();
    expect((await api.post(`${one('api_keys/openai')}/destroy`, { as: at.admin })).status).toBe(404);
    const lines = await at.auditOf(at.tenantId);
    expect(lines).toEqual(
      expect.arrayContaining(['secret.deleted api_keys/openai', 'secret.destroyed api_keys/openai']),
    );
  });

  test('what is in use is taken away by its own door, and what nobody uses any more simply goes', async () => {
    const { ports } = at.ground;
    const connectionId = await aConnection(ports, at.tenantId);
    const name = `connections/${connectionId}`;
    await put(pathOf(name));
    for (const ask of [
      () => api.ask('DELETE', one(name), { as: at.admin }),
      () => api.post(`${one(name)}/destroy`, { as: at.admin }),
    ]) {
      const refused = await ask();
      expect([refused.status, refused.text]).toEqual([422, expect.stringContaining(`${connectionId}/disconnect`)]);
    }
    await expect(ports.secrets.read(pathOf(name))).resolves.not.toBeNull();
    await ports.connections.change(at.tenantId, connectionId, { state: 'disconnected' });
    expect((await api.post(`${one(name)}/destroy`, { as: at.admin })).status).toBe(200);
  });

  test('what the platform runs on stays', async () => {
    for (const name of ['payload-codec', 'jwt-keys', 'digest-key']) {
      await at.ground.ports.secrets.generate(`platform/${name}`, { class: 'jwt_signing_key', createdBy: 'test' });
      expect((await api.ask('DELETE', one(name), { as: root })).status).toBe(422);
      expect((await api.post(`${one(name)}/destroy`, { as: root })).status).toBe(422);
      await expect(at.ground.ports.secrets.read(`platform/${name}`)).resolves.not.toBeNull();
    }
  });

  test('another tenant’s is not there', async () => {
    const theirs = pathOf('api_keys/theirs', at.stranger.tenantId ?? undefined);
    await put(theirs);
    expect((await api.ask('DELETE', one('api_keys/theirs'), { as: at.admin })).status).toBe(404);
    expect((await api.post(`${one('api_keys/theirs')}/destroy`, { as: at.admin })).status).toBe(404);
    await expect(at.ground.ports.secrets.read(theirs)).resolves.not.toBeNull();
  });
});

describe('a migration', () => {
  let undo: () => void;
  beforeEach(async () => {
    const { dataDir } = at.ground.env;
    const source = envSecrets({ dir: join(dataDir, 'from'), environment: 'test' });
    const target = envSecrets({ dir: join(dataDir, 'to'), environment: 'test' });
    await source.put(`platform/${Math.random()}`, 0, { token: CANARY }, { class: 'credential', createdBy: 'test' });
    undo = at.ground.withPort({ secretMove: movingSecrets(source, target).move });
  });
  afterEach(() => undo());
  const report = async () => (await api.get(`${BASE}/migration`, { as: root })).json;
  const stands = (stage: string) =>
    until('the stage', report, (told) => (told.report as { stage: string } | null)?.stage === stage);

  test('is begun, watched, confirmed and ended; one at a time', async () => {
    await expect(report()).resolves.toEqual({ state: null, report: null });
    const early = await api.post(`${BASE}/migration/confirm`, { as: root });
    expect([early.status, early.json.code]).toEqual([409, 'conflict']);

    const dry = await api.post(`${BASE}/migration`, { as: root, body: { dryRun: true } });
    expect([dry.status, dry.json.kind]).toEqual([202, 'migrateSecrets']);
    await expect(stands('ended')).resolves.toMatchObject({ report: { dryRun: true, paths: 1, moved: 0 } });
    await until('its end', report, ({ state }) => state === 'COMPLETED');

    const begun = await api.post(`${BASE}/migration`, { as: root, body: {} });
    expect(begun.status).toBe(202);
    await expect(stands('waiting')).resolves.toMatchObject({
      state: 'RUNNING',
      report: { moved: 1, same: 1, erased: 0 },
    });
    expect((await api.post(`${BASE}/migration`, { as: root, body: {} })).status).toBe(409);
    const confirmed = await api.post(`${BASE}/migration/confirm`, { as: root });
    expect([confirmed.status, confirmed.json.stage]).toEqual([202, 'erasing']);
    await expect(stands('ended')).resolves.toMatchObject({ report: { erased: 1 } });
    await expect(at.auditOf(PLATFORM)).resolves.toEqual(
      expect.arrayContaining(['secrets.migration_confirmed platform', 'secrets.move.completed platform']),
    );
    expect(JSON.stringify(await report())).not.toContain(CANARY);
  });
});
