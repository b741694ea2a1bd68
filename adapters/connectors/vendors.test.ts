import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { jwtVerify } from 'jose';
import type { AuthWay, ConnectorPort } from '../../ports/connectors.ts';
import type { OAuthPort } from '../../ports/oauth.ts';
import type { Ports } from '../../ports/index.ts';
import { createConnectors, manifests } from './index.ts';
import { createOAuth } from './oauth.ts';
import { app, json, openVendors } from './testing.ts';
import type { Reply, Vendors } from './testing.ts';

const REDIRECT = 'https://us.test/api/v1/oauth/callback/vendor';
const HOSTS = [
  'accounts.zoho.com',
  'accounts.zoho.eu',
  'www.zohoapis.eu',
  '*.myshopify.com',
  'login.salesforce.com',
  'test.salesforce.com',
  '*.my.salesforce.com',
  'login.mailchimp.com',
  '*.api.mailchimp.com',
  'slack.com',
  'graph.facebook.com',
  'www.facebook.com',
  'business-api.tiktok.com',
  'trello.com',
  'api.trello.com',
  'accounts.google.com',
  'oauth2.googleapis.com',
  'analyticsadmin.googleapis.com',
];

let vendors: Vendors;
let oauth: OAuthPort;
let connectors: ConnectorPort;

beforeAll(async () => {
  vendors = await openVendors(HOSTS);
  oauth = createOAuth({ http: vendors.http, apps: async () => app(), manifests });
  connectors = createConnectors({ http: vendors.http } as unknown as Parameters<typeof createConnectors>[0] & Ports);
});
afterAll(async () => vendors[Symbol.asyncDispose]());
beforeEach(() => void vendors.seen.splice(0));

const way = (connectorId: string, methodId: string, settings: Record<string, string> = {}): AuthWay => ({
  connectorId,
  methodId,
  settings,
});
/** What each URL answers. */
const routes = (table: Record<string, unknown>) =>
  vendors.answers((seen, response, request) => {
    const found = table[`${seen.method} ${seen.url}`];
    if (found === undefined) json({ lost: `${seen.method} ${seen.url}` }, 404)(seen, response, request);
    else if (typeof found === 'function') (found as Reply)(seen, response, request);
    else json(found)(seen, response, request);
  });
const last = () => vendors.seen.at(-1) ?? { method: '', url: '', query: {}, headers: {}, body: '' };
const form = (index = -1) => Object.fromEntries(new URLSearchParams(vendors.seen.at(index)?.body));
const consent = async (given: AuthWay) => {
  const { url, proof } = await oauth.begin(given, REDIRECT, 'the-state');
  const { pathname, searchParams } = new URL(url);
  return { pathname, query: Object.fromEntries(searchParams), proof };
};
const fields = (connectorId: string, methodId: string, given: Record<string, unknown>) =>
  connectors.checkFields(connectorId, methodId, given);

test('Zoho: the customer’s data centre is asked, from the redirect on; a refusal comes with status 200', async () => {
  const { settings } = fields('zoho-crm', 'oauth', {});
  const { pathname, query, proof } = await consent(way('zoho-crm', 'oauth', settings));
  expect(pathname).toBe('/oauth/v2/auth');
  expect(query).toMatchObject({ response_type: 'code', access_type: 'offline', prompt: 'consent' });
  expect(query['scope']).toContain('ZohoCRM.modules.ALL,');
  expect(query['code_challenge']).toBeUndefined();
  routes({
    'POST https://accounts.zoho.eu/oauth/v2/token': {
      access_token: '1000.a',
      refresh_token: '1000.r',
      api_domain: 'https://www.zohoapis.eu',
      scope: 'ZohoCRM.modules.ALL ZohoCRM.org.READ',
      expires_in: 3600,
    },
    'GET https://www.zohoapis.eu/crm/v8/org': { org: [{ zgid: '20071234', company_name: 'Ferro SL' }] },
  });
  const answer = { code: 'c', location: 'eu', 'accounts-server': 'https://accounts.zoho.eu' };
  const tokens = await oauth.complete(way('zoho-crm', 'oauth', settings), REDIRECT, answer, proof);
  expect(tokens).toMatchObject({
    settings: { accounts_server: 'https://accounts.zoho.eu', api_domain: 'https://www.zohoapis.eu' },
    scopes: ['ZohoCRM.modules.ALL', 'ZohoCRM.org.READ'],
  });
  const mine = way('zoho-crm', 'oauth', { ...settings, ...tokens.settings });
  await expect(connectors.verify(mine, tokens.values)).resolves.toMatchObject({
    accountId: '20071234',
    accountName: 'Ferro SL',
  });
  expect(last().headers.authorization).toBe('Zoho-oauthtoken 1000.a');

  routes({
    'POST https://accounts.zoho.eu/oauth/v2/token': { access_token: '1000.b', api_domain: 'https://www.zohoapis.eu' },
  });
  expect((await oauth.renew(mine, tokens.values)).values).toMatchObject({
    access_token: '1000.b',
    refresh_token: '1000.r',
  });
  routes({ 'POST https://accounts.zoho.eu/oauth/v2/token': { error: 'invalid_code' } });
  await expect(oauth.renew(mine, tokens.values)).rejects.toMatchObject({ code: 'grant_revoked' });
  routes({ 'POST https://accounts.zoho.eu/oauth/v2/token': json({ error: 'Access Denied' }, 400) });
  await expect(oauth.renew(mine, tokens.values)).rejects.toMatchObject({
    code: 'provider_rate_limited',
    retryAfterMs: 600_000,
  });
  routes({ 'POST https://accounts.zoho.eu/oauth/v2/token': { access_token: 'x', api_domain: 'https://evil.test' } });
  await expect(oauth.renew(mine, tokens.values)).rejects.toMatchObject({ code: 'provider_garbage' });
});

