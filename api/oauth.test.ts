import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { seedPlatformRole } from '../adapters/postgres/identity.ts';
import { aConnection, aTenant } from '../adapters/postgres/testing-data.ts';
import type { ConnectionId, TenantId } from '../ports/ids.ts';
import { Email, PLATFORM } from '../ports/ids.ts';
import type { Principal } from '../ports/identity.ts';
import { connectionWorkflowId, QUEUES } from '../ports/operations.ts';
import { connectionSecretPath } from '../ports/secrets.ts';
import { connection } from '../workflows/connection.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { newState, tenantOfState } from './oauth/state.ts';
import { openApi } from './testing.ts';
import type { Asked, TestApi, Told } from './testing.ts';

const PUBLIC_URL = 'http://127.0.0.1:3000';
const BROWSER = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

let ground: Ground;
let api: TestApi;
let tenantId: TenantId;
let connectionId: ConnectionId;
let admin: Principal;
let colleague: Principal;
let stranger: Principal;

const member = async (at: TenantId, name: string): Promise<Principal> => {
  const email = Email.parse(`${name}@acme.test`);
  const userId = await ground.ports.identity.addMembership(at, email, 'tenant_admin');
  return { userId, email, role: 'tenant_admin', tenantId: at };
};

const openConnection = async (connectorId: string, at = tenantId): Promise<ConnectionId> => {
  const id = await aConnection(ground.ports, at, { connectorId });
  await ground.client.workflow.start(connection, {
    workflowId: connectionWorkflowId(at, id),
    taskQueue: QUEUES.operations,
    args: [{ tenantId: at, connectionId: id, connectorId, sync: [], notify: null }],
  });
  return id;
};

beforeAll(async () => {
  ground = await openGround();
  await ground.worker.start();
  const { ports, client } = ground;
  api = await openApi({ ports, temporal: client, settings: { publicUrl: PUBLIC_URL } });
  tenantId = await aTenant(ports);
  admin = await member(tenantId, 'admin');
  colleague = await member(tenantId, 'colleague');
  stranger = await member(await aTenant(ports), 'stranger');
  const email = Email.parse('root@platform.test');
  await seedPlatformRole(ground.database.db, email, 'super_admin');
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await ground.close();
});
beforeEach(async () => {
  ground.emulator.control.reset();
  connectionId = await openConnection('hubspot');
});

interface Begun {
  authorizeUrl: URL;
  state: string;
  /** What the browser keeps of the answer. */
  cookie: string;
  told: Told;
}

const begin = async (asked: Asked = {}): Promise<Begun> => {
  const told = await api.post('/api/v1/oauth/authorize/hubspot', { as: admin, body: { connectionId }, ...asked });
  expect([told.status, told.text]).toEqual([200, expect.stringContaining('authorizeUrl')]);
  const authorizeUrl = new URL(String(told.json.authorizeUrl));
  const cookie = (told.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  return { authorizeUrl, state: authorizeUrl.searchParams.get('state') ?? '', cookie, told };
};

/** The vendor's page, decided by a person: what it sends the browser back with. */
const consent = async ({ authorizeUrl }: Begun, decision = 'approve'): Promise<URLSearchParams> => {
  const answer = await fetch(authorizeUrl, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ decision }),
  });
  const target = new URL(answer.headers.get('location') ?? '');
  expect(`${target.origin}${target.pathname}`).toBe(`${PUBLIC_URL}/api/v1/oauth/callback`);
  return target.searchParams;
};

const comeBack = (query: URLSearchParams | Record<string, string>, cookie: string, accept = BROWSER) =>
  api.get(`/api/v1/oauth/callback?${new URLSearchParams(query).toString()}`, {
    headers: { ...accept, Cookie: cookie },
  });

const tokenRequests = () => ground.emulator.control.requests({ method: 'POST', path: '/hubspot/oauth/2026-03/token' });
const secretOf = (id: ConnectionId) => ground.ports.secrets.read(connectionSecretPath(tenantId, id));
const auditOf = async (scope: TenantId | typeof PLATFORM) =>
  (await ground.ports.audit.list(scope, { limit: 100 })).data.map(
    ({ action, resourceId }) => `${action} ${resourceId}`,
  );

