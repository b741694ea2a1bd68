import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createEmulator } from './server.ts';
import { asker, bearer, CHALLENGE, CLIENT, consent, form, posted, REDIRECT, VERIFIER } from './testing/client.ts';

let clock = Date.parse('2026-11-21T12:00:00Z');
const emulator = createEmulator({ now: () => clock });
const at = (vendor: string, host?: string) => asker(emulator, vendor, host);
const control = (vendor: string) => emulator.control.oauth(vendor);

beforeAll(() => emulator.listen());
beforeEach(() => emulator.control.reset());
afterAll(() => emulator.close());

const CODE = { ...CLIENT, grant_type: 'authorization_code', redirect_uri: REDIRECT };
const renewal = (token = '') => form({ ...CLIENT, grant_type: 'refresh_token', refresh_token: token });

test('zoho-crm: a European is led to the European data centre, which alone gives and takes the tokens', async () => {
  const asked = { client_id: CLIENT.client_id, scope: 'ZohoCRM.org.READ,ZohoCRM.modules.ALL', access_type: 'offline' };
  const back = await consent(at('zoho-crm', 'accounts.zoho.com'), '/oauth/v2/auth', asked);
  expect(back).toMatchObject({ location: 'eu', 'accounts-server': 'https://accounts.zoho.eu' });
  const swap = form({ ...CODE, code: back['code'] ?? '' });
  const wrongDoor = await at('zoho-crm', 'accounts.zoho.com')('/oauth/v2/token', swap);
  expect([wrongDoor.status, wrongDoor.body]).toEqual([200, { error: 'invalid_code' }]);
  const server = at('zoho-crm', 'accounts.zoho.eu');
  const given = (await server('/oauth/v2/token', swap)).body;
  expect(given).toMatchObject({ api_domain: 'https://www.zohoapis.eu', expires_in: 3600, token_type: 'Bearer' });

  const renewed = (await server('/oauth/v2/token', renewal(given.refresh_token))).body;
  expect([typeof renewed.access_token, 'refresh_token' in renewed]).toEqual(['string', false]);
  const org = (host: string, token: string) => at('zoho-crm', host)('/crm/v8/org', bearer(token, 'Zoho-oauthtoken'));
  expect((await org('www.zohoapis.eu', renewed.access_token)).body).toMatchObject({ org: [{ zgid: '20091234501' }] });
  expect(await org('www.zohoapis.com', renewed.access_token)).toMatchObject({
    status: 401,
    body: { code: 'INVALID_TOKEN', status: 'error' },
  });
  expect((await server('/crm/v8/Nothing')).body).toMatchObject({ code: 'INVALID_URL_PATTERN' });

  const again = await consent(at('zoho-crm'), '/oauth/v2/auth', asked);
  const second = await server('/oauth/v2/token', form({ ...CODE, code: again['code'] ?? '' }));
  expect('refresh_token' in second.body).toBe(false);
  await server(`/oauth/v2/token/revoke?token=${given.refresh_token ?? ''}`, { method: 'POST' });
  expect((await server('/oauth/v2/token', renewal(given.refresh_token))).body).toEqual({ error: 'invalid_code' });
  const wrong = form({ ...CODE, client_id: 'x', code: 'x' });
  expect((await server('/oauth/v2/token', wrong)).body).toEqual({ error: 'invalid_client' });
});