test('Shopify: everything happens at the shop’s own host, tokens expire and rotate, and each call has their header', async () => {
  const { settings } = fields('shopify', 'oauth', { shop: 'https://Some-Shop.myshopify.com/admin' });
  expect(settings).toEqual({ shop: 'some-shop.myshopify.com' });
  const { pathname, query } = await consent(way('shopify', 'oauth', settings));
  expect(pathname).toBe('/admin/oauth/authorize');
  expect(query).toMatchObject({ client_id: 'our-id', state: 'the-state', forwarded_host: 'some-shop.myshopify.com' });
  const given = { access_token: 'shpat_2', refresh_token: 'r2', expires_in: 3600, scope: 'read_products' };
  const token = 'POST https://some-shop.myshopify.com/admin/oauth/access_token';
  const api = 'POST https://some-shop.myshopify.com/admin/api/2026-07/graphql.json';
  const shop = { name: 'Ferro', myshopifyDomain: 'some-shop.myshopify.com' };
  routes({ [token]: given, [api]: { data: { shop } } });
  const mine = way('shopify', 'oauth', settings);
  const tokens = await oauth.renew(mine, { access_token: 'shpat_1', refresh_token: 'r1' });
  expect(form()).toMatchObject({ grant_type: 'refresh_token', refresh_token: 'r1', expiring: '1' });
  expect(tokens.values).toMatchObject({ access_token: 'shpat_2', refresh_token: 'r2' });
  await expect(connectors.verify(mine, tokens.values)).resolves.toMatchObject({ accountId: shop.myshopifyDomain });
  expect(last().headers['x-shopify-access-token']).toBe('shpat_2');

  routes({ [token]: json('', 401) });
  await expect(oauth.renew(mine, tokens.values)).rejects.toMatchObject({ code: 'grant_revoked' });
  routes({ [token]: json({ error: 'invalid_client' }, 400) });
  await expect(oauth.renew(mine, tokens.values)).rejects.toMatchObject({ code: 'client_broken' });
  routes({ [api]: { errors: [{ extensions: { code: 'THROTTLED' } }] } });
  await expect(connectors.verify(mine, tokens.values)).rejects.toMatchObject({ code: 'provider_rate_limited' });
  routes({ 'DELETE https://some-shop.myshopify.com/admin/api_permissions/current.json': {} });
  await expect(oauth.revoke(mine, tokens.values)).resolves.toBe('revoked');
});

test('C32: a token that lapsed is renewed to revoke its grant, which would live on; a grant that is gone is left alone', async () => {
  const mine = way('shopify', 'oauth', { shop: 'some-shop.myshopify.com' });
  const token = 'POST https://some-shop.myshopify.com/admin/oauth/access_token';
  const revoke = 'DELETE https://some-shop.myshopify.com/admin/api_permissions/current.json';
  const byToken: Reply = (seen, ...rest) =>
    json({}, seen.headers['x-shopify-access-token'] === 'fresh' ? 200 : 401)(seen, ...rest);
  routes({ [revoke]: byToken, [token]: { access_token: 'fresh', refresh_token: 'r2', expires_in: 3600 } });
  await expect(oauth.revoke(mine, { access_token: 'lapsed', refresh_token: 'r1' })).resolves.toBe('revoked');
  expect(vendors.seen.map(({ method }) => method)).toEqual(['DELETE', 'POST', 'DELETE']);
  routes({ [revoke]: byToken, [token]: json({ error: 'invalid_grant' }, 400) });
  await expect(oauth.revoke(mine, { access_token: 'lapsed', refresh_token: 'r1' })).resolves.toBe('revoked');
  routes({ [revoke]: byToken, [token]: json('', 503) });
  await expect(oauth.revoke(mine, { access_token: 'lapsed', refresh_token: 'r1' })).rejects.toMatchObject({
    code: 'provider_down',
  });
});

