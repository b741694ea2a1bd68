import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { seedPlatformRole } from '../adapters/postgres/identity.ts';
import { Email, PLATFORM } from '../ports/ids.ts';
import type { Principal } from '../ports/identity.ts';
import { channelSecretPath, oauthAppSecretPath } from '../ports/secrets.ts';
import { freePort } from '../scripts/lib/ports.ts';
import { openOAuthGround } from '../workers/testing/oauth-ground.ts';
import type { OAuthGround } from '../workers/testing/oauth-ground.ts';
import type { TestApi } from './testing.ts';

let at: OAuthGround;
let api: TestApi;
let root: Principal;
let hook: { url: string; got: { headers: Record<string, unknown>; body: string }[]; status: number };
let closeHook: () => void;

beforeAll(async () => {
  const port = await freePort();
  at = await openOAuthGround({ allow: [`127.0.0.1:${port}`] });
  ({ api } = at);
  const email = Email.parse('root@platform.test');
  const userId = await seedPlatformRole(at.ground.database.db, email, 'super_admin');
  root = { userId, email, role: 'super_admin', tenantId: null };
  hook = { url: '', got: [], status: 204 };
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => void (body += chunk.toString()));
    req.on('end', () => {
      hook.got.push({ headers: req.headers, body });
      res.writeHead(hook.status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  hook.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook-canary`;
  closeHook = () => void server.close();
});
afterAll(async () => {
  closeHook();
  await at[Symbol.asyncDispose]();
});

describe('the platform’s applications', () => {
  const app = {
    clientId: 'emulated-client',
    clientSecret: 'emulated-secret',
    redirectUris: ['http://127.0.0.1:3000/api/v1/oauth/callback/hubspot'],
  };
  const put = (change: object = {}) =>
    api.post('/api/v1/oauth/apps/hubspot', { as: root, body: { ...app, ...change } });

  test('one that the vendor does not know is refused, and nothing of it is kept', async () => {
    const told = await put({ clientSecret: 'wrong-secret-canary' });
    expect([told.status, told.json.code]).toEqual([503, 'client_broken']);
    expect(told.text).not.toContain('canary');
    expect((await api.get('/api/v1/oauth/apps/hubspot', { as: root })).status).toBe(404);
    expect(await at.ground.ports.secrets.read(oauthAppSecretPath('hubspot'))).toBeNull();
  });

  test('one that it knows is kept, its secret apart and never shown; it is tested again and removed', async () => {
    const told = await put();
    expect([told.status, told.json]).toMatchObject([
      200,
      {
        connectorId: 'hubspot',
        clientId: 'emulated-client',
        enabled: true,
        trouble: null,
        redirectUri: app.redirectUris[0],
      },
    ]);
    const all = await api.get('/api/v1/oauth/apps', { as: root });
    expect(told.text + all.text).not.toContain('emulated-secret');
    expect((await at.ground.ports.secrets.read(oauthAppSecretPath('hubspot')))?.values).toEqual({
      client_secret: 'emulated-secret',
    });
    const tested = await api.post('/api/v1/oauth/apps/hubspot/test', { as: root });
    expect([tested.status, tested.json]).toEqual([200, { ok: true, tested: true }]);
    expect((await api.post('/api/v1/oauth/apps/hubspot/remove', { as: root })).status).toBe(200);
    expect(await at.ground.ports.secrets.read(oauthAppSecretPath('hubspot'))).toBeNull();
    const lines = (await at.ground.ports.audit.list(PLATFORM, { limit: 20 })).data.map(({ action }) => action);
    expect(lines).toEqual(expect.arrayContaining(['oauth_app.kept', 'oauth_app.removed']));
  });

  test('wrong fields are named', async () => {
    const told = await put({ clientId: '', redirectUris: ['nonsense'] });
    const paths = (told.json.errors as { path: string }[]).map(({ path }) => path).sort();
    expect([told.status, paths]).toEqual([400, ['clientId', 'redirectUris.0']]);
  });
});

describe('notification channels', () => {
  const add = (body: object, as = at.admin) => api.post('/api/v1/notification-channels', { as, body });
  const list = async (as: Principal) =>
    (await api.get('/api/v1/notification-channels', { as })).json.data as { id: string }[];

  test('a webhook’s address and key are kept as secrets; its key is shown once', async () => {
    const told = await add({ kind: 'webhook', title: 'Ours', url: hook.url });
    expect([told.status, told.json]).toMatchObject([
      201,
      { kind: 'webhook', signingKey: expect.stringMatching(/^whsec_/) },
    ]);
    expect(told.text).not.toContain('canary');
    const path = channelSecretPath(at.tenantId, String(told.json.id));
    expect((await at.ground.ports.secrets.read(path))?.values).toEqual({ url: hook.url, key: told.json.signingKey });
    const shown = JSON.stringify(await list(at.admin));
    expect(shown).not.toMatch(/canary|whsec_/);
  });

  test('a test sends one signed note and says how it went, also when it went wrong', async () => {
    const { json } = await add({ kind: 'webhook', title: 'Tried', url: hook.url });
    const test = () => api.post(`/api/v1/notification-channels/${String(json.id)}/test`, { as: at.admin });
    hook.got = [];
    expect((await test()).json.lastOutcome).toMatchObject({ ok: true });
    expect(hook.got).toHaveLength(1);
    expect(hook.got[0]?.headers).toMatchObject({ 'webhook-signature': expect.stringMatching(/^v1,/) });
    hook.status = 404;
    const failed = await test();
    hook.status = 204;
    expect(failed.json.lastOutcome).toMatchObject({ ok: false, message: expect.stringContaining('404') });
    expect(failed.text).not.toContain('canary');
  });

  test('those of a tenant and those of the platform are apart', async () => {
    const own = await add({ kind: 'email', title: 'All of us' });
    const platforms = await add({ kind: 'email', title: 'Platform' }, root);
    expect(platforms.json.signingKey).toBeNull();
    const ids = async (as: Principal) => (await list(as)).map(({ id }) => id);
    expect(await ids(at.admin)).toContain(own.json.id);
    expect(await ids(at.admin)).not.toContain(platforms.json.id);
    expect(await ids(root)).toEqual([platforms.json.id]);
    expect(await ids(at.stranger)).toEqual([]);
    const foreign = await api.post(`/api/v1/notification-channels/${String(own.json.id)}/remove`, { as: at.stranger });
    expect(foreign.status).toBe(404);
  });

  test('a removed channel is gone with its secret', async () => {
    const { json } = await add({ kind: 'slack', title: 'Team', url: 'https://hooks.slack.com/services/canary' });
    const told = await api.post(`/api/v1/notification-channels/${String(json.id)}/remove`, { as: at.admin });
    expect(told.status).toBe(200);
    expect((await list(at.admin)).map(({ id }) => id)).not.toContain(json.id);
    expect(await at.ground.ports.secrets.read(channelSecretPath(at.tenantId, String(json.id)))).toBeNull();
  });

  test('an address is asked of Slack and webhooks, and not of e-mail', async () => {
    for (const body of [
      { kind: 'slack', title: 'x' },
      { kind: 'email', title: 'x', url: hook.url },
    ]) {
      const { status, json } = await add(body);
      expect([status, json.errors]).toMatchObject([400, [{ path: 'url' }]]);
    }
    expect((await add({ kind: 'webhook', title: 'x', url: 'file:///etc/passwd' })).status).toBe(400);
  });
});