test('shopify: the redirect is signed, tokens expire when asked to, and a refresh token lives until its successor is used', async () => {
  const shop = at('shopify', 'velo-verde.myshopify.com');
  const asked = { client_id: CLIENT.client_id, scope: 'read_products,read_orders' };
  const approve = async () => consent(shop, '/admin/oauth/authorize', asked);
  const { hmac, ...rest } = await approve();
  const text = Object.keys(rest)
    .sort()
    .map((name) => `${name}=${rest[name] ?? ''}`)
    .join('&');
  expect(hmac).toBe(createHmac('sha256', 'emulated-secret').update(text).digest('hex'));
  expect(rest).toMatchObject({ shop: 'velo-verde.myshopify.com', timestamp: String(clock / 1000) });

  const token = '/admin/oauth/access_token';
  const swap = form({ ...CLIENT, code: rest['code'] ?? '', expiring: '1' });
  expect((await at('shopify', 'ferro.myshopify.com')(token, swap)).status).toBe(400);
  const first = (await shop(token, swap)).body;
  expect(first).toMatchObject({
    expires_in: 3600,
    refresh_token_expires_in: 7_776_000,
    scope: 'read_products,read_orders',
  });

  const second = (await shop(token, renewal(first.refresh_token))).body;
  const repeated = (await shop(token, renewal(first.refresh_token))).body;
  expect(repeated.refresh_token).toBe(second.refresh_token);
  expect((await shop(token, renewal(second.refresh_token))).status).toBe(200);
  const query = posted({
    query: '{ shop { id myshopifyDomain } currentAppInstallation { accessScopes { handle } } }',
  });
  const graphql = (accessToken: string, who = shop) =>
    who('/admin/api/2026-07/graphql.json', {
      ...query,
      headers: { 'content-type': 'application/json', 'x-shopify-access-token': accessToken },
    });
  expect((await graphql(second.access_token)).body.data).toMatchObject({
    shop: { myshopifyDomain: 'velo-verde.myshopify.com' },
    currentAppInstallation: { accessScopes: [{ handle: 'read_products' }, { handle: 'read_orders' }] },
  });
  expect((await graphql(second.access_token, at('shopify', 'ferro.myshopify.com'))).status).toBe(401);
  expect((await graphql('shpat_emulated', at('shopify/kornblume.myshopify.com'))).status).toBe(200);
  expect((await shop(token, renewal(first.refresh_token))).status).toBe(400);
  expect(control('shopify').tokenCalls().reuseAlarms).toBe(1);

  const old = (await shop(token, posted({ ...CLIENT, code: (await approve())['code'] }))).body;
  expect(Object.keys(old).sort()).toEqual(['access_token', 'scope']);
  const uninstall = { method: 'DELETE', headers: { 'x-shopify-access-token': old.access_token } };
  expect((await shop('/admin/api_permissions/current.json', uninstall)).status).toBe(200);
  expect((await graphql(old.access_token)).status).toBe(401);
  const own = (await shop(token, form({ ...CLIENT, grant_type: 'client_credentials' }))).body;
  expect([own['expires_in'], own.refresh_token]).toEqual([86_399, undefined]);
});

test('salesforce: answers name the instance and no expiry; each host keeps to its own organisations', async () => {
  const asked = { client_id: CLIENT.client_id, scope: 'api refresh_token openid', ...CHALLENGE };
  const path = '/services/oauth2/token';
  const test = at('salesforce', 'test.salesforce.com');
  const { code = '' } = await consent(test, '/services/oauth2/authorize', asked);
  const given = (await test(path, form({ ...CODE, code, code_verifier: VERIFIER }))).body;
  expect(given).toMatchObject({
    instance_url: 'https://acme--dev.sandbox.my.salesforce.com',
    issued_at: String(clock),
    token_type: 'Bearer',
  });
  expect('expires_in' in given).toBe(false);
  expect(await at('salesforce', 'login.salesforce.com')(path, renewal(given.refresh_token))).toMatchObject({
    status: 400,
    body: { error: 'invalid_grant', error_description: 'expired access/refresh token' },
  });
  const renewed = (await test(path, renewal(given.refresh_token))).body;
  expect(renewed.refresh_token).not.toBe(given.refresh_token);
  control('salesforce').rotate(false);
  expect('refresh_token' in (await test(path, renewal(renewed.refresh_token))).body).toBe(false);

  const instance = at('salesforce', 'acme--dev.sandbox.my.salesforce.com');
  const info = await instance('/services/oauth2/userinfo', bearer(renewed.access_token));
  expect(info.body).toMatchObject({ organization_id: '00Dxx0000001gPLEAY' });
  expect((await instance('/services/data/v67.0/limits', bearer(renewed.access_token))).status).toBe(200);
  const lost = await at('salesforce', 'acme.my.salesforce.com')(
    '/services/oauth2/userinfo',
    bearer(renewed.access_token),
  );
  expect(lost).toMatchObject({ status: 401, body: [{ errorCode: 'INVALID_SESSION_ID' }] });
  const nothing = await instance('/services/data/v67.0/nothing', bearer(renewed.access_token));
  expect(nothing).toMatchObject({ status: 404, body: [{ errorCode: 'NOT_FOUND' }] });

  const own = form({ ...CLIENT, grant_type: 'client_credentials' });
  expect((await at('salesforce', 'login.salesforce.com')(path, own)).status).toBe(400);
  expect((await at('salesforce', 'acme.my.salesforce.com')(path, own)).body).toMatchObject({
    instance_url: 'https://acme.my.salesforce.com',
  });
});