test('Shopify: an app of the merchant’s own asks with its own secret, whose refusal marks nobody else', async () => {
  const given = { shop: 'some-shop', client_id: 'theirs', client_secret: 'their-secret' };
  const { settings, secret } = fields('shopify', 'client_credentials', given);
  const token = 'POST https://some-shop.myshopify.com/admin/oauth/access_token';
  routes({ [token]: { access_token: 'shpat_c', expires_in: 86_399 } });
  const mine = way('shopify', 'client_credentials', settings);
  const tokens = await oauth.renew(mine, secret);
  expect(form()).toEqual({ grant_type: 'client_credentials', client_id: 'theirs', client_secret: 'their-secret' });
  expect(tokens.values).toMatchObject({ access_token: 'shpat_c', client_secret: 'their-secret' });
  await expect(oauth.renew(mine, tokens.values)).resolves.toMatchObject({ values: { access_token: 'shpat_c' } });
  routes({ [token]: json({ error: 'invalid_client' }, 401) });
  await expect(oauth.renew(mine, secret)).rejects.toMatchObject({
    code: 'grant_revoked',
    providerCode: 'invalid_client',
  });
});

test.each([
  'evil.test',
  'some-shop.myshopify.com.evil.test',
  '-shop.myshopify.com',
  'a.b.myshopify.com',
  '127.0.0.1',
  'shop.myshopify.com@evil.test',
])('C46: %s is no shop: neither a field nor a stored setting leads there', async (shop) => {
  expect(() => fields('shopify', 'oauth', { shop })).toThrow(
    expect.objectContaining({ code: 'invalid_request', fields: [expect.objectContaining({ path: 'shop' })] }),
  );
  const there = way('shopify', 'oauth', { shop });
  await expect(oauth.begin(there, REDIRECT, 's')).rejects.toMatchObject({ code: 'host_refused' });
  await expect(oauth.renew(there, { refresh_token: 'r' })).rejects.toMatchObject({ code: 'host_refused' });
  await expect(connectors.verify(there, { access_token: 'a' })).rejects.toMatchObject({ code: 'host_refused' });
  expect(vendors.seen).toEqual([]);
});

test('Salesforce: the login host is the customer’s, calls go to instance_url, and no lifetime is invented', async () => {
  const { settings } = fields('salesforce', 'oauth', { login_host: 'acme.my.salesforce.com' });
  const mine = way('salesforce', 'oauth', settings);
  const { query, proof } = await consent(mine);
  expect(query).toMatchObject({ code_challenge_method: 'S256', prompt: 'consent', scope: 'api refresh_token openid' });
  const token = 'POST https://acme.my.salesforce.com/services/oauth2/token';
  routes({
    [token]: {
      access_token: '00D!a',
      refresh_token: '5Aep',
      instance_url: 'https://acme.my.salesforce.com',
      scope: 'api refresh_token',
      id_token: 'not.checked.here',
      token_type: 'Bearer',
    },
    'GET https://acme.my.salesforce.com/services/oauth2/userinfo': { organization_id: '00D1', name: 'Ana' },
  });
  const tokens = await oauth.complete(mine, REDIRECT, { code: 'c' }, proof);
  expect(tokens).toMatchObject({
    expiresAt: null,
    settings: { instance_url: 'https://acme.my.salesforce.com' },
    scopes: ['api', 'refresh_token'],
  });
  expect(oauth.renews(mine, tokens.values)).toBe(true);
  const there = way('salesforce', 'oauth', { ...settings, ...tokens.settings });
  await expect(connectors.verify(there, tokens.values)).resolves.toMatchObject({ accountId: '00D1' });
  routes({ [token]: json({ error: 'invalid_grant', error_description: 'expired access/refresh token' }, 400) });
  await expect(oauth.renew(there, tokens.values)).rejects.toMatchObject({ code: 'grant_revoked' });
  routes({ [token]: { access_token: 'a', instance_url: 'https://acme.my.salesforce.com.evil.test' } });
  await expect(oauth.renew(there, tokens.values)).rejects.toMatchObject({ code: 'provider_garbage' });
  routes({ 'POST https://acme.my.salesforce.com/services/oauth2/revoke': json('') });
  await expect(oauth.revoke(there, tokens.values)).resolves.toBe('revoked');
});

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

