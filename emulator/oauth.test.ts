import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import * as oauth from 'oauth4webapi';
import { createEmulator } from './server.ts';
import { asker, bearer, CHALLENGE, CLIENT, consent, form, REDIRECT, VERIFIER, type Body } from './testing/client.ts';

let clock: number;
const emulator = createEmulator({ now: () => clock });

beforeAll(() => emulator.listen());
beforeEach(() => {
  clock = Math.floor(Date.now() / 1000) * 1000;
  emulator.control.reset();
});
afterAll(() => emulator.close());

const salesforce = (path: string, init?: RequestInit) => asker(emulator, 'salesforce')(path, init);
const google = (path: string, init?: RequestInit) => asker(emulator, 'google-analytics')(path, init);
const hubspot = (path: string, init?: RequestInit) => asker(emulator, 'hubspot')(path, init);
const control = (vendor: string) => emulator.control.oauth(vendor);
const AUTHORIZE = '/services/oauth2/authorize';
const TOKEN = '/services/oauth2/token';
const SCOPE = { client_id: CLIENT.client_id, scope: 'api refresh_token openid' };
const approve = () => consent(salesforce, AUTHORIZE, { ...SCOPE, ...CHALLENGE });
const swap = (code = '', fields: Record<string, string> = {}) =>
  salesforce(
    TOKEN,
    form({
      ...CLIENT,
      grant_type: 'authorization_code',
      code,
      redirect_uri: REDIRECT,
      code_verifier: VERIFIER,
      ...fields,
    }),
  );
const refresh = (token = '') =>
  salesforce(TOKEN, form({ ...CLIENT, grant_type: 'refresh_token', refresh_token: token }));
const works = async (token: string) => (await salesforce('/services/oauth2/userinfo', bearer(token))).status === 200;

test('where PKCE is required, a request without challenge is sent back, and so is the plain method', async () => {
  for (const challenge of [{}, { code_challenge: 'x', code_challenge_method: 'plain' }]) {
    const query = new URLSearchParams({ ...SCOPE, redirect_uri: REDIRECT, state: 's', ...challenge });
    const back = await salesforce(`${AUTHORIZE}?${query.toString()}`);
    const params = new URL(back.headers.get('location') ?? '').searchParams;
    expect([back.status, params.get('error'), params.get('state')]).toEqual([302, 'invalid_request', 's']);
  }
});

test('a verifier for a code that was asked for without a challenge is refused: the challenge was stripped', async () => {
  const { code = '' } = await consent(hubspot, '/oauth/authorize', { client_id: CLIENT.client_id, scope: 'oauth' });
  const asked = { ...CLIENT, grant_type: 'authorization_code', code, redirect_uri: REDIRECT };
  const refused = await hubspot('/oauth/2026-03/token', form({ ...asked, code_verifier: VERIFIER }));
  expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant']);
  expect((await hubspot('/oauth/2026-03/token', form(asked))).status).toBe(200);
});

test('a code that is used twice gives nothing more, and what it gave is revoked', async () => {
  const { code } = await approve();
  const first = await swap(code);
  expect(await works(first.body.access_token)).toBe(true);
  expect((await swap(code)).body.error).toBe('invalid_grant');
  expect(await works(first.body.access_token)).toBe(false);
  expect((await refresh(first.body.refresh_token)).body.error).toBe('invalid_grant');
});

test('a person may grant less than was asked for, or nothing', async () => {
  const some = await consent(salesforce, AUTHORIZE, { ...SCOPE, ...CHALLENGE }, { granted: ['api'] });
  const given = await swap(some['code']);
  expect([given.body['scope'], 'refresh_token' in given.body]).toEqual(['api', false]);
  const denied = await consent(salesforce, AUTHORIZE, { ...SCOPE, ...CHALLENGE }, { decision: 'deny' });
  expect([denied['error'], 'code' in denied]).toEqual(['access_denied', false]);
});

test('an unknown or a disabled app is told so at both endpoints, and no redirect leaves the page', async () => {
  control('salesforce').breakClient(true);
  const query = new URLSearchParams({ ...SCOPE, ...CHALLENGE, redirect_uri: REDIRECT });
  expect((await salesforce(`${AUTHORIZE}?${query.toString()}`)).status).toBe(400);
  expect((await refresh('x')).body.error).toBe('invalid_client');
  control('salesforce').breakClient(false);
  query.set('client_id', 'somebody');
  expect((await salesforce(`${AUTHORIZE}?${query.toString()}`)).status).toBe(400);
  expect((await swap('x', { client_id: 'somebody' })).body.error).toBe('invalid_client');
});

