import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createHttp } from '../http/client.ts';
import type { App } from './apps.ts';
import { manifests } from './index.ts';
import { expiryOf } from './oauth-answer.ts';
import { createOAuth } from './oauth.ts';
import { app, json, openVendors } from './testing.ts';
import type { Vendors } from './testing.ts';

const CURRENT = { access_token: 'old-canary', refresh_token: 'refresh-canary', expiresAt: '' };
const WAY = { connectorId: 'hubspot', methodId: 'oauth', settings: {} };
const REDIRECT = 'https://us.test/api/v1/oauth/callback/hubspot';

let vendors: Vendors;

beforeAll(async () => {
  vendors = await openVendors(['api.hubapi.com', 'app.hubspot.com']);
});
afterAll(async () => vendors[Symbol.asyncDispose]());

const oauth = (given: App | null = app(), more: { timeoutMs?: number; http?: Vendors['http'] } = {}) =>
  createOAuth({ http: vendors.http, apps: async () => given, manifests, ...more });
const renew = () => oauth().renew(WAY, CURRENT);
const complete = (answer: Record<string, string> = { code: 'a-code' }) =>
  oauth().complete(WAY, REDIRECT, answer, { verifier: 'v'.repeat(43) });

test.each<[string, number, unknown, string, string | null]>([
  ['C13: invalid_grant', 400, { error: 'invalid_grant' }, 'grant_revoked', 'invalid_grant'],
  ['C13: invalid_grant as text', 400, '{"error":"invalid_grant"}', 'grant_revoked', 'invalid_grant'],
  ['C13: invalid_grant inside a 200', 200, { error: 'invalid_grant' }, 'grant_revoked', 'invalid_grant'],
  ['C21: invalid_client', 401, { error: 'invalid_client' }, 'client_broken', 'invalid_client'],
  ['C21: unauthorized_client', 400, { error: 'unauthorized_client' }, 'client_broken', 'unauthorized_client'],
  ['C21: a wrong redirect', 400, { error: 'redirect_uri_mismatch' }, 'client_broken', 'redirect_uri_mismatch'],
  ['C21: invalid_request', 400, { error: 'invalid_request' }, 'client_broken', 'invalid_request'],
  ['C21: a bare 401', 401, 'no', 'client_broken', null],
  [
    'C14: temporarily_unavailable',
    400,
    { error: 'temporarily_unavailable' },
    'provider_down',
    'temporarily_unavailable',
  ],
  ['C14: a 500 with HTML', 500, '<h1>Oops</h1>', 'provider_down', null],
  ['C14: a 500 that says invalid_grant', 500, { error: 'invalid_grant' }, 'provider_down', 'invalid_grant'],
  ['C14: a 502 that says invalid_client', 502, { error: 'invalid_client' }, 'provider_down', 'invalid_client'],
  ['C14: a 503', 503, 'busy', 'provider_down', null],
  ['C14: a 408', 408, '', 'provider_down', null],
  ['C14: a 429', 429, {}, 'provider_rate_limited', null],
  ['C14: slow_down', 400, { error: 'slow_down' }, 'provider_rate_limited', 'slow_down'],
  ['C15: a redirect', 302, '', 'provider_garbage', null],
  ['C15: HTML that says 200', 200, '<h1>Log in</h1>', 'provider_garbage', null],
  ['C15: an empty body', 200, '', 'provider_garbage', null],
  ['C15: a cut body', 200, '{"access_token":"a', 'provider_garbage', null],
  ['C15: a list', 200, [], 'provider_garbage', null],
  ['C15: null', 200, 'null', 'provider_garbage', null],
  ['C15: {ok: false}', 200, { ok: false }, 'provider_garbage', null],
  ['C15: an unknown error in a 200', 200, { ok: false, error: 'gremlins' }, 'provider_garbage', 'gremlins'],
  ['C15: no token', 200, { token_type: 'bearer', expires_in: 1800 }, 'provider_garbage', null],
  ['C15: an empty token', 200, { access_token: '', token_type: 'bearer' }, 'provider_garbage', null],
  ['C15: the word undefined', 200, { access_token: 'undefined', token_type: 'bearer' }, 'provider_garbage', null],
  ['C15: the word null', 200, { access_token: 'null', token_type: 'bearer' }, 'provider_garbage', null],
  ['C15: a token that is null', 200, { access_token: null, token_type: 'bearer' }, 'provider_garbage', null],
  ['C15: a token that is a number', 200, { access_token: 7, token_type: 'bearer' }, 'provider_garbage', null],
  ['C15: another kind of token', 200, { access_token: 'a', token_type: 'mac' }, 'provider_garbage', null],
])('%s ends in a fault of its own, without a secret in it', async (_case, status, body, code, providerCode) => {
  vendors.answers(json(body, status));
  const failure = await renew().catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'Fault', code, providerCode });
  expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain('canary');
});