test('Salesforce: a certificate’s assertion is for the right audience, and is signed anew each time', async () => {
  const given = {
    username: 'bot@acme.test',
    client_id: 'their-key',
    private_key: PEM,
    environment: 'sandbox',
    login_host: 'test.salesforce.com',
  };
  const { settings, secret } = fields('salesforce', 'jwt', given);
  expect(secret).toEqual({ private_key: PEM.trim() });
  routes({
    'POST https://test.salesforce.com/services/oauth2/token': {
      access_token: 'a',
      instance_url: 'https://acme--dev.sandbox.my.salesforce.com',
    },
  });
  const tokens = await oauth.renew(way('salesforce', 'jwt', settings), secret);
  expect(tokens.settings).toEqual({ instance_url: 'https://acme--dev.sandbox.my.salesforce.com' });
  const { assertion = '', ...rest } = form();
  expect(rest).toEqual({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' });
  const { payload } = await jwtVerify(assertion, createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })), {
    audience: 'https://test.salesforce.com',
    issuer: 'their-key',
    subject: 'bot@acme.test',
  });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeLessThanOrEqual(300);
});

test('Mailchimp: zero means for ever, and the data centre comes from a call of its own', async () => {
  const mine = way('mailchimp', 'oauth');
  const { query, proof } = await consent(mine);
  expect(query).toEqual({ response_type: 'code', client_id: 'our-id', redirect_uri: REDIRECT, state: 'the-state' });
  routes({
    'POST https://login.mailchimp.com/oauth2/token': { access_token: 'mc', expires_in: 0, scope: null },
    'GET https://login.mailchimp.com/oauth2/metadata': { dc: 'us6', login_url: 'https://login.mailchimp.com' },
    'GET https://us6.api.mailchimp.com/3.0/': { account_id: 'acc1', account_name: 'Harbor' },
  });
  const tokens = await oauth.complete(mine, REDIRECT, { code: 'c' }, proof);
  expect(last().headers.authorization).toBe('OAuth mc');
  expect(tokens).toMatchObject({ expiresAt: null, settings: { dc: 'us6' } });
  expect(oauth.renews(mine, tokens.values)).toBe(false);
  const there = way('mailchimp', 'oauth', tokens.settings);
  await expect(connectors.verify(there, tokens.values)).resolves.toMatchObject({ accountId: 'acc1' });
  expect(last().headers.authorization).toBe('Bearer mc');

  routes({
    'POST https://login.mailchimp.com/oauth2/token': { access_token: 'mc', expires_in: 0 },
    'GET https://login.mailchimp.com/oauth2/metadata': { dc: 'evil.test/' },
  });
  await expect(oauth.complete(mine, REDIRECT, { code: 'c' }, proof)).rejects.toMatchObject({
    code: 'provider_garbage',
  });
});

test('Mailchimp: an API key says its own data centre', async () => {
  const { settings, secret } = fields('mailchimp', 'api_key', { api_key: 'abc123-us21' });
  expect(settings).toEqual({ dc: 'us21' });
  routes({ 'GET https://us21.api.mailchimp.com/3.0/': { account_id: 'acc1', account_name: 'Harbor' } });
  await expect(connectors.verify(way('mailchimp', 'api_key', settings), secret)).resolves.toMatchObject({
    accountName: 'Harbor',
  });
  expect(last().headers.authorization).toBe(`Basic ${Buffer.from('key:abc123-us21').toString('base64')}`);
  expect(() => fields('mailchimp', 'api_key', { api_key: 'abc123' })).toThrow(
    expect.objectContaining({ fields: [expect.objectContaining({ path: 'api_key' })] }),
  );
});

