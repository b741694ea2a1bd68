import { createHmac, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { baseString, encode, signature } from './oauth1/signature.ts';
import { createEmulator } from './server.ts';
import { asker } from './testing/client.ts';

let clock = Date.parse('2026-11-21T12:00:00Z');
const emulator = createEmulator({ now: () => clock });
const trello = (path: string, init?: RequestInit) => asker(emulator, 'trello')(path, init);

beforeAll(() => emulator.listen());
beforeEach(() => emulator.control.reset());
afterAll(() => emulator.close());

test('RFC 5849 §1.2: the three requests of the printer have the published signatures', () => {
  const common = { oauth_consumer_key: 'dpf43f3p2l4k3l03', oauth_signature_method: 'HMAC-SHA1' };
  const sign = (method: string, url: string, params: Record<string, string>, tokenSecret?: string) =>
    signature(
      { method, url, params: Object.entries({ ...common, ...params }) },
      'HMAC-SHA1',
      'kd94hf93k423kf44',
      tokenSecret,
    );
  const initiate = { oauth_timestamp: '137131200', oauth_nonce: 'wIjqoS' };
  expect(
    sign('POST', 'https://photos.example.net/initiate', {
      ...initiate,
      oauth_callback: 'http://printer.example.com/ready',
    }),
  ).toBe('74KNZJeDHnMBp0EMJ9ZHt/XKycU=');
  const token = {
    oauth_token: 'hh5s93j4hdidpola',
    oauth_timestamp: '137131201',
    oauth_nonce: 'walatlh',
    oauth_verifier: 'hfdp7dh39dks9884',
  };
  expect(sign('POST', 'https://photos.example.net/token', token, 'hdhd0244k9j7ao03')).toBe(
    'gKgrFCywp7rO0OXSjdot/IHF7IU=',
  );
  const photo = { oauth_token: 'nnch734d00sl2jdk', oauth_timestamp: '137131202', oauth_nonce: 'chapoH' };
  const query = { file: 'vacation.jpg', size: 'original' };
  expect(sign('GET', 'http://photos.example.net/photos', { ...photo, ...query }, 'pfkkdhi9sl3r4s00')).toBe(
    'MdpQcU8iPSUjWoN/UDMsK2sui9I=',
  );
});

test('RFC 5849 §3.4.1: the base string is the published one, blanks, repeats and empty values included', () => {
  const params: [string, string][] = [
    ['b5', '=%3D'],
    ['a3', 'a'],
    ['c@', ''],
    ['a2', 'r b'],
    ['oauth_consumer_key', '9djdj82h48djs9d2'],
    ['oauth_token', 'kkk9d7dh3k39sjv7'],
    ['oauth_signature_method', 'HMAC-SHA1'],
    ['oauth_timestamp', '137131201'],
    ['oauth_nonce', '7d8f3e4a'],
    ['c2', ''],
    ['a3', '2 q'],
  ];
  expect(baseString({ method: 'post', url: 'http://EXAMPLE.COM:80/request?b5=x', params })).toBe(
    'POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7',
  );
});

/** A signature made without the code under test. */
function header(method: string, path: string, extra: Record<string, string> = {}, tokenSecret = '', bent = {}) {
  const params: Record<string, string> = {
    oauth_consumer_key: 'emulated-client',
    oauth_signature_method: 'HMAC-SHA1',
    oauth_timestamp: String(Math.floor(clock / 1000)),
    oauth_nonce: randomBytes(8).toString('hex'),
    oauth_version: '1.0',
    ...extra,
    ...bent,
  };
  const enc = (text: string) => encodeURIComponent(text).replace(/\*/g, '%2A');
  const joined = Object.keys(params)
    .sort()
    .map((name) => `${enc(name)}=${enc(params[name] ?? '')}`)
    .join('&');
  const base = [method, `${emulator.url}/trello${path}`, joined].map(enc).join('&');
  params['oauth_signature'] = createHmac('sha1', `emulated-secret&${tokenSecret}`).update(base).digest('base64');
  const list = Object.entries(params).map(([name, value]) => `${enc(name)}="${enc(value)}"`);
  return { method, headers: { authorization: `OAuth ${list.join(', ')}` } };
}

const CALLBACK = 'http://127.0.0.1:3000/api/v1/oauth/callback/trello?state=abc';
const pairOf = async (path: string, init: RequestInit) => {
  const answer = await trello(path, init);
  const values = new URLSearchParams(answer.text);
  return {
    status: answer.status,
    token: values.get('oauth_token') ?? '',
    secret: values.get('oauth_token_secret') ?? '',
  };
};
const begin = () =>
  pairOf('/1/OAuthGetRequestToken', header('POST', '/1/OAuthGetRequestToken', { oauth_callback: CALLBACK }));

async function connect(query = 'scope=read,write&expiration=never') {
  const temporary = await begin();
  const page = await trello(`/1/OAuthAuthorizeToken?oauth_token=${temporary.token}&name=Us&${query}`);
  expect(page.text).toContain('<form method="post" action="OAuthAuthorizeToken">');
  const decided = await trello(`/1/OAuthAuthorizeToken?oauth_token=${temporary.token}&${query}`, {
    method: 'POST',
    body: new URLSearchParams({ decision: 'approve' }),
  });
  const back = new URL(decided.headers.get('location') ?? '');
  expect([back.searchParams.get('state'), back.searchParams.get('oauth_token')]).toEqual(['abc', temporary.token]);
  const verifier = { oauth_token: temporary.token, oauth_verifier: back.searchParams.get('oauth_verifier') ?? '' };
  const swap = (given = verifier) =>
    pairOf('/1/OAuthGetAccessToken', header('POST', '/1/OAuthGetAccessToken', given, temporary.secret));
  return { swap, verifier };
}
const me = (token: string) =>
  trello('/1/members/me', {
    headers: { authorization: `OAuth oauth_consumer_key="emulated-client", oauth_token="${token}"` },
  });

test('trello: three legs give a token that works until it is deleted', async () => {
  const { swap, verifier } = await connect();
  expect((await swap({ ...verifier, oauth_verifier: 'guessed' })).status).toBe(401);
  const { status, token, secret } = await swap();
  expect(status).toBe(200);
  expect((await swap()).status).toBe(401);
  expect((await me(token)).body).toMatchObject({ id: '6a26eb9ccef85b4074040001', username: 'marakornblum' });
  const signed = header('GET', '/1/members/me', { oauth_token: token }, secret);
  expect((await trello('/1/members/me', signed)).status).toBe(200);
  const keys = `key=emulated-client&token=${token}`;
  expect((await trello(`/1/members/me?${keys}`)).status).toBe(200);
  expect((await trello(`/1/members/me?key=other&token=${token}`)).text).toBe('invalid key');
  expect((await trello(`/1/tokens/${token}?${keys}`, { method: 'DELETE' })).status).toBe(200);
  const gone = await me(token);
  expect([gone.status, gone.text, gone.headers.get('content-type')]).toEqual([
    401,
    'invalid token',
    'text/plain; charset=utf-8',
  ]);
  expect((await trello('/1/boards')).status).toBe(404);
});

test('trello: a token lives thirty days unless the page is asked for more', async () => {
  const { token } = await (await connect('scope=read')).swap();
  clock += 30 * 86_400_000;
  expect((await me(token)).text).toBe('expired token');
});

test('trello: a refusal goes back without a verifier, and the temporary credential is dead', async () => {
  const temporary = await begin();
  const deny = () =>
    trello(`/1/OAuthAuthorizeToken?oauth_token=${temporary.token}`, {
      method: 'POST',
      body: new URLSearchParams({ decision: 'deny' }),
    });
  const back = new URL((await deny()).headers.get('location') ?? '');
  expect([back.searchParams.get('denied'), back.searchParams.has('oauth_verifier')]).toEqual([temporary.token, false]);
  expect((await deny()).status).toBe(400);
});

test('a signed request is believed once, within five minutes, and only as it was signed', async () => {
  const path = '/1/OAuthGetRequestToken';
  const once = header('POST', path, { oauth_callback: CALLBACK });
  expect((await trello(path, once)).status).toBe(200);
  expect((await trello(path, once)).text).toBe('nonce used');
  const late = { oauth_timestamp: String(Math.floor(clock / 1000) - 301) };
  expect((await trello(path, header('POST', path, { oauth_callback: CALLBACK }, '', late))).text).toBe(
    'timestamp refused',
  );
  expect((await trello(path, header('POST', path, { oauth_callback: CALLBACK }, 'x'))).text).toBe('signature invalid');
  const other = { oauth_signature_method: 'PLAINTEXT' };
  expect((await trello(path, header('POST', path, { oauth_callback: CALLBACK }, '', other))).text).toBe(
    'signature method rejected',
  );
  emulator.control.oauth('trello').skew(301);
  expect((await trello(path, header('POST', path, { oauth_callback: CALLBACK }))).text).toBe('timestamp refused');
});

test('magento: four keys sign with HMAC-SHA256, brackets in the query included; a bearer waits for the switch', async () => {
  const magento = asker(emulator, 'magento');
  const path = '/rest/default/V1/store/storeConfigs';
  const sign = (tokenSecret: string, query: Record<string, string> = {}) => {
    const oauth = {
      oauth_consumer_key: 'emulated-client',
      oauth_token: 'emulated-token',
      oauth_signature_method: 'HMAC-SHA256',
      oauth_timestamp: String(Math.floor(clock / 1000)),
      oauth_nonce: randomBytes(8).toString('hex'),
      oauth_version: '1.0',
    };
    const all = Object.entries({ ...oauth, ...query }).map(([name, value]) => [encode(name), encode(value)].join('='));
    const base = ['GET', `${emulator.url}/magento${path}`, all.sort().join('&')].map(encode).join('&');
    const made = createHmac('sha256', `emulated-secret&${tokenSecret}`).update(base).digest('base64');
    const list = Object.entries({ ...oauth, oauth_signature: made }).map(
      ([name, value]) => `${name}="${encode(value)}"`,
    );
    const asked = Object.entries(query).map(([name, value]) => `?${encode(name)}=${encode(value)}`);
    return magento(path + asked.join(''), { headers: { authorization: `OAuth ${list.join(', ')}` } });
  };
  const good = await sign('emulated-token-secret', { 'searchCriteria[pageSize]': '100' });
  expect([good.status, good.body]).toMatchObject([200, [{ code: 'default' }]]);
  expect((await sign('wrong')).body).toEqual({ message: 'oauth_problem=signature_invalid' });
  const bearer = () => magento(path, { headers: { authorization: 'Bearer emulated-token' } });
  expect(await bearer()).toMatchObject({
    status: 401,
    body: { parameters: { resources: 'Magento_Backend::store' } },
  });
  emulator.control.oauth('magento').turn('bearer', true);
  expect((await bearer()).status).toBe(200);
  emulator.control.oauth('magento').revoke();
  expect((await sign('emulated-token-secret')).status).toBe(401);
  expect((await magento('/rest/V1/orders')).status).toBe(404);
});