test('registered redirect URIs are matched to the letter', async () => {
  control('salesforce').redirectUris([REDIRECT]);
  const status = async (redirectUri: string) => {
    const query = new URLSearchParams({ ...SCOPE, ...CHALLENGE, redirect_uri: redirectUri });
    return (await salesforce(`${AUTHORIZE}?${query.toString()}`)).status;
  };
  expect(await status(REDIRECT)).toBe(200);
  for (const other of [`${REDIRECT}/`, `${REDIRECT}?x=1`, REDIRECT.replace('3000', '3001'), REDIRECT.toUpperCase()])
    expect([other, await status(other)]).toEqual([other, 400]);
});

test('each generation of a rotating refresh token is counted, and reuse raises one alarm and kills the family', async () => {
  const { code } = await approve();
  const first = (await swap(code)).body;
  const second = (await refresh(first.refresh_token)).body;
  const third = (await refresh(second.refresh_token)).body;
  expect(control('salesforce').tokenCalls()).toMatchObject({
    grantTypes: { refresh_token: { calls: 2, succeeded: 2 } },
    generations: [
      { generation: 1, succeeded: 1, current: false },
      { generation: 2, succeeded: 1, current: false },
      { generation: 3, succeeded: 0, current: true },
    ],
    reuseAlarms: 0,
  });
  expect((await refresh(first.refresh_token)).body.error).toBe('invalid_grant');
  expect((await refresh(third.refresh_token)).body.error).toBe('invalid_grant');
  expect(await works(third.access_token)).toBe(false);
  const { generations, reuseAlarms } = control('salesforce').tokenCalls();
  expect([generations.map(({ calls }) => calls), reuseAlarms]).toEqual([[2, 1, 1], 1]);
});

test('within the overlap a used refresh token gives the same successor again; after it, the family dies', async () => {
  control('salesforce').overlap(30);
  const { code } = await approve();
  const first = (await swap(code)).body;
  const { refresh_token: successor } = (await refresh(first.refresh_token)).body;
  clock += 29_000;
  const again = await refresh(first.refresh_token);
  expect([again.status, await works(again.body.access_token)]).toEqual([200, true]);
  expect((await refresh(successor)).status).toBe(200);
  clock += 1000;
  expect((await refresh(first.refresh_token)).status).toBe(400);
  expect(control('salesforce').tokenCalls().reuseAlarms).toBe(1);
});

test('an independent client finds the server in order: code with PKCE, refresh, introspection, revocation', async () => {
  const base = `${emulator.url}/salesforce/services/oauth2`;
  const as: oauth.AuthorizationServer = {
    issuer: 'https://login.salesforce.com',
    token_endpoint: `${base}/token`,
    introspection_endpoint: `${base}/introspect`,
    revocation_endpoint: `${base}/revoke`,
  };
  const client: oauth.Client = { client_id: CLIENT.client_id };
  const auth = oauth.ClientSecretPost(CLIENT.client_secret);
  const http = { [oauth.allowInsecureRequests]: true };
  const params = oauth.validateAuthResponse(as, client, new URLSearchParams(await approve()), 'a state');
  const granted = await oauth.processAuthorizationCodeResponse(
    as,
    client,
    await oauth.authorizationCodeGrantRequest(as, client, auth, params, REDIRECT, VERIFIER, http),
  );
  const renewed = await oauth.processRefreshTokenResponse(
    as,
    client,
    await oauth.refreshTokenGrantRequest(as, client, auth, granted.refresh_token ?? '', http),
  );
  const introspect = async () =>
    oauth.processIntrospectionResponse(
      as,
      client,
      await oauth.introspectionRequest(as, client, auth, renewed.access_token, http),
    );
  expect(await introspect()).toMatchObject({
    active: true,
    scope: 'api refresh_token openid',
    client_id: client.client_id,
  });
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(as, client, auth, renewed.refresh_token ?? '', http),
  );
  expect(await introspect()).toEqual({ active: false });
});

test('the issuer is named in the redirect where the vendor does, and an independent client holds us to it', async () => {
  const scope = 'https://www.googleapis.com/auth/analytics.readonly';
  const back = await consent(google, '/o/oauth2/v2/auth', { client_id: CLIENT.client_id, scope });
  const check = (issuer: string) =>
    oauth.validateAuthResponse(
      { issuer, authorization_response_iss_parameter_supported: true },
      { client_id: CLIENT.client_id },
      new URLSearchParams(back),
      'a state',
    );
  expect(check('https://accounts.google.com').get('code')).toBe(back['code']);
  expect(() => check('https://accounts.example')).toThrow();
});