test('Slack: the bot’s token rotates, and refusals come with status 200', async () => {
  const mine = way('slack', 'oauth');
  const { query, proof } = await consent(mine);
  expect(query['scope']).toContain('channels:read,channels:history');
  const token = 'POST https://slack.com/api/oauth.v2.access';
  routes({
    [token]: {
      ok: true,
      access_token: 'xoxe.xoxb-1',
      refresh_token: 'xoxe-1',
      expires_in: 43_200,
      token_type: 'bot',
      scope: 'channels:read,users:read',
      bot_user_id: 'U0B',
      team: { id: 'T1', name: 'Harbor' },
      enterprise: null,
      authed_user: { id: 'U1', access_token: 'xoxp-not-this-one' },
    },
    'POST https://slack.com/api/auth.test': { ok: true, team_id: 'T1', team: 'Harbor', user_id: 'U0B' },
  });
  const tokens = await oauth.complete(mine, REDIRECT, { code: 'c' }, proof);
  expect(vendors.seen[0]?.headers.authorization).toMatch(/^Basic /);
  expect(tokens).toMatchObject({
    values: { access_token: 'xoxe.xoxb-1', refresh_token: 'xoxe-1' },
    scopes: ['channels:read', 'users:read'],
    settings: { team_id: 'T1', bot_user_id: 'U0B' },
  });
  await expect(connectors.verify(mine, tokens.values)).resolves.toMatchObject({
    accountId: 'T1',
    accountName: 'Harbor',
  });
  for (const [error, code] of [
    ['invalid_refresh_token', 'grant_revoked'],
    ['bad_client_secret', 'client_broken'],
    ['ratelimited', 'provider_rate_limited'],
    ['internal_error', 'provider_down'],
    ['gremlins', 'provider_garbage'],
  ]) {
    routes({ [token]: { ok: false, error } });
    await expect(oauth.renew(mine, tokens.values)).rejects.toMatchObject({ code, providerCode: error });
  }
  routes({ 'POST https://slack.com/api/auth.test': { ok: false, error: 'token_revoked' } });
  await expect(connectors.verify(mine, tokens.values)).rejects.toMatchObject({ code: 'credential_rejected' });
  routes({
    'POST https://slack.com/api/auth.revoke': { ok: false, error: 'token_revoked' },
    [token]: { ok: false, error: 'invalid_refresh_token' },
  });
  await expect(oauth.revoke(mine, tokens.values)).resolves.toBe('revoked');
  routes({ 'POST https://slack.com/api/auth.revoke': { ok: false, error: 'internal_error' } });
  await expect(oauth.revoke(mine, tokens.values)).rejects.toMatchObject({ code: 'provider_down' });
});

test('Meta: the short token is traded at once, and a living long one for the next', async () => {
  const mine = way('meta-ads', 'oauth', { accountId: '1008' });
  const { pathname, proof } = await consent(mine);
  expect(pathname).toBe('/v25.0/dialog/oauth');
  const url = 'https://graph.facebook.com/v25.0/oauth/access_token';
  routes({
    [`POST ${url}`]: { access_token: 'short', token_type: 'bearer', expires_in: 3600 },
    [`GET ${url}`]: { access_token: 'long', token_type: 'bearer' },
  });
  const tokens = await oauth.complete(mine, REDIRECT, { code: 'c' }, proof);
  expect(last().query).toEqual({
    grant_type: 'fb_exchange_token',
    client_id: 'our-id',
    client_secret: 'secret-canary',
    fb_exchange_token: 'short',
  });
  expect(tokens.values['access_token']).toBe('long');
  expect(Date.parse(tokens.expiresAt ?? '') - Date.now()).toBeGreaterThan(5_100_000_000);
  expect(oauth.renews(mine, tokens.values)).toBe(true);
  routes({ [`GET ${url}`]: { access_token: 'longer', expires_in: 5_183_000 } });
  expect((await oauth.renew(mine, tokens.values)).values['access_token']).toBe('longer');
  expect(last().query['fb_exchange_token']).toBe('long');
  for (const [status, code, fault] of [
    [400, 190, 'grant_revoked'],
    [401, 190, 'grant_revoked'],
    [400, 4, 'provider_rate_limited'],
    [400, 101, 'client_broken'],
    [500, 2, 'provider_down'],
  ] as const) {
    routes({ [`GET ${url}`]: json({ error: { message: 'secret-canary', code, error_subcode: 463 } }, status) });
    const failure = await oauth.renew(mine, tokens.values).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: fault, providerCode: String(code) });
    expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain('canary');
  }
  routes({ 'DELETE https://graph.facebook.com/v25.0/1008/permissions': { success: true } });
  await expect(oauth.revoke(mine, tokens.values)).resolves.toBe('revoked');
  expect(last().headers.authorization).toBe('Bearer long');
});