test.each<[string, number | undefined]>([
  ['120', 120_000],
  ['0', 0],
  ['-5', 0],
  ['1000000000', 3_600_000],
  ['soon', undefined],
  ['Sat, 21 Nov 2020 15:48:30 GMT', 0],
  ['', undefined],
])('C14: Retry-After %j on a 429 means to wait %j ms', async (header, waitMs) => {
  vendors.answers(json({}, 429, header === '' ? {} : { 'retry-after': header }));
  await expect(renew()).rejects.toMatchObject({ code: 'provider_rate_limited', retryAfterMs: waitMs });
});

test('C14: Retry-After as a date is how long it is until then', async () => {
  vendors.answers(json({}, 503, { 'retry-after': new Date(Date.now() + 30_000).toUTCString() }));
  const { retryAfterMs } = (await renew().catch((error: unknown) => error)) as { retryAfterMs: number };
  expect(retryAfterMs).toBeGreaterThan(25_000);
  expect(retryAfterMs).toBeLessThanOrEqual(30_000);
});

test.each<[string, (write: (part: string) => void) => void]>([
  ['says nothing', () => undefined],
  [
    'dribbles',
    (write) => {
      const timer = setInterval(() => write(' '), 20).unref();
      setTimeout(() => clearInterval(timer), 2000).unref();
    },
  ],
])(
  'C16: a token endpoint that %s is given up at our own deadline, as an answer that may be lost',
  async (_how, trickle) => {
    vendors.answers((_seen, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{');
      trickle((part) => response.write(part));
    });
    const began = Date.now();
    await expect(oauth(app(), { timeoutMs: 250 }).renew(WAY, CURRENT)).rejects.toMatchObject({ code: 'lost_response' });
    expect(Date.now() - began).toBeLessThan(2000);
  },
);

test('C17: a connection cut after the request left may have been processed; one never made was not', async () => {
  vendors.answers((_seen, _response, request) => request.socket.destroy());
  await expect(renew()).rejects.toMatchObject({ code: 'lost_response' });
  vendors.answers((_seen, response) => {
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-length': '500' })
      .write('{"access_token":"a');
    setImmediate(() => response.destroy());
  });
  await expect(renew()).rejects.toMatchObject({ code: 'lost_response' });
  const nowhere = createHttp({
    allow: ['127.0.0.1:1'],
    origins: [{ from: 'https://api.hubapi.com', to: 'http://127.0.0.1:1' }],
    userAgent: 'test',
  });
  await expect(oauth(app(), { http: nowhere }).renew(WAY, CURRENT)).rejects.toMatchObject({ code: 'provider_down' });
  await nowhere.close();
});

test('a vendor that does not rotate leaves the refresh token as it was; one that does replaces it', async () => {
  vendors.answers(json({ access_token: 'new', token_type: 'Bearer', expires_in: 1800, refresh_token: null }));
  expect((await renew()).values).toMatchObject({ access_token: 'new', refresh_token: 'refresh-canary' });
  vendors.answers(json({ access_token: 'newer', expires_in: 1800, refresh_token: 'rotated' }));
  expect((await renew()).values).toMatchObject({ access_token: 'newer', refresh_token: 'rotated' });
});

test.each([[1800], ['1800'], ['1800.4'], [undefined], [null], [-1], [0], ['soon'], [Number.NaN]])(
  'C20: expires_in %j is 1800 s, by word or by the vendor’s page',
  async (expires) => {
    // The vendor's clock is ten minutes off, and nobody asks it.
    const date = new Date(Date.now() - 600_000).toUTCString();
    vendors.answers(json({ access_token: 'new', token_type: 'bearer', expires_in: expires }, 200, { date }));
    const before = Date.now();
    const { expiresAt, values } = await renew();
    expect(values['expiresAt']).toBe(expiresAt);
    expect(Date.parse(expiresAt ?? '') - before).toBeGreaterThanOrEqual(1_799_000);
    expect(Date.parse(expiresAt ?? '') - before).toBeLessThan(1_860_000);
  },
);

test('C20: a lifetime beyond reason is cut to a year, and one that nobody knows has no end', () => {
  const none = { tokenLifetimeS: null };
  expect(expiryOf(1e12, { tokenLifetimeS: 1800 }, 0)).toBe(new Date(366 * 86_400_000).toISOString());
  expect(expiryOf(undefined, none, 0)).toBeNull();
  expect(expiryOf(0, none, 0)).toBeNull();
  expect(expiryOf(0, { tokenLifetimeS: 1800, answer: { zeroIsNever: true } }, 0)).toBeNull();
});

test('C25: every authorization has a PKCE challenge of its own, S256, and its verifier is sent with the code', async () => {
  vendors.answers(json({ access_token: 'a', refresh_token: 'r', expires_in: 1800 }));
  const proofs = await Promise.all([1, 2].map(() => oauth().begin(WAY, REDIRECT, 'the-state')));
  const challenges = proofs.map(({ url }) => new URL(url).searchParams);
  expect(challenges.map((query) => query.get('code_challenge_method'))).toEqual(['S256', 'S256']);
  expect(new Set(challenges.map((query) => query.get('code_challenge'))).size).toBe(2);
  const [first] = proofs;
  expect(first?.proof['verifier']).toMatch(/^[\w-]{43,128}$/);
  expect(challenges[0]?.get('code_challenge')).not.toBe(first?.proof['verifier']);
  await oauth().complete(WAY, REDIRECT, { code: 'a-code' }, first?.proof ?? {});
  const sent = new URLSearchParams(vendors.seen.at(-1)?.body);
  expect(Object.fromEntries(sent)).toEqual({
    grant_type: 'authorization_code',
    code: 'a-code',
    redirect_uri: REDIRECT,
    code_verifier: first?.proof['verifier'],
    client_id: 'our-id',
    client_secret: 'secret-canary',
  });
});

test('C25: without its verifier a code is not traded at all', async () => {
  const before = vendors.seen.length;
  await expect(oauth().complete(WAY, REDIRECT, { code: 'a-code' }, {})).rejects.toMatchObject({
    code: 'oauth_state_invalid',
  });
  expect(vendors.seen).toHaveLength(before);
});

test.each<[string, unknown, string[] | null]>([
  ['fewer scopes', { scope: 'oauth' }, ['oauth']],
  ['scopes with commas', { scope: 'a,b' }, ['a', 'b']],
  ['scopes as a list', { scopes: ['oauth', 'x'] }, ['oauth', 'x']],
  ['no word of scopes', {}, null],
])('C28: %s are what was granted, not what was asked', async (_case, more, scopes) => {
  vendors.answers(json({ access_token: 'a', refresh_token: 'r', expires_in: 1800, ...(more as object) }));
  expect((await complete()).scopes).toEqual(scopes);
});

test('C28: a renewal that does not say its scopes keeps those that were granted', async () => {
  vendors.answers(json({ access_token: 'a', expires_in: 1800 }));
  expect((await oauth().renew(WAY, { ...CURRENT, scope: 'oauth x' })).scopes).toEqual(['oauth', 'x']);
});

test('the platform’s app may ask for other scopes than the connector', async () => {
  const { url } = await oauth(app({ scopes: ['oauth'] })).begin(WAY, REDIRECT, 's');
  expect(new URL(url).searchParams.get('scope')).toBe('oauth');
});

test('C21: an app that is missing, switched off or without its secret asks nobody, and says what to mend', async () => {
  const before = vendors.seen.length;
  for (const [given, words] of [
    [null, 'not set up'],
    [app({ enabled: false }), 'switched off'],
    [app({ clientSecret: '' }), 'secret'],
  ] as const) {
    for (const ask of [() => oauth(given).renew(WAY, CURRENT), () => oauth(given).begin(WAY, REDIRECT, 's')]) {
      await expect(ask()).rejects.toMatchObject({ code: 'client_broken', message: expect.stringContaining(words) });
    }
  }
  expect(vendors.seen).toHaveLength(before);
});

test('without a refresh token, a known connector or a way of that name there is nothing to ask', async () => {
  await expect(oauth().renew(WAY, { access_token: 'a' })).rejects.toMatchObject({ code: 'grant_revoked' });
  const way = (connectorId: string, methodId: string) => ({ connectorId, methodId, settings: {} });
  await expect(oauth().begin(way('wordpress', 'application_password'), REDIRECT, 's')).rejects.toMatchObject({
    code: 'unsupported',
  });
  await expect(oauth().renew(way('hubspot', 'token'), {})).rejects.toMatchObject({ code: 'unsupported' });
  await expect(oauth().begin(way('myspace', 'oauth'), REDIRECT, 's')).rejects.toMatchObject({
    code: 'unknown_connector',
  });
  await expect(oauth().begin(way('hubspot', 'magic'), REDIRECT, 's')).rejects.toMatchObject({
    code: 'invalid_request',
    fields: [{ path: 'method' }],
  });
});

test('what renews is known without asking anybody', () => {
  const of = (connectorId: string, methodId: string, current: Record<string, string>) =>
    oauth().renews({ connectorId, methodId, settings: {} }, current);
  expect(of('hubspot', 'oauth', CURRENT)).toBe(true);
  expect(of('hubspot', 'oauth', { access_token: 'a' })).toBe(false);
  expect(of('hubspot', 'token', CURRENT)).toBe(false);
  expect(of('meta-ads', 'oauth', { access_token: 'a', expiresAt: '2027-01-01T00:00:00Z' })).toBe(true);
  expect(of('meta-ads', 'oauth', { access_token: 'a', expiresAt: '' })).toBe(false);
  expect(of('superset', 'login', {})).toBe(true);
  expect(of('google-analytics', 'service_account', {})).toBe(true);
  expect(of('trello', 'oauth', {})).toBe(false);
});

test.each<[string, number, unknown, string | null]>([
  ['knows the app and refuses the nonsense', 400, { error: 'invalid_grant' }, null],
  ['knows the app and dislikes the request', 400, { error: 'invalid_request' }, null],
  ['does not know the app', 401, { error: 'invalid_client' }, 'client_broken'],
  ['is down', 500, '', 'provider_down'],
])('C21: an app is tested by a request that must fail: a vendor that %s', async (_case, status, body, code) => {
  vendors.answers(json(body, status));
  const tested = oauth(null).testApp('hubspot', { clientId: 'their-id', clientSecret: 'their-secret' });
  if (code === null) await expect(tested).resolves.toBeUndefined();
  else await expect(tested).rejects.toMatchObject({ code });
  expect(new URLSearchParams(vendors.seen.at(-1)?.body).get('client_id')).toBe('their-id');
});

test('an app is not tested where there is none of ours, or where only a tenant’s own host could tell', async () => {
  const given = { clientId: 'i', clientSecret: 's' };
  await expect(oauth().testApp('wordpress', given)).rejects.toMatchObject({ code: 'unsupported' });
  await expect(oauth().testApp('shopify', given)).rejects.toMatchObject({ code: 'unsupported' });
});

test.each<[string, number, unknown, string | null]>([
  ['ends the grant', 200, '', null],
  ['does not know the token any more', 400, { error: 'invalid_token' }, null],
  ['is down', 503, '', 'provider_down'],
  ['does not know us', 401, { error: 'invalid_client' }, 'client_broken'],
])('C32: a revocation at a vendor that %s', async (_case, status, body, code) => {
  vendors.answers(json(body, status));
  const revoked = oauth().revoke(WAY, CURRENT);
  if (code === null) await expect(revoked).resolves.toBe('revoked');
  else await expect(revoked).rejects.toMatchObject({ code });
  const sent = vendors.seen.at(-1);
  expect(sent?.url).toBe('https://api.hubapi.com/oauth/2026-03/token/revoke');
  expect(new URLSearchParams(sent?.body).get('token')).toBe('refresh-canary');
});

test('C32: a grant that was imported without a refresh token is revoked by its access token', async () => {
  vendors.answers(json(''));
  await expect(oauth().revoke(WAY, { access_token: 'imported' })).resolves.toBe('revoked');
  expect(Object.fromEntries(new URLSearchParams(vendors.seen.at(-1)?.body))).toMatchObject({
    token: 'imported',
    token_type_hint: 'access_token',
  });
});

test('C32: where a vendor has no way to revoke, that is said', async () => {
  await expect(oauth().revoke({ connectorId: 'mailchimp', methodId: 'oauth', settings: {} }, CURRENT)).resolves.toBe(
    'unsupported',
  );
});