describe('an authorization', () => {
  test('ends in a healthy connection, a page that says so, and tokens in the secret store only', async () => {
    const begun = await begin();
    const shown = await comeBack(await consent(begun), begun.cookie);
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(shown.text).toContain('<h1>Connected</h1>');
    expect(shown.headers.get('cache-control')).toBe('no-store');
    expect(shown.headers.get('referrer-policy')).toBe('no-referrer');
    expect(tokenRequests()).toHaveLength(1);
    expect(Object.keys((await secretOf(connectionId))?.values ?? {})).toContain('access_token');
    const { json } = await api.get(`/api/v1/connections/${connectionId}/status`, { as: admin });
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
    expect(tenantOfState(state)).toBe(tenantId);
    expect(told.headers.get('set-cookie')).toMatch(
      /^biz_oauth_[\da-f]{16}=[\w-]+\.; Path=\/api\/v1\/oauth; Max-Age=600; HttpOnly; SameSite=Lax$/,
    );
    const left = Date.parse(String(told.json.expiresAt)) - Date.now();
    expect(Math.abs(left - 600_000)).toBeLessThan(10_000);
  });

  test('a portal that took the redirect ends it by POST, as the user who began it', async () => {
    const begun = await begin();
    const query = await consent(begun);
    const { status, json } = await api.post('/api/v1/oauth/callback', { as: admin, body: Object.fromEntries(query) });
    expect([status, json]).toMatchObject([200, { connectionId, state: 'healthy' }]);
  });

  test('a second authorization keeps the connection’s id', async () => {
    for (let times = 0; times < 2; times += 1) {
      const begun = await begin();
      expect((await comeBack(await consent(begun), begun.cookie)).status).toBe(200);
    }
    expect((await secretOf(connectionId))?.version).toBe(2);
  });

  test('a connector without OAuth, and a connection of another one, are refused', async () => {
    const site = await openConnection('wordpress');
    const asWordpress = await api.post('/api/v1/oauth/authorize/wordpress', { as: admin, body: {} });
    expect([asWordpress.status, asWordpress.json.code]).toEqual([422, 'unsupported']);
    const mixed = await api.post('/api/v1/oauth/authorize/hubspot', { as: admin, body: { connectionId: site } });
    expect([mixed.status, mixed.json.errors]).toMatchObject([400, [{ path: 'connectionId' }]]);
  });
});

describe('C22: a redirect that does not belong sends no token request, is a 400, and is in the audit log', () => {
  const refusedBy = async (
    come: (begun: Begun, query: URLSearchParams) => Promise<Told>,
    scope: TenantId | 'platform',
  ) => {
    const begun = await begin();
    const query = await consent(begun);
    const before = (await auditOf(scope)).length;
    const { status, json } = await come(begun, query);
    expect([status, json.code]).toEqual([400, 'oauth_state_invalid']);
    expect(tokenRequests()).toEqual([]);
    expect(await secretOf(connectionId)).toBeNull();
    const lines = await auditOf(scope);
    expect(lines).toHaveLength(before + 1);
    expect(lines[0]).toMatch(/^oauth\.refused /);
  };
  const JSON_ONLY = { Accept: 'application/json' };

  test('C22: with a forged state', () =>
    refusedBy((_, query) => {
      query.set('state', randomBytes(48).toString('base64url'));
      return comeBack(query, 'biz_oauth_x=y', JSON_ONLY);
    }, PLATFORM));

  test('C22: with a state forged for this very tenant', () =>
    refusedBy((begun, query) => {
      query.set('state', newState(tenantId));
      return comeBack(query, begun.cookie, JSON_ONLY);
    }, PLATFORM));

  test('C22: with a state that is ten minutes old', async () => {
    const { begin: keep } = ground.ports.oauthTransactions;
    const expiresAt = new Date(Date.now() - 1000).toISOString();
    const undo = ground.withPort({ oauthTransactions: { begin: (it) => keep({ ...it, expiresAt }) } });
    try {
      await refusedBy((begun, query) => comeBack(query, begun.cookie, JSON_ONLY), tenantId);
    } finally {
      undo();
    }
  });

  test('C22: in another browser, or without its cookie', async () => {
    await refusedBy((_, query) => comeBack(query, '', JSON_ONLY), tenantId);
    await refusedBy((begun, query) => comeBack(query, `${begun.cookie}x`, JSON_ONLY), tenantId);
  });

  test('C22: by another user of the tenant', () =>
    refusedBy(
      (_, query) => api.post('/api/v1/oauth/callback', { as: colleague, body: Object.fromEntries(query) }),
      tenantId,
    ));

  test('C22: by a user of another tenant', () =>
    refusedBy(
      (_, query) => api.post('/api/v1/oauth/callback', { as: stranger, body: Object.fromEntries(query) }),
      tenantId,
    ));

  test('C22: a person is shown a page, with the same status', async () => {
    const { status, headers, text } = await comeBack({ state: newState(tenantId), code: 'canary' }, '');
    expect([status, headers.get('content-type')]).toEqual([400, 'text/html; charset=utf-8']);
    expect(text).toContain('Not connected');
    expect(text).not.toContain('canary');
  });
});