test('TikTok: its own names, JSON, tokens inside data, and refusals with status 200', async () => {
  const mine = way('tiktok-ads', 'oauth');
  const { query, proof } = await consent(mine);
  expect(query).toEqual({ app_id: 'our-id', redirect_uri: REDIRECT, state: 'the-state' });
  const token = 'POST https://business-api.tiktok.com/open_api/v1.3/oauth2/access_token/';
  const info = 'GET https://business-api.tiktok.com/open_api/v1.3/user/info/';
  routes({
    [token]: { code: 0, message: 'OK', data: { access_token: 'tt', scope: [4, 5], advertiser_ids: ['739'] } },
    [info]: { code: 0, data: { core_user_id: '7001', display_name: 'Ana' } },
  });
  const tokens = await oauth.complete(mine, REDIRECT, { auth_code: 'c' }, proof);
  expect(JSON.parse(vendors.seen[0]?.body ?? '')).toEqual({
    app_id: 'our-id',
    secret: 'secret-canary',
    auth_code: 'c',
  });
  expect(vendors.seen[0]?.headers['content-type']).toBe('application/json');
  expect(tokens).toMatchObject({ values: { access_token: 'tt' }, expiresAt: null, scopes: ['4', '5'] });
  await expect(connectors.verify(mine, tokens.values)).resolves.toMatchObject({ accountId: '7001' });
  expect(last().headers['access-token']).toBe('tt');
  for (const [code, fault] of [
    [40110, 'grant_revoked'],
    [40100, 'provider_rate_limited'],
    [50002, 'provider_down'],
    [41234, 'provider_garbage'],
  ] as const) {
    routes({ [token]: { code, message: 'no', data: {} } });
    await expect(oauth.complete(mine, REDIRECT, { auth_code: 'c' }, proof)).rejects.toMatchObject({ code: fault });
  }
  routes({ [info]: { code: 40105, data: {} } });
  await expect(connectors.verify(mine, tokens.values)).rejects.toMatchObject({ code: 'credential_rejected' });
  const revoke = 'POST https://business-api.tiktok.com/open_api/v1.3/oauth2/revoke_token/';
  routes({ [revoke]: { code: 0 } });
  await expect(oauth.revoke(mine, tokens.values)).resolves.toBe('revoked');
  expect(JSON.parse(last().body)).toEqual({ app_id: 'our-id', secret: 'secret-canary', access_token: 'tt' });
});

test('Trello: three legs, a token that never ends, and none of it in a URL', async () => {
  const mine = way('trello', 'oauth');
  const asText =
    (body: string): Reply =>
    (_seen, response) =>
      response.writeHead(200).end(body);
  routes({
    'POST https://trello.com/1/OAuthGetRequestToken': asText(
      'oauth_token=req&oauth_token_secret=rs&oauth_callback_confirmed=true',
    ),
    'POST https://trello.com/1/OAuthGetAccessToken': asText('oauth_token=acc&oauth_token_secret=as'),
    'GET https://api.trello.com/1/members/me': { id: 'm1', username: 'ana', fullName: 'Ana Silva' },
  });
  const { pathname, query, proof } = await consent(mine);
  expect(pathname).toBe('/1/OAuthAuthorizeToken');
  expect(query).toMatchObject({ oauth_token: 'req', expiration: 'never', scope: 'read,write,account' });
  const signed = decodeURIComponent(last().headers.authorization ?? '');
  expect(signed).toContain(`oauth_callback="${REDIRECT}?state=the-state"`);
  expect(proof).toEqual({ request_token: 'req', request_secret: 'rs' });

  const answer = { oauth_token: 'req', oauth_verifier: 'ver', state: 'the-state' };
  const tokens = await oauth.complete(mine, REDIRECT, answer, proof);
  expect(last().headers.authorization).toContain('oauth_verifier="ver"');
  expect(tokens).toMatchObject({ values: { consumer_key: 'our-id', oauth_token: 'acc' }, expiresAt: null });
  expect(JSON.stringify(tokens)).not.toContain('canary');
  await expect(connectors.verify(mine, tokens.values)).resolves.toMatchObject({ accountId: 'm1' });
  expect(last().headers.authorization).toBe('OAuth oauth_consumer_key="our-id", oauth_token="acc"');
  expect(last().query).toEqual({ fields: 'id,username,fullName' });

  const before = vendors.seen.length;
  for (const forged of [{ ...answer, oauth_token: 'other' }, { oauth_token: 'req' }]) {
    await expect(oauth.complete(mine, REDIRECT, forged, proof)).rejects.toMatchObject({ code: 'oauth_state_invalid' });
  }
  const refused = oauth.complete(mine, REDIRECT, { denied: 'req', state: 'the-state' }, proof);
  await expect(refused).rejects.toMatchObject({ code: 'oauth_denied' });
  expect(vendors.seen).toHaveLength(before);
  routes({ 'POST https://trello.com/1/OAuthGetRequestToken': json('invalid key', 401) });
  await expect(oauth.begin(mine, REDIRECT, 's')).rejects.toMatchObject({ code: 'client_broken' });
  await expect(oauth.testApp('trello', { clientId: 'x', clientSecret: 'y' })).rejects.toMatchObject({
    code: 'client_broken',
  });
  routes({ 'DELETE https://api.trello.com/1/tokens/acc': json('invalid token', 401) });
  await expect(oauth.revoke(mine, tokens.values)).resolves.toBe('revoked');
});

