import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';
import type { OAuthPort } from '../../ports/oauth.ts';
import { createHttp } from '../http/client.ts';
import type { HttpClient } from '../http/client.ts';
import { BEARER } from './auth-methods.ts';
import { hubspot } from './vendors/hubspot/index.ts';
import { createOAuth } from './oauth.ts';
import { app } from './testing.ts';

// A certified authorization server that is not ours, with rotation on: what we take for right must be right there, too.
const REDIRECT = 'https://us.test/api/v1/oauth/callback/judge';
const SCOPES = ['api', 'write', 'offline_access'];
const WAY = { connectorId: 'judge', methodId: 'oauth', settings: {} };

let server: Server;
let issuer = '';
let http: HttpClient;
let oauth: OAuthPort;
/** What the person consents to; the rest is refused. */
const granted = 'api offline_access';

beforeAll(async () => {
  // It warns that it is not set up for production, which it is not.
  for (const kind of ['warn', 'info'] as const) jest.spyOn(console, kind).mockImplementation(() => undefined);
  let handle: ReturnType<Provider['callback']> = () => Promise.resolve();
  server = createServer((request, response) => void handle(request, response));
  issuer = await new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  );
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'our-id',
        client_secret: 'secret-canary',
        redirect_uris: [REDIRECT],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    scopes: SCOPES,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: () => Promise.resolve(true),
    features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
    jwks: { keys: [generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })] },
    cookies: { keys: ['only for this test'] },
    findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    ttl: { AccessToken: 600, RefreshToken: 86_400, Grant: 86_400, Session: 3600, Interaction: 600 },
  });
  const callback = provider.callback();
  handle = async (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return callback(request, response);
    const grant = new provider.Grant({ accountId: 'ana', clientId: 'our-id' });
    grant.addOIDCScope(granted);
    grant.rejectOIDCScope(SCOPES.filter((scope) => !granted.split(' ').includes(scope)).join(' '));
    const grantId = await grant.save();
    return provider.interactionFinished(request, response, { login: { accountId: 'ana' }, consent: { grantId } });
  };
  http = createHttp({
    allow: [new URL(issuer).host],
    origins: [{ from: 'https://judge.test', to: issuer }],
    userAgent: 'test',
  });
  oauth = createOAuth({
    http,
    apps: async () => app(),
    manifests: {
      judge: {
        ...hubspot,
        id: 'judge',
        title: 'Judge',
        auth: [
          {
            id: 'oauth',
            title: 'Judge',
            kind: 'oauth2_code',
            fields: [],
            use: BEARER,
            authorizeUrl: 'https://judge.test/auth',
            tokenUrl: 'https://judge.test/token',
            scopes: SCOPES,
            scopeSeparator: ' ',
            pkce: 'S256',
            extraAuthorize: { prompt: 'consent' },
            clientAuth: 'body',
            tokenLifetimeS: null,
            issuer: { id: issuer, always: true },
            revoke: { how: 'rfc7009', url: 'https://judge.test/token/revocation', token: 'refresh_token' },
          },
        ],
      },
    },
  });
});
afterAll(async () => {
  await http.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A browser: follows the redirects with its cookies until one leads back to us. */
async function browse(from: string): Promise<Record<string, string>> {
  const jar = new Map<string, string>();
  let url = from;
  for (let hops = 0; hops < 10; hops += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      jar.set(name, value);
    }
    const location = answer.headers.get('location');
    if (!location) throw new Error(`no redirect: ${answer.status} ${await answer.text()}`);
    const next = new URL(location, url);
    if (next.origin === new URL(REDIRECT).origin) return Object.fromEntries(next.searchParams);
    url = next.href;
  }
  throw new Error('redirected for ever');
}

async function consent() {
  const { url, proof } = await oauth.begin(WAY, REDIRECT, 'the-state');
  const answer = await browse(url);
  expect(answer).toMatchObject({ state: 'the-state', iss: issuer });
  return { answer, proof };
}
const connect = async () => {
  const { answer, proof } = await consent();
  return oauth.complete(WAY, REDIRECT, answer, proof);
};
const revoked = { code: 'grant_revoked', providerCode: 'invalid_grant' };

test('a code with its verifier gives tokens, once', async () => {
  const { answer, proof } = await consent();
  const tokens = await oauth.complete(WAY, REDIRECT, answer, proof);
  expect(tokens.values).toMatchObject({ access_token: expect.any(String), refresh_token: expect.any(String) });
  expect(Date.parse(tokens.expiresAt ?? '') - Date.now()).toBeGreaterThan(590_000);
  await expect(oauth.complete(WAY, REDIRECT, answer, proof)).rejects.toMatchObject(revoked);
});

test('C13: each renewal rotates the refresh token, and an old one that comes again ends the whole family', async () => {
  const first = await connect();
  const second = await oauth.renew(WAY, first.values);
  const third = await oauth.renew(WAY, second.values);
  const tokens = [first, second, third].map(({ values }) => values['refresh_token']);
  expect(new Set(tokens).size).toBe(3);
  await expect(oauth.renew(WAY, first.values)).rejects.toMatchObject(revoked);
  await expect(oauth.renew(WAY, third.values)).rejects.toMatchObject(revoked);
});

test('C32: a revoked grant renews no more, and to revoke it again is no error', async () => {
  const { values } = await connect();
  await expect(oauth.revoke(WAY, values)).resolves.toBe('revoked');
  await expect(oauth.renew(WAY, values)).rejects.toMatchObject(revoked);
  await expect(oauth.revoke(WAY, values)).resolves.toBe('revoked');
});

test('C26: a code of another’s flow is refused: the verifier is not its own', async () => {
  const mine = await consent();
  const theirs = await consent();
  await expect(oauth.complete(WAY, REDIRECT, theirs.answer, mine.proof)).rejects.toMatchObject(revoked);
});

test('C24: the same code is not traded when another issuer signs the answer, or none does', async () => {
  const { answer, proof } = await consent();
  const unsigned = Object.fromEntries(Object.entries(answer).filter(([name]) => name !== 'iss'));
  for (const forged of [{ ...answer, iss: 'https://other.test' }, unsigned]) {
    await expect(oauth.complete(WAY, REDIRECT, forged, proof)).rejects.toMatchObject({ code: 'oauth_state_invalid' });
  }
  // It is still whole: nobody asked for it.
  await expect(oauth.complete(WAY, REDIRECT, answer, proof)).resolves.toBeDefined();
});

test('C25: the server sees S256 and nothing else: a request that lost its challenge gets no code', async () => {
  const { url } = await oauth.begin(WAY, REDIRECT, 's');
  const stripped = new URL(url);
  stripped.searchParams.delete('code_challenge');
  stripped.searchParams.delete('code_challenge_method');
  expect(await browse(stripped.href)).toMatchObject({ error: 'invalid_request' });
});

test('C28: fewer scopes than were asked for are stored as what was granted', async () => {
  expect((await connect()).scopes?.sort()).toEqual(['api', 'offline_access']);
});

test('C21: a wrong secret is our app’s fault, a wrong redirect address the code’s end; an app is tested without a tenant', async () => {
  const { answer, proof } = await consent();
  await expect(oauth.complete(WAY, `${REDIRECT}/other`, answer, proof)).rejects.toMatchObject(revoked);
  await expect(oauth.testApp('judge', { clientId: 'our-id', clientSecret: 'wrong' })).rejects.toMatchObject({
    code: 'client_broken',
    providerCode: 'invalid_client',
  });
  await expect(oauth.testApp('judge', { clientId: 'nobody', clientSecret: 'secret-canary' })).rejects.toMatchObject({
    code: 'client_broken',
  });
  await expect(oauth.testApp('judge', { clientId: 'our-id', clientSecret: 'secret-canary' })).resolves.toBeUndefined();
});
