import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ConnectionId } from '../ports/ids.ts';
import { connectionWorkflowId } from '../ports/operations.ts';
import { oauthAppSecretPath } from '../ports/secrets.ts';
import { tenantOfState } from './oauth/state.ts';
import { JSON_ONLY, openOAuthGround } from '../workers/testing/oauth-ground.ts';
import type { Begun, OAuthGround } from '../workers/testing/oauth-ground.ts';
import type { Asked, TestApi } from './testing.ts';

let at: OAuthGround;
let api: TestApi;
let connectionId: ConnectionId;

beforeAll(async () => {
  at = await openOAuthGround();
  ({ api } = at);
});
afterAll(async () => {
  await at[Symbol.asyncDispose]();
});
beforeEach(async () => {
  at.ground.emulator.control.reset();
  connectionId = await at.openConnection('hubspot');
});

const begin = (asked: Asked = {}): Promise<Begun> => at.begin(connectionId, asked);

describe('an authorization', () => {
  test('ends in a healthy connection, a page that says so, and tokens in the secret store only', async () => {
    const begun = await begin();
    const shown = await at.comeBack(await at.consent(begun), begun.cookie);
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(shown.text).toContain('<h1>Connected</h1>');
    expect(shown.headers.get('cache-control')).toBe('no-store');
    expect(shown.headers.get('referrer-policy')).toBe('no-referrer');
    expect(at.tokenRequests()).toHaveLength(1);
    expect(Object.keys((await at.secretOf(connectionId))?.values ?? {})).toContain('access_token');
    const { json } = await api.get(`/api/v1/connections/${connectionId}/status`, { as: at.admin });
    expect(json).toMatchObject({ state: 'healthy', reason: null });
  });

  test('carries PKCE S256, the least scopes and an unguessable state that is bound to its browser', async () => {
    const { authorizeUrl, state, told } = await begin();
    expect(Object.fromEntries(authorizeUrl.searchParams)).toMatchObject({
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      response_type: 'code',
      state: expect.stringMatching(/^[\w-]{64}$/),
    });
    expect(tenantOfState(state)).toBe(at.tenantId);
    expect(told.headers.get('set-cookie')).toMatch(
      /^biz_oauth_[\da-f]{16}=[\w-]+\.; Path=\/api\/v1\/oauth; Max-Age=600; HttpOnly; SameSite=Lax$/,
    );
    const left = Date.parse(String(told.json.expiresAt)) - Date.now();
    expect(Math.abs(left - 600_000)).toBeLessThan(10_000);
  });

  test('a portal that took the redirect ends it by POST, as the user who began it', async () => {
    const begun = await begin();
    const { path, query } = await at.consent(begun);
    const { status, json } = await api.post(path, { as: at.admin, body: Object.fromEntries(query) });
    expect([status, json]).toMatchObject([200, { connectionId, state: 'healthy' }]);
  });

  test('a second authorization keeps the connection’s id', async () => {
    for (let times = 0; times < 2; times += 1) {
      const begun = await begin();
      expect((await at.comeBack(await at.consent(begun), begun.cookie)).status).toBe(200);
    }
    expect((await at.secretOf(connectionId))?.version).toBe(2);
  });

  test('C29: another account than before is a conflict that says so; it is taken when the person wants it', async () => {
    const first = await begin();
    await at.comeBack(await at.consent(first), first.cookie);
    const before = await at.secretOf(connectionId);
    const other = { account: '24681013' };

    const unaware = await begin();
    const told = await at.comeBack(await at.consent(unaware, other), unaware.cookie, JSON_ONLY);
    expect([told.status, told.json.code, told.json.errors]).toMatchObject([
      409,
      'conflict',
      [{ path: 'acceptOtherAccount' }],
    ]);
    expect(await at.secretOf(connectionId)).toEqual(before);

    const aware = await begin({ body: { connectionId, acceptOtherAccount: true } });
    expect((await at.comeBack(await at.consent(aware, other), aware.cookie)).status).toBe(200);
    const { json } = await api.get(`/api/v1/connections/${connectionId}`, { as: at.admin });
    expect(json).toMatchObject({ id: connectionId, state: 'healthy', settings: { accountId: '24681013' } });
  });

  test('C28: what was not granted is told: the scopes that were are kept with the connection', async () => {
    const begun = await begin();
    const fewer = await at.consent(begun, { choosing: 'yes', granted: 'oauth' });
    expect((await at.comeBack(fewer, begun.cookie)).status).toBe(200);
    const { json } = await api.get(`/api/v1/connections/${connectionId}/status`, { as: at.admin });
    expect([json.scopes, json.state]).toEqual([['oauth'], 'degraded']);
    expect(JSON.stringify(json.reason)).toContain('crm.objects.contacts.read');
  });

  test('a connector without OAuth, and a connection of another one, are refused', async () => {
    const bucket = await at.openConnection('aws-s3');
    const asAws = await api.post('/api/v1/oauth/authorize/aws-s3', { as: at.admin, body: {} });
    expect([asAws.status, asAws.json.code]).toEqual([422, 'unsupported']);
    const mixed = await api.post('/api/v1/oauth/authorize/hubspot', { as: at.admin, body: { connectionId: bucket } });
    expect([mixed.status, mixed.json.errors]).toMatchObject([400, [{ path: 'connectionId' }]]);
  });
});