test('Magento: every call is signed with the four keys, at the store’s own address', async () => {
  const given = {
    site_url: `${vendors.url}/magento/`,
    consumer_key: 'ck',
    consumer_secret: 'cs-canary',
    access_token: 'at',
    access_token_secret: 'ats-canary',
  };
  const { settings, secret } = fields('magento', 'integration', given);
  expect(settings).toEqual({ site_url: `${vendors.url}/magento`, store_code: 'default' });
  vendors.answers(json([{ base_url: 'https://shop.test/' }]));
  await expect(connectors.verify(way('magento', 'integration', settings), secret)).resolves.toMatchObject({
    accountId: 'https://shop.test/',
    accountName: 'shop.test',
  });
  expect(last().url).toMatch(/\/magento\/rest\/default\/V1\/store\/storeConfigs$/);
  expect(last().headers.authorization).toMatch(/^OAuth .*oauth_signature_method="HMAC-SHA256"/);
  expect(last().headers.authorization).not.toContain('canary');
  const plain = way('magento', 'token', settings);
  await connectors.verify(plain, { access_token: 'at' });
  expect(last().headers.authorization).toBe('Bearer at');
  vendors.answers(json({ message: "The consumer isn't authorized to access %resources." }, 401));
  await expect(connectors.verify(plain, { access_token: 'at' })).rejects.toMatchObject({ code: 'credential_rejected' });
});

test('a store that cannot be reached, or lies in our own network, is the fault of the address that was typed in', async () => {
  const secret = { access_token: 'at' };
  for (const [site, code] of [
    ['https://10.0.0.7', 'host_refused'],
    ['https://169.254.169.254', 'host_refused'],
    ['https://nowhere.invalid', 'provider_down'],
  ] as const) {
    const { settings } = fields('magento', 'token', { site_url: site, ...secret });
    await expect(connectors.verify(way('magento', 'token', settings), secret)).rejects.toMatchObject({
      code,
      fields: [{ path: 'site_url' }],
    });
  }
  const { settings } = fields('superset', 'login', { base_url: 'https://10.0.0.7', username: 'a', password: 'b' });
  await expect(oauth.renew(way('superset', 'login', settings), { password: 'b' })).rejects.toMatchObject({
    code: 'host_refused',
  });
  const elsewhere = fields('superset', 'login', { base_url: vendors.url, username: 'a', password: 'b' });
  vendors.answers(json({}, 404));
  await expect(oauth.renew(way('superset', 'login', elsewhere.settings), elsewhere.secret)).rejects.toMatchObject({
    code: 'not_that_system',
    fields: [{ path: 'base_url' }],
  });
});