test('an assertion is believed by its signature, its audience and its time, and by nothing less', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = await crypto.subtle.importKey(
    'pkcs8',
    privateKey.export({ type: 'pkcs8', format: 'der' }),
    { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    false,
    ['sign'],
  );
  const iss = 'reader@kornblume.iam.gserviceaccount.com';
  const ask = async (claims: Record<string, unknown> = {}, signer = key) => {
    const seconds = Math.floor(clock / 1000);
    const said = {
      iss,
      aud: 'https://oauth2.googleapis.com/token',
      scope: 'https://www.googleapis.com/auth/analytics.readonly',
      iat: seconds,
      exp: seconds + 3600,
      ...claims,
    };
    const text = [{ alg: 'RS256', typ: 'JWT' }, said]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const signature = Buffer.from(await crypto.subtle.sign('RSASSA-PKCS1-v1_5', signer, Buffer.from(text)));
    const assertion = `${text}.${signature.toString('base64url')}`;
    return google('/token', form({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }));
  };
  expect((await ask()).body.error).toBe('invalid_grant');
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  control('google-analytics').assertionKey(iss, pem);
  const given = await ask();
  expect(given.body).toMatchObject({ token_type: 'Bearer', expires_in: 3600 });
  expect((await google('/v1beta/accountSummaries?pageSize=1', bearer(given.body.access_token))).status).toBe(200);

  const other = await crypto.subtle.generateKey(
    { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' },
    false,
    ['sign', 'verify'],
  );
  const seconds = Math.floor(clock / 1000);
  for (const refused of [
    await ask({}, other.privateKey),
    await ask({ aud: 'https://elsewhere.example' }),
    await ask({ exp: seconds - 600, iat: seconds - 4200 }),
    await ask({ exp: seconds + 8000 }),
  ])
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant']);

  control('google-analytics').skew(-600);
  expect((await ask()).body.error).toBe('invalid_grant');
});

test('a vendor whose clock is wrong says so in its Date header, and judges tokens by it; its neighbours do not', async () => {
  const { accessToken } = control('salesforce').grant();
  const offset = async (vendor: string) => {
    const { headers } = await asker(emulator, vendor)('/nothing');
    return Math.round((Date.parse(headers.get('date') ?? '') - clock) / 1000);
  };
  control('salesforce').skew(-300);
  expect([await offset('salesforce'), await offset('hubspot')]).toEqual([-300, 0]);
  expect(await works(accessToken)).toBe(true);
  control('salesforce').skew(7200);
  expect([await offset('salesforce'), await works(accessToken)]).toEqual([7200, false]);
  control('salesforce').skew(0);
  expect(await works(accessToken)).toBe(true);
});

test('refresh tokens are forgotten without a word, while access tokens live on', async () => {
  const { accessToken, refreshToken } = control('salesforce').grant();
  expect(control('salesforce').forgetRefreshTokens()).toBe(1);
  expect([await works(accessToken), (await refresh(refreshToken ?? '')).body.error]).toEqual([true, 'invalid_grant']);
  expect(control('salesforce').tokenCalls().reuseAlarms).toBe(0);
});

test('an answer that is lost after processing has used its refresh token up', async () => {
  const { refreshToken } = control('salesforce').grant();
  emulator.control.fault({ match: { path: `/salesforce${TOKEN}` }, kind: 'drop-after' });
  await expect(refresh(refreshToken ?? '')).rejects.toThrow();
  expect(control('salesforce').tokenCalls()).toMatchObject({ generations: [{ succeeded: 1 }, { succeeded: 0 }] });
});

test('control over HTTP does the same for every vendor', async () => {
  const post = async (path: string, body: unknown = {}) => {
    const answer = await fetch(`${emulator.url}/control/oauth/${path}`, { method: 'POST', body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as Body & { refreshToken: string } };
  };
  const granted = await post('salesforce/grant', {
    account: 'acme.my.salesforce.com',
    scopes: ['api', 'refresh_token'],
  });
  expect(granted.body).toMatchObject({
    account: 'acme.my.salesforce.com',
    answer: { instance_url: 'https://acme.my.salesforce.com', scope: 'api refresh_token' },
  });
  for (const [path, body] of [
    ['rotate', { on: false }],
    ['overlap', { seconds: 30 }],
    ['token-lifetime', { seconds: 60 }],
    ['skew', { seconds: -300 }],
    ['redirect-uris', { uris: [REDIRECT] }],
    ['break-client', { on: false }],
  ] as const)
    expect([path, (await post(`salesforce/${path}`, body)).status]).toEqual([path, 200]);
  const renewed = await refresh(granted.body.refreshToken);
  expect([renewed.status, 'refresh_token' in renewed.body]).toEqual([200, false]);
  expect((await post('salesforce/expire-tokens')).body).toEqual({ expired: 2 });
  expect((await post('salesforce/forget-refresh-tokens')).body).toEqual({ forgotten: 1 });
  expect((await post('salesforce/revoke')).body).toEqual({ revoked: 1 });
  const calls = await fetch(`${emulator.url}/control/oauth/salesforce/token-calls`);
  expect(await calls.json()).toMatchObject({
    grantTypes: { refresh_token: { calls: 1, succeeded: 1 } },
    reuseAlarms: 0,
  });
  expect((await post('nobody/revoke')).status).toBe(400);
  expect((await post('salesforce/skew', { seconds: 'soon' })).status).toBe(400);
});