describe('the address that a vendor is given', () => {
  const callback = 'http://127.0.0.1:3000/api/v1/oauth/callback';
  const register = (redirectUris: string[]) =>
    at.ground.ports.oauthApps.put({
      connectorId: 'hubspot',
      clientId: 'emulated-client',
      redirectUris,
      scopes: null,
      enabled: true,
      secretVersion: 1,
    });
  beforeAll(() =>
    at.ground.ports.secrets.put(
      oauthAppSecretPath('hubspot'),
      0,
      { client_secret: 'emulated-secret' },
      { class: 'oauth_client_secret', createdBy: 'test' },
    ),
  );
  afterEach(() => at.ground.ports.oauthApps.remove('hubspot'));
  afterAll(() => at.ground.ports.secrets.destroy(oauthAppSecretPath('hubspot')));

  test('is the connector’s own; the shared one is used for an app that is registered with exactly that', async () => {
    const given = async () => (await begin()).authorizeUrl.searchParams.get('redirect_uri');
    expect(await given()).toBe(`${callback}/hubspot`);
    await register([callback, `${callback}/hubspot`]);
    expect(await given()).toBe(`${callback}/hubspot`);
    await register([callback]);
    expect(await given()).toBe(callback);
    const begun = await begin();
    expect((await at.comeBack(await at.consent(begun), begun.cookie)).status).toBe(200);
  });

  test('an app that is registered elsewhere is said to be, before anybody is sent away', async () => {
    await register(['https://elsewhere.test/callback']);
    const told = await api.post('/api/v1/oauth/authorize/hubspot', { as: at.admin, body: { connectionId } });
    expect([told.status, told.json.code]).toEqual([503, 'client_broken']);
    expect(told.json.detail).toContain(`${callback}/hubspot`);
  });
});

describe('a refusal at the vendor', () => {
  test('access_denied is a friendly page and an audit line; nothing is asked of the vendor and the connection stays', async () => {
    const begun = await begin();
    const denied = await at.consent(begun, { decision: 'deny' });
    expect(denied.query.get('error')).toBe('access_denied');
    const shown = await at.comeBack(denied, begun.cookie);
    expect([shown.status, shown.text]).toEqual([400, expect.stringContaining('nothing was connected')]);
    expect(at.tokenRequests()).toEqual([]);
    expect((await at.auditOf(at.tenantId))[0]).toBe(`oauth.denied ${connectionId}`);
    const asJson = await at.comeBack(denied, begun.cookie, JSON_ONLY);
    expect([asJson.status, asJson.json.code]).toEqual([400, 'oauth_denied']);
    const { json } = await api.get(`/api/v1/connections/${connectionId}/status`, { as: at.admin });
    expect(json.state).toBe('pending');
  });

  test('an error of the vendor’s own words is never shown', async () => {
    const begun = await begin();
    const words = { state: begun.state, error: 'server_error', error_description: '<script>alert(1)</script>' };
    const query = new URLSearchParams(words);
    const { text } = await at.comeBack({ path: '/api/v1/oauth/callback/hubspot', query }, begun.cookie);
    expect(text).not.toContain('script');
  });
});