describe('C23: coming back twice', () => {
  test('C23: two tabs at once, then the Back button, see the same friendly page, and the code is exchanged once', async () => {
    const begun = await begin();
    const query = await consent(begun);
    const atOnce = await Promise.all([comeBack(query, begun.cookie), comeBack(query, begun.cookie)]);
    const later = await comeBack(query, begun.cookie);
    for (const shown of [...atOnce, later]) {
      expect([shown.status, shown.text]).toEqual([200, expect.stringContaining('<h1>Connected</h1>')]);
    }
    expect(new Set([...atOnce, later].map(({ text }) => text)).size).toBe(1);
    expect(tokenRequests()).toHaveLength(1);
  });
});

describe('a refusal at the vendor', () => {
  test('access_denied is a friendly page and an audit line; nothing is asked of the vendor and the connection stays', async () => {
    const begun = await begin();
    const query = await consent(begun, 'deny');
    expect(query.get('error')).toBe('access_denied');
    const shown = await comeBack(query, begun.cookie);
    expect([shown.status, shown.text]).toEqual([400, expect.stringContaining('nothing was connected')]);
    expect(tokenRequests()).toEqual([]);
    expect((await auditOf(tenantId))[0]).toBe(`oauth.denied ${connectionId}`);
    const asJson = await comeBack(query, begun.cookie, { Accept: 'application/json' });
    expect([asJson.status, asJson.json.code]).toEqual([400, 'oauth_denied']);
    const { json } = await api.get(`/api/v1/connections/${connectionId}/status`, { as: admin });
    expect(json.state).toBe('pending');
  });

  test('an error of the vendor’s own words is never shown', async () => {
    const begun = await begin();
    const words = { state: begun.state, error: 'server_error', error_description: '<script>alert(1)</script>' };
    const { text } = await comeBack(words, begun.cookie);
    expect(text).not.toContain('script');
  });
});

describe('C27: where the browser goes in the end', () => {
  test('C27: to a page of ours that is on the list', async () => {
    const begun = await begin({ body: { connectionId, returnTo: '/docs/connected?from=hubspot' } });
    const { status, headers } = await comeBack(await consent(begun), begun.cookie);
    expect([status, headers.get('location')]).toEqual([303, '/docs/connected?from=hubspot']);
  });

  test.each([
    '//evil.test',
    '/\\evil.test',
    '\\\\evil.test',
    'https://evil.test/docs',
    'javascript:alert(1)',
    'data:text/html,x',
    '/docs/../../api/v1/me',
    '/docs/..%2f..%2fevil',
    '/docs@evil.test',
    '/docs:80@evil.test',
    '/docsevil',
    '/docs\r\nSet-Cookie: a=b',
    '/docs#//evil.test',
    ' /docs',
    '/api/v1/tenants',
    '',
  ])('C27: not to %j', async (returnTo) => {
    const { status, json } = await api.post('/api/v1/oauth/authorize/hubspot', {
      as: admin,
      body: { connectionId, returnTo },
    });
    expect([status, json.errors]).toMatchObject([400, [{ path: 'returnTo' }]]);
  });

  test('C27: a way back that was changed in the cookie belongs to no authorization', async () => {
    const begun = await begin({ body: { connectionId, returnTo: '/docs' } });
    const [name = ''] = begun.cookie.split('.');
    const forged = `${name}.${Buffer.from('//evil.test').toString('base64url')}`;
    const { status, headers } = await comeBack(await consent(begun), forged);
    expect([status, headers.get('location')]).toEqual([400, null]);
  });
});

