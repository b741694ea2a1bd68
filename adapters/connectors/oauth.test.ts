import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttp } from '../http/client.ts';
import type { HttpClient } from '../http/client.ts';
import { manifests } from './index.ts';
import { expiryOf } from './oauth-answer.ts';
import { createOAuth } from './oauth.ts';

const CURRENT = { access_token: 'old-canary', refresh_token: 'refresh-canary', expiresAt: '' };

let server: Server;
let http: HttpClient;
let url = '';
let answer: (response: ServerResponse, request: IncomingMessage) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume().on('end', () => answer(response, request));
  });
  url = await new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  );
  http = createHttp({
    allow: [new URL(url).host],
    origins: [{ from: 'https://api.hubapi.com', to: url }],
    userAgent: 'test',
  });
});
afterAll(async () => {
  await http.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const oauth = (given = http) =>
  createOAuth({ http: given, apps: { hubspot: { clientId: 'id', clientSecret: 'secret-canary' } }, manifests });
const replies = (
  status: number,
  body: unknown,
  headers: Record<string, string> = { 'content-type': 'application/json' },
) => {
  answer = (response) =>
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
};
const refresh = () => oauth().refresh('hubspot', CURRENT);

test.each<[string, number, unknown, string]>([
  ['invalid_grant', 400, { error: 'invalid_grant' }, 'grant_revoked'],
  ['invalid_grant as text/html', 400, '{"error":"invalid_grant"}', 'grant_revoked'],
  ['invalid_client', 401, { error: 'invalid_client' }, 'client_broken'],
  ['unauthorized_client', 400, { error: 'unauthorized_client' }, 'client_broken'],
  ['invalid_request', 400, { error: 'invalid_request' }, 'client_broken'],
  ['a bare 401', 401, 'no', 'client_broken'],
  ['temporarily_unavailable', 400, { error: 'temporarily_unavailable' }, 'provider_down'],
  ['a firewall’s 403 page', 403, '<h1>Forbidden</h1>', 'provider_garbage'],
  ['a 500', 500, 'oops', 'provider_down'],
  ['a 502 page', 502, '<h1>Bad gateway</h1>', 'provider_down'],
  ['a 429', 429, {}, 'provider_rate_limited'],
  ['a redirect', 302, '', 'provider_garbage'],
  ['HTML that says 200', 200, '<h1>Log in</h1>', 'provider_garbage'],
  ['an empty body', 200, '', 'provider_garbage'],
  ['a list', 200, [], 'provider_garbage'],
  ['no token', 200, { token_type: 'bearer', expires_in: 1800 }, 'provider_garbage'],
  ['an empty token', 200, { access_token: '', token_type: 'bearer' }, 'provider_garbage'],
  ['the word undefined', 200, { access_token: 'undefined', token_type: 'bearer' }, 'provider_garbage'],
  ['the word null', 200, { access_token: 'null', token_type: 'bearer' }, 'provider_garbage'],
  ['a token that is a number', 200, { access_token: 7, token_type: 'bearer' }, 'provider_garbage'],
  ['another kind of token', 200, { access_token: 'a', token_type: 'mac' }, 'provider_garbage'],
])('%s ends in a fault of its own, without a secret in it', async (_case, status, body, code) => {
  replies(status, body);
  const failure = await refresh().catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: 'Fault', code });
  expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain('canary');
});

test('a connection cut after the request left may have been processed; one never made was not', async () => {
  answer = (_response, request) => request.socket.destroy();
  await expect(refresh()).rejects.toMatchObject({ code: 'lost_response' });
  answer = (response) => {
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-length': '500' })
      .write('{"access_token":"a');
    setImmediate(() => response.destroy());
  };
  await expect(refresh()).rejects.toMatchObject({ code: 'lost_response' });
  const nowhere = createHttp({
    allow: ['127.0.0.1:1'],
    origins: [{ from: 'https://api.hubapi.com', to: 'http://127.0.0.1:1' }],
    userAgent: 'test',
  });
  await expect(oauth(nowhere).refresh('hubspot', CURRENT)).rejects.toMatchObject({ code: 'provider_down' });
  await nowhere.close();
});

test('a vendor that does not rotate leaves the refresh token as it was; one that does replaces it', async () => {
  replies(200, { access_token: 'new', token_type: 'Bearer', expires_in: 1800, refresh_token: null });
  expect((await refresh()).values).toMatchObject({ access_token: 'new', refresh_token: 'refresh-canary' });
  replies(200, { access_token: 'newer', expires_in: 1800, refresh_token: 'rotated' });
  expect((await refresh()).values).toMatchObject({ access_token: 'newer', refresh_token: 'rotated' });
});

test.each([[1800], ['1800'], [undefined], [null], [-1], [0], ['soon'], [Number.NaN]])(
  'expires_in %j is 1800 s, by word or by the vendor’s page',
  async (expires) => {
    replies(200, { access_token: 'new', token_type: 'bearer', expires_in: expires });
    const before = Date.now();
    const { expiresAt, values } = await refresh();
    expect(values['expiresAt']).toBe(expiresAt);
    expect(Date.parse(expiresAt ?? '') - before).toBeGreaterThanOrEqual(1_799_000);
    expect(Date.parse(expiresAt ?? '') - before).toBeLessThan(1_860_000);
  },
);

test('a lifetime beyond reason is cut to a year, and one that nobody knows has no end', () => {
  expect(expiryOf(1e12, 1800, 0)).toBe(new Date(366 * 86_400_000).toISOString());
  expect(expiryOf(undefined, null, 0)).toBeNull();
});

test('without a refresh token, an application of ours or OAuth there is nothing to ask', async () => {
  await expect(oauth().refresh('hubspot', { access_token: 'a' })).rejects.toMatchObject({ code: 'grant_revoked' });
  const bare = createOAuth({ http, apps: {}, manifests });
  await expect(bare.authorizationUrl('hubspot', 'https://us.test/', 's')).rejects.toMatchObject({
    code: 'client_broken',
  });
  await expect(bare.authorizationUrl('wordpress', 'https://us.test/', 's')).rejects.toMatchObject({
    code: 'unsupported',
  });
  await expect(bare.authorizationUrl('myspace', 'https://us.test/', 's')).rejects.toMatchObject({
    code: 'unknown_connector',
  });
});