test('Superset: the session is renewed by its refresh token, by a new login when that ends, and a refused login is the end', async () => {
  const { settings, secret } = fields('superset', 'login', {
    base_url: `${vendors.url}/superset-site/login/`,
    username: 'ana',
    password: 'pw-canary',
  });
  const mine = way('superset', 'login', settings);
  expect(settings['provider']).toBe('db');
  let refreshes = 200;
  let logins = 200;
  vendors.answers((seen, response, request) => {
    if (seen.url.endsWith('/refresh')) json({ access_token: 'by-refresh' }, refreshes)(seen, response, request);
    else if (seen.url.endsWith('/login'))
      json({ access_token: 'by-login', refresh_token: 'rt' }, logins)(seen, response, request);
    else json({ count: 1, result: [{}] })(seen, response, request);
  });
  const first = await oauth.renew(mine, secret);
  expect(JSON.parse(last().body)).toEqual({ username: 'ana', password: 'pw-canary', provider: 'db', refresh: true });
  expect(first.values).toMatchObject({ access_token: 'by-login', refresh_token: 'rt', password: 'pw-canary' });
  expect(Date.parse(first.expiresAt ?? '') - Date.now()).toBeLessThanOrEqual(900_000);
  await expect(connectors.verify(mine, first.values)).resolves.toMatchObject({
    accountId: `${vendors.url}/superset-site#ana`,
  });
  expect(last().headers.authorization).toBe('Bearer by-login');

  const second = await oauth.renew(mine, first.values);
  expect(last().headers.authorization).toBe('Bearer rt');
  expect(second.values).toMatchObject({ access_token: 'by-refresh', refresh_token: 'rt', password: 'pw-canary' });
  refreshes = 401;
  expect((await oauth.renew(mine, second.values)).values['access_token']).toBe('by-login');
  logins = 401;
  const refused = await oauth.renew(mine, second.values).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'grant_revoked', fields: [{ path: 'password' }] });
  expect(JSON.stringify(refused, Object.getOwnPropertyNames(refused))).not.toContain('canary');
  logins = 503;
  await expect(oauth.renew(mine, second.values)).rejects.toMatchObject({ code: 'provider_down' });
  vendors.answers((_seen, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Log in</h1>'));
  await expect(oauth.renew(mine, secret)).rejects.toMatchObject({ code: 'provider_garbage' });
});

test('Google Analytics: consent is for offline use, and an account that nobody may see is told as such', async () => {
  const mine = way('google-analytics', 'oauth');
  const { query, proof } = await consent(mine);
  expect(query).toMatchObject({ access_type: 'offline', prompt: 'consent', code_challenge_method: 'S256' });
  const list = 'GET https://analyticsadmin.googleapis.com/v1beta/accountSummaries';
  routes({
    'POST https://oauth2.googleapis.com/token': {
      access_token: 'ya29',
      refresh_token: '1//r',
      expires_in: 3599,
      id_token: 'x.y.z',
    },
    [list]: { accountSummaries: [{ account: 'accounts/1', displayName: 'Harbor' }] },
    'POST https://oauth2.googleapis.com/revoke': json({ error: 'invalid_token' }, 400),
  });
  const answer = { code: 'c', iss: 'https://accounts.google.com' };
  const tokens = await oauth.complete(mine, REDIRECT, answer, proof);
  await expect(connectors.verify(mine, tokens.values)).resolves.toMatchObject({ accountId: 'accounts/1' });
  await expect(oauth.revoke(mine, tokens.values)).resolves.toBe('revoked');
  routes({ [list]: {} });
  await expect(connectors.verify(mine, tokens.values)).rejects.toMatchObject({ code: 'credential_forbidden' });
});

test('Google Analytics: a service account signs for our token endpoint, whatever its file says', async () => {
  const file = {
    type: 'service_account',
    client_email: 'bot@proj.iam.gserviceaccount.com',
    private_key: PEM,
    token_uri: 'https://evil.test/token',
  };
  const given = { service_account_json: JSON.stringify(file, null, 2) };
  const { settings, secret } = fields('google-analytics', 'service_account', given);
  expect(settings).toEqual({ client_email: file.client_email });
  expect(secret).toEqual({ private_key: PEM });
  routes({
    'POST https://oauth2.googleapis.com/token': { access_token: 'ya29', expires_in: 3599, token_type: 'Bearer' },
  });
  const mine = way('google-analytics', 'service_account', settings);
  const tokens = await oauth.renew(mine, secret);
  expect(tokens.values).toMatchObject({ access_token: 'ya29', private_key: PEM });
  const { payload } = await jwtVerify(form()['assertion'] ?? '', createPublicKey(PEM), {
    audience: 'https://oauth2.googleapis.com/token',
    issuer: file.client_email,
  });
  expect(payload['scope']).toBe('https://www.googleapis.com/auth/analytics.readonly');
  routes({ 'POST https://oauth2.googleapis.com/token': json({ error: 'invalid_grant' }, 400) });
  await expect(oauth.renew(mine, tokens.values)).rejects.toMatchObject({ code: 'grant_revoked' });
  for (const bad of ['{}', 'not json', JSON.stringify({ ...file, private_key: 'x' })]) {
    expect(() => fields('google-analytics', 'service_account', { service_account_json: bad })).toThrow(
      expect.objectContaining({ fields: [expect.objectContaining({ path: 'service_account_json' })] }),
    );
  }
  await expect(oauth.renew(mine, { private_key: 'nonsense' })).rejects.toMatchObject({ code: 'grant_revoked' });
});