test('C30: the redirect URI comes from configuration, whatever a request’s headers say', async () => {
  const { authorizeUrl } = await begin({
    headers: {
      Host: 'evil.test',
      'X-Forwarded-Host': 'evil.test',
      'X-Forwarded-Proto': 'https',
      Forwarded: 'host=evil.test',
      'X-Original-Host': 'evil.test',
      Origin: 'https://evil.test',
      Referer: 'https://evil.test/',
    },
  });
  expect(authorizeUrl.searchParams.get('redirect_uri')).toBe(`${PUBLIC_URL}/api/v1/oauth/callback`);
  expect(authorizeUrl.href).not.toContain('evil');
});

describe('a credential by hand', () => {
  const connect = (id: string, application_password: string, site = `${ground.emulator.url}/wordpress/demo`) =>
    api.post(`/api/v1/connections/${id}/connect`, {
      as: admin,
      body: { site_url: site, username: 'owner', application_password },
      headers: { 'Idempotency-Key': randomUUID() },
    });

  test('is tested against the site and then kept; the answer names the account and no secret', async () => {
    const id = await openConnection('wordpress');
    const { status, json, text } = await connect(id, 'abcd EFGH ijkl MNOP qrst UVWX');
    expect([status, json]).toMatchObject([200, { id, state: 'healthy', accountName: expect.any(String) }]);
    expect(text).not.toMatch(/abcd|EFGH/);
    const tested = await api.post(`/api/v1/connections/${id}/test`, { as: admin });
    expect([tested.status, tested.json.ok]).toEqual([200, true]);
    const page = await api.get(`/api/v1/connections/${id}/data/posts?limit=5&filter[status]=publish`, { as: admin });
    expect([page.status, (page.json.data as unknown[]).length]).toEqual([200, 5]);
    const [first] = page.json.data as { externalId: string }[];
    const item = await api.get(`/api/v1/connections/${id}/data/posts/${first?.externalId}`, { as: admin });
    expect(item.json).toMatchObject({ externalId: first?.externalId });
    const wrong = await api.get(`/api/v1/connections/${id}/data/posts?filter[password]=x`, { as: admin });
    expect([wrong.status, wrong.json.errors]).toMatchObject([400, [{ path: 'filter.password' }]]);
    const off = await api.post(`/api/v1/connections/${id}/disconnect`, { as: admin });
    expect([off.status, off.json.state]).toEqual([200, 'disconnected']);
    expect(await secretOf(id)).toBeNull();
    const late = await connect(id, 'abcd EFGH ijkl MNOP qrst UVWX');
    expect([late.status, late.json.code]).toEqual([409, 'conflict']);
  });

  test('that is wrong is refused with its field, nothing is kept, and nothing stays staged', async () => {
    const id = await openConnection('wordpress');
    const { status, json } = await connect(id, 'wron gwro ngwr ongw rong wron');
    expect([status, json.code, json.errors]).toMatchObject([
      422,
      'credential_rejected',
      [{ path: 'application_password' }],
    ]);
    expect(await secretOf(id)).toBeNull();
    const staged = await ground.ports.secrets.list('staging/');
    const bound = await Promise.all(staged.map((path) => ground.ports.secrets.read(path)));
    expect(bound.filter((secret) => secret?.meta.boundTo === connectionWorkflowId(tenantId, id))).toEqual([]);
  });

  test('with missing and unknown fields is refused field by field, before anything is asked', async () => {
    const id = await openConnection('wordpress');
    const { status, json } = await api.post(`/api/v1/connections/${id}/connect`, {
      as: admin,
      body: { site_url: 'not a url', surprise: 'x' },
    });
    expect(status).toBe(400);
    const paths = (json.errors as { path: string }[]).map(({ path }) => path).sort();
    expect(paths).toEqual(['application_password', 'site_url', 'surprise', 'username']);
  });
});