test('salesforce: an assertion for a user name, signed with the registered key, gives a token without a refresh token', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  control('salesforce').assertionKey(CLIENT.client_id, publicKey.export({ type: 'spki', format: 'pem' }).toString());
  const seconds = Math.floor(clock / 1000);
  const claims = { iss: CLIENT.client_id, sub: 'sync@kornblume.example', aud: 'https://login.salesforce.com' };
  const text = [{ alg: 'RS256' }, { ...claims, exp: seconds + 180 }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const assertion = `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
  const ask = at('salesforce', 'login.salesforce.com');
  const grantType = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
  const given = (await ask('/services/oauth2/token', form({ grant_type: grantType, assertion }))).body;
  expect(given).toMatchObject({ instance_url: 'https://kornblume.my.salesforce.com' });
  expect('refresh_token' in given).toBe(false);
  const info = await at('salesforce')('/services/oauth2/userinfo', bearer(given.access_token));
  expect(info.body).toMatchObject({ preferred_username: 'sync@kornblume.example' });
});

test('mailchimp: the zero means no end, and the data centre comes from the metadata', async () => {
  const ask = at('mailchimp');
  const { code = '' } = await consent(
    ask,
    '/oauth2/authorize',
    { client_id: CLIENT.client_id, response_type: 'code' },
    { account: '1fe26a0a4ab2cb0f4c41b5f01' },
  );
  const given = (await ask('/oauth2/token', form({ ...CODE, code }))).body;
  expect(given).toEqual({ access_token: given.access_token, expires_in: 0, scope: null });
  const metadata = (await ask('/oauth2/metadata', bearer(given.access_token, 'OAuth'))).body;
  expect(metadata).toMatchObject({ dc: 'us21', api_endpoint: 'https://us21.api.mailchimp.com' });
  clock += 365 * 86_400_000;
  const root = (host: string) => at('mailchimp', host)('/3.0/', bearer(given.access_token));
  expect((await root('us21.api.mailchimp.com')).body).toMatchObject({ account_name: 'Ferro SL' });
  const wrong = await root('us6.api.mailchimp.com');
  expect([wrong.status, wrong.headers.get('content-type'), wrong.body['title']]).toEqual([
    401,
    'application/problem+json; charset=utf-8',
    'API Key Invalid',
  ]);
  const key = Buffer.from('any:c0ffee00c0ffee00c0ffee00c0ffee00-us6').toString('base64');
  expect((await ask('/3.0/ping', bearer(key, 'Basic'))).status).toBe(200);
  expect((await ask('/3.0/lists', bearer(key, 'Basic'))).body).toMatchObject({ title: 'Resource Not Found' });
});

test('slack: everything is a 200, bot and person come in one answer, and refresh tokens are for one use', async () => {
  const ask = at('slack');
  const basic = bearer(Buffer.from('emulated-client:emulated-secret').toString('base64'), 'Basic');
  const asked = { client_id: CLIENT.client_id, scope: 'chat:write,users:read', user_scope: 'search:read' };
  const { code = '' } = await consent(ask, '/oauth/v2/authorize', asked);
  const access = (fields: Record<string, string>) => ask('/api/oauth.v2.access', { ...form(fields), ...basic });
  const given = (await access({ code, redirect_uri: REDIRECT })).body;
  expect(given).toMatchObject({
    ok: true,
    scope: 'chat:write,users:read',
    expires_in: 43_200,
    team: { id: 'T012AB3C4' },
    authed_user: { id: 'U012AB3CDE', scope: 'search:read', token_type: 'user' },
  });
  expect(given.access_token).toMatch(/^xoxe[.]xoxb-/);
  const used = await access({ code, redirect_uri: REDIRECT });
  expect([used.status, used.body]).toEqual([200, { ok: false, error: 'code_already_used' }]);

  const check = async (token: string) => (await ask('/api/auth.test', { method: 'POST', ...bearer(token) })).body;
  expect(await check(given.access_token)).toEqual({ ok: false, error: 'token_revoked' });
  const { accessToken, refreshToken } = control('slack').grant();
  expect(await check(accessToken)).toMatchObject({ ok: true, team_id: 'T012AB3C4', user_id: 'U0KRQLJ9H' });
  const renew = async () => (await access({ grant_type: 'refresh_token', refresh_token: refreshToken ?? '' })).body;
  const renewed = await renew();
  expect(renewed.refresh_token).not.toBe(refreshToken);
  clock += 43_200_000;
  expect(await check(accessToken)).toEqual({ ok: false, error: 'token_expired' });
  expect(await renew()).toEqual({ ok: false, error: 'invalid_refresh_token' });
  expect(await check('xoxb-emulated')).toMatchObject({ ok: true });
  expect((await ask('/api/auth.revoke', { method: 'POST', ...bearer('xoxb-emulated') })).body).toEqual({
    ok: true,
    revoked: true,
  });
  expect(await check('xoxb-emulated')).toEqual({ ok: false, error: 'token_revoked' });
  expect((await ask('/api/users.list')).body).toEqual({ ok: false, error: 'not_authed' });
  const strange = await ask('/api/users.nothing', bearer(control('slack').grant().accessToken));
  expect(strange).toMatchObject({ status: 404, body: { error: 'unknown_method' } });
});

test('meta-ads: a short token is exchanged for a long one while it lives, and permissions can be withdrawn', async () => {
  const ask = at('meta-ads');
  const asked = { client_id: CLIENT.client_id, scope: 'ads_read,ads_management' };
  const { code = '' } = await consent(ask, '/v25.0/dialog/oauth', asked);
  const token = (fields: Record<string, string>) =>
    ask(`/v25.0/oauth/access_token?${new URLSearchParams({ ...CLIENT, ...fields }).toString()}`);
  const short = (await token({ code, redirect_uri: REDIRECT })).body;
  expect(short).toMatchObject({ token_type: 'bearer', expires_in: 3600 });
  const exchange = (held: string) => token({ grant_type: 'fb_exchange_token', fb_exchange_token: held });
  const long = (await exchange(short.access_token)).body;
  expect(long['expires_in']).toBe(5_184_000);
  const proof = createHmac('sha256', CLIENT.client_secret).update(long.access_token).digest('hex');
  const me = () => ask(`/v25.0/me?fields=id,name&appsecret_proof=${proof}`, bearer(long.access_token));
  expect((await me()).body).toEqual({ id: '10158330021330377', name: 'Mara Kornblum' });
  clock += 3_600_000;
  expect((await exchange(short.access_token)).body.error).toMatchObject({ code: 190, error_subcode: 463 });
  expect((await exchange(long.access_token)).status).toBe(200);
  const withdrawn = await ask('/v25.0/10158330021330377/permissions', {
    method: 'DELETE',
    ...bearer(long.access_token),
  });
  expect(withdrawn.body).toEqual({ success: true });
  expect(await me()).toMatchObject({
    status: 400,
    body: { error: { type: 'OAuthException', code: 190, error_subcode: 458 } },
  });
  expect(control('meta-ads').tokenCalls().grantTypes['fb_exchange_token']).toEqual({ calls: 3, succeeded: 2 });
  expect((await ask('/v25.0/act_1/campaigns')).body.error).toMatchObject({ code: 190 });
  const unseen = await ask('/v25.0/act_1/campaigns', bearer(control('meta-ads').grant().accessToken));
  expect(unseen.body.error).toMatchObject({ code: 100, error_subcode: 33 });
});

test('tiktok-ads: its own names, its own wrapper, and a slash at the end of every path', async () => {
  const ask = at('tiktok-ads');
  const { auth_code: authCode } = await consent(ask, '/portal/auth', { app_id: CLIENT.client_id });
  const app = { app_id: CLIENT.client_id, secret: CLIENT.client_secret };
  const swap = () => ask('/open_api/v1.3/oauth2/access_token/', posted({ ...app, auth_code: authCode }));
  const given = (await swap()).body;
  expect(given).toMatchObject({
    code: 0,
    message: 'OK',
    data: { advertiser_ids: ['7390011224455667788', '7390011224455667799'] },
  });
  expect((await swap()).body).toMatchObject({ code: 40_110, data: {} });

  const { accessToken } = control('tiktok-ads').grant();
  const user = (token?: string, path = '/open_api/v1.3/user/info/') =>
    ask(path, token ? { headers: { 'access-token': token } } : {});
  expect((await user(accessToken)).body).toMatchObject({ code: 0, data: { core_user_id: '7180011223344556677' } });
  expect((await user(accessToken, '/open_api/v1.3/user/info')).status).toBe(404);
  expect((await user()).body).toMatchObject({ code: 40_104 });
  const list = await ask(`/open_api/v1.3/oauth2/advertiser/get/?${new URLSearchParams(app).toString()}`, {
    headers: { 'access-token': accessToken },
  });
  expect(list.body.data).toMatchObject({ list: [{ advertiser_id: '7390011224455667788' }, {}] });
  const revoke = await ask('/open_api/v1.3/oauth2/revoke_token/', posted({ ...app, access_token: accessToken }));
  expect(revoke.body).toMatchObject({ code: 0 });
  expect(await user(accessToken)).toMatchObject({ status: 200, body: { code: 40_105 } });
  expect((await ask('/open_api/v1.3/oauth2/access_token/', posted({ ...app, secret: 'x' }))).body).toMatchObject({
    code: 40_001,
  });
});

test('superset: a session is logged into, renewed with its refresh token, and lapses', async () => {
  const ask = at('superset');
  const login = (password = 'emulated-password', refresh = true) =>
    ask('/api/v1/security/login', posted({ username: 'owner', password, provider: 'db', refresh }));
  expect(await login('guessed')).toMatchObject({ status: 401, body: { message: 'Not authorized' } });
  const given = (await login()).body;
  expect('refresh_token' in (await login(undefined, false)).body).toBe(false);
  const dashboards = (init?: RequestInit) => ask('/api/v1/dashboard/?q=(page:0,page_size:1)', init);
  expect((await dashboards(bearer(given.access_token))).body).toMatchObject({ count: 1, result: [{ id: 12 }] });
  clock += 900_000;
  expect(await dashboards(bearer(given.access_token))).toMatchObject({
    status: 401,
    body: { msg: 'Token has expired' },
  });
  const renew = () => ask('/api/v1/security/refresh', { method: 'POST', ...bearer(given.refresh_token ?? '') });
  const renewed = (await renew()).body;
  expect(Object.keys(renewed)).toEqual(['access_token']);
  expect((await dashboards(bearer(renewed.access_token))).status).toBe(200);
  expect((await dashboards(bearer('nonsense'))).body).toEqual({ msg: 'Not enough segments' });
  expect((await dashboards()).status).toBe(401);
  clock += 2_592_000_000;
  expect((await renew()).body).toEqual({ msg: 'Token has expired' });
  control('superset').breakClient(true);
  expect((await login()).status).toBe(401);
});

test('google-analytics: a refresh token comes only offline, and again only when consent is asked for again', async () => {
  const ask = at('google-analytics');
  const scope = 'https://www.googleapis.com/auth/analytics.readonly';
  const connect = async (extra: Record<string, string>) => {
    const asked = { client_id: CLIENT.client_id, response_type: 'code', scope, ...extra };
    const { code = '' } = await consent(ask, '/o/oauth2/v2/auth', asked);
    return (await ask('/token', form({ ...CODE, code }))).body;
  };
  expect('refresh_token' in (await connect({}))).toBe(false);
  expect('refresh_token' in (await connect({ access_type: 'offline' }))).toBe(false);
  const given = await connect({ access_type: 'offline', prompt: 'consent' });
  expect(given).toMatchObject({ expires_in: 3600, token_type: 'Bearer', scope });
  const renewed = (await ask('/token', renewal(given.refresh_token))).body;
  expect('refresh_token' in renewed).toBe(false);
  const summaries = () => ask('/v1beta/accountSummaries?pageSize=1', bearer(renewed.access_token));
  expect((await summaries()).body).toMatchObject({ accountSummaries: [{ account: 'accounts/104482913' }] });
  expect((await ask(`/revoke?token=${given.refresh_token ?? ''}`, { method: 'POST' })).status).toBe(200);
  expect(await summaries()).toMatchObject({ status: 401, body: { error: { status: 'UNAUTHENTICATED' } } });
  expect(await ask('/token', renewal(given.refresh_token))).toMatchObject({
    status: 400,
    body: { error: 'invalid_grant' },
  });
  expect((await ask('/v1beta/properties')).body.error).toMatchObject({ status: 'UNAUTHENTICATED' });
  const held = bearer(control('google-analytics').grant().accessToken);
  expect((await ask('/v1beta/nothing', held)).body.error).toMatchObject({ status: 'NOT_FOUND' });
});

test('every vendor gives a grant without a browser', async () => {
  for (const vendor of [
    'hubspot',
    'zoho-crm',
    'shopify',
    'salesforce',
    'mailchimp',
    'slack',
    'meta-ads',
    'tiktok-ads',
    'trello',
    'magento',
    'superset',
    'google-analytics',
    'linkedin',
    'wordpress-com',
  ]) {
    const { accessToken, answer } = control(vendor).grant();
    expect([vendor, JSON.stringify(answer).includes(accessToken)]).toEqual([vendor, true]);
  }
});

test('grants, generations and revocations of every kind outlive a kill', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'emulator-'));
  const first = createEmulator({ folder });
  const kept = first.control.oauth('salesforce').grant();
  const lost = first.control.oauth('trello').grant();
  first.control.oauth('trello').revoke();
  const secret = first.control.oauth('magento').grant();

  // Nothing is closed: a kill closes nothing either.
  await using second = createEmulator({ folder });
  await second.listen();
  const ask = asker(second, 'salesforce');
  const renewed = await ask('/services/oauth2/token', renewal(kept.refreshToken ?? ''));
  expect(renewed.status).toBe(200);
  expect(second.control.oauth('salesforce').tokenCalls().generations).toMatchObject([
    { generation: 1, succeeded: 1 },
    { generation: 2, succeeded: 0 },
  ]);
  const me = asker(second, 'trello')(`/1/members/me?key=emulated-client&token=${lost.accessToken}`);
  expect((await me).text).toBe('invalid token');
  expect(typeof secret.tokenSecret).toBe('string');
  await rm(folder, { recursive: true });
});

test('the journal holds no secret of any vendor: not in a path, not in a query, not in a header of its own', async () => {
  const secret = 'never-to-be-seen';
  await at('meta-ads')(`/v25.0/oauth/access_token?client_secret=${secret}&fb_exchange_token=${secret}&grant_type=x`);
  await at('tiktok-ads')(`/open_api/v1.3/oauth2/advertiser/get/?app_id=x&secret=${secret}`, {
    headers: { 'access-token': secret },
  });
  await at('trello')(`/1/tokens/${secret}?key=x&token=${secret}`, { method: 'DELETE' });
  await at('shopify')('/admin/api/2026-07/shop.json', { headers: { 'x-shopify-access-token': secret } });
  const seen = emulator.control.requests();
  expect(JSON.stringify(seen)).not.toContain(secret);
  expect(seen.map(({ credential }) => credential?.split(' ')[0])).toEqual([
    undefined,
    'access-token',
    undefined,
    'x-shopify-access-token',
  ]);
});