describe('a credential by hand', () => {
  const connect = (id: string, application_password: string, site = `${at.ground.emulator.url}/wordpress/demo`) =>
    api.post(`/api/v1/connections/${id}/connect`, {
      as: at.admin,
      body: { fields: { site_url: site, username: 'owner', application_password } },
      headers: { 'Idempotency-Key': randomUUID() },
    });

  test('is tested against the site and then kept; the answer names the account and no secret', async () => {
    const id = await at.openConnection('wordpress');
    const { status, json, text } = await connect(id, 'abcd EFGH ijkl MNOP qrst UVWX');
    expect([status, json]).toMatchObject([200, { id, state: 'healthy', accountName: expect.any(String) }]);
    expect(text).not.toMatch(/abcd|EFGH/);
    const tested = await api.post(`/api/v1/connections/${id}/test`, { as: at.admin });
    expect([tested.status, tested.json.ok]).toEqual([200, true]);
    const page = await api.get(`/api/v1/connections/${id}/data/posts?limit=5&filter[status]=publish`, { as: at.admin });
    expect([page.status, (page.json.data as unknown[]).length]).toEqual([200, 5]);
    const [first] = page.json.data as { externalId: string }[];
    const item = await api.get(`/api/v1/connections/${id}/data/posts/${first?.externalId}`, { as: at.admin });
    expect(item.json).toMatchObject({ externalId: first?.externalId });
    const wrong = await api.get(`/api/v1/connections/${id}/data/posts?filter[password]=x`, { as: at.admin });
    expect([wrong.status, wrong.json.errors]).toMatchObject([400, [{ path: 'filter.password' }]]);
    const off = await api.post(`/api/v1/connections/${id}/disconnect`, { as: at.admin });
    expect([off.status, off.json.state]).toEqual([200, 'disconnected']);
    expect(await at.secretOf(id)).toBeNull();
    const late = await connect(id, 'abcd EFGH ijkl MNOP qrst UVWX');
    expect([late.status, late.json.code]).toEqual([409, 'conflict']);
  });

  test('that is wrong is refused with its field, nothing is kept, and nothing stays staged', async () => {
    const id = await at.openConnection('wordpress');
    const { status, json } = await connect(id, 'wron gwro ngwr ongw rong wron');
    expect([status, json.code, json.errors]).toMatchObject([
      422,
      'credential_rejected',
      [{ path: 'application_password' }],
    ]);
    expect(await at.secretOf(id)).toBeNull();
    const staged = await at.ground.ports.secrets.list('staging/');
    const bound = await Promise.all(staged.map((path) => at.ground.ports.secrets.read(path)));
    expect(bound.filter((secret) => secret?.meta.boundTo === connectionWorkflowId(at.tenantId, id))).toEqual([]);
  });

  test('with missing and unknown fields is refused field by field, before anything is asked', async () => {
    const id = await at.openConnection('wordpress');
    const { status, json } = await api.post(`/api/v1/connections/${id}/connect`, {
      as: at.admin,
      body: { fields: { site_url: 'not a url', surprise: 'x' } },
    });
    expect(status).toBe(400);
    const paths = (json.errors as { path: string }[]).map(({ path }) => path).sort();
    expect(paths).toEqual(['application_password', 'site_url', 'surprise', 'username']);
  });
});
