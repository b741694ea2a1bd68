import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createTcp } from 'node:net';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { Fault } from '../../ports/errors.ts';
import { createHttp } from './client.ts';
import type { HttpClient, HttpOptions } from './client.ts';
import { Unanswered } from './unanswered.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let other: Server;
let port = 0;
let otherPort = 0;
let seen: { url: string; headers: IncomingMessage['headers'] }[] = [];
let answer: Answer = (_request, response) => response.end('ok');
const opened: HttpClient[] = [];

const listening = (made: Server): Promise<number> =>
  new Promise((resolve) => made.listen(0, '127.0.0.1', () => resolve((made.address() as AddressInfo).port)));
const client = (options: Partial<HttpOptions> = {}): HttpClient => {
  const made = createHttp({ allow: [`127.0.0.1:${port}`], origins: [], userAgent: 'test', ...options });
  opened.push(made);
  return made;
};
const nowhere = () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
const at = (path: string) => `http://127.0.0.1:${port}${path}`;
const get = (url: string, http = client()) => http.send({ method: 'GET', url });

beforeAll(async () => {
  const handle: Answer = (request, response) => {
    seen.push({ url: request.url ?? '', headers: request.headers });
    answer(request, response);
  };
  server = createServer(handle);
  other = createServer(handle);
  port = await listening(server);
  otherPort = await listening(other);
});
afterEach(() => {
  seen = [];
  answer = (_request, response) => response.end('ok');
});
afterAll(async () => {
  for (const http of opened) await http.close();
  for (const made of [server, other]) {
    made.closeAllConnections();
    await new Promise((resolve) => made.close(resolve));
  }
});

test('fetch is behind the same guard: an inner host is refused before anything is sent, a redirect is not followed', async () => {
  await expect(client().fetch(`http://127.0.0.1:${otherPort}/`)).rejects.toMatchObject({ code: 'host_refused' });
  await expect(client().fetch('https://169.254.169.254/latest')).rejects.toMatchObject({ code: 'host_refused' });
  expect(seen).toEqual([]);
  answer = (_request, response) => response.writeHead(302, { location: `http://127.0.0.1:${otherPort}/` }).end();
  await expect(client().fetch(at('/moved'))).rejects.toThrow();
  expect(seen.map(({ url }) => url)).toEqual(['/moved']);
});

const INNER = [
  'https://127.0.0.1/',
  'https://127.8.9.10/',
  'https://10.1.2.3/',
  'https://172.16.0.1/',
  'https://172.31.255.254/',
  'https://192.168.1.1/',
  'https://100.64.0.1/',
  'https://169.254.169.254/',
  'https://0.0.0.0/',
  'https://0.1.2.3/',
  'https://198.18.0.1/',
  'https://192.0.2.1/',
  'https://224.0.0.1/',
  'https://255.255.255.255/',
  'https://[::]/',
  'https://[::1]/',
  'https://[fc00::1]/',
  'https://[fd12:3456::1]/',
  'https://[fe80::1]/',
  'https://[fec0::1]/',
  'https://[ff02::1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:a9fe:a9fe]/',
  'https://[::ffff:8.8.8.8]/',
  'https://[::7f00:1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[64:ff9b:1::1]/',
  'https://[2002:7f00:1::]/',
  'https://[2001::1]/',
  'https://[100::1]/',
  // One address in its many spellings.
  'https://0xa9fea9fe/',
  'https://2852039166/',
  'https://169.254.43518/',
  'https://169.16689662/',
  'https://0251.0376.0251.0376/',
  'https://0xa9.0xfe.0xa9.0xfe/',
  'https://169.254.169.254./',
  'https://①⑥⑨.②⑤④.①⑥⑨.②⑤④/',
  'https://169。254。169。254/',
  'https://%31%36%39.254.169.254/',
  'https://127.1/',
  'https://0/',
];

test.each(INNER)('C46: %s is refused before a connection is made', async (url) => {
  let connections = 0;
  const http = client({ resolve: async () => ((connections += 1), []) });
  await expect(get(url, http)).rejects.toMatchObject({ name: 'Fault', code: 'host_refused' });
  expect(connections).toBe(0);
});

test.each(['https://localhost/', 'https://metadata.internal/', 'https://site.test./'])(
  'C46: %s is refused for what its name resolves to',
  async (url) => {
    const http = client({ resolve: async () => [{ address: '10.0.0.7', family: 4 }] });
    await expect(get(url, http)).rejects.toMatchObject({ code: 'host_refused' });
  },
);

test('C46: one inner address among public ones is enough to refuse a name', async () => {
  const http = client({
    resolve: async () => [
      { address: '93.184.216.34', family: 4 },
      { address: '::1', family: 6 },
    ],
  });
  await expect(get('https://mixed.test/', http)).rejects.toMatchObject({ code: 'host_refused' });
});

test('C47: a name that resolves to an inner address at connect time never reaches it, whatever it resolved to before', async () => {
  let reached = 0;
  const canary = createTcp((socket) => {
    reached += 1;
    socket.destroy();
  });
  const canaryPort = await listening(canary as unknown as Server);
  let asked = 0;
  const resolve = async () => [{ address: (asked += 1) === 1 ? '192.0.2.1' : '127.0.0.1', family: 4 }];
  const http = client({ resolve, ports: [canaryPort] });
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await expect(get(`https://rebinding.test:${canaryPort}/`, http)).rejects.toMatchObject({ code: 'host_refused' });
  }
  expect(asked).toBe(3);
  expect(reached).toBe(0);
  await new Promise((done) => canary.close(done));
});

test('C47: a socket that the allow-list opened is not reused for a guarded host', async () => {
  const http = client({
    allow: [`localhost:${port}`],
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    ports: [443, port],
  });
  await expect(get(`http://localhost:${port}/`, http)).resolves.toMatchObject({ status: 200 });
  await expect(get(`https://localhost:443/`, http)).rejects.toMatchObject({ code: 'host_refused' });
  await expect(get(`http://127.0.0.1:${port}/`, http)).rejects.toMatchObject({ code: 'host_refused' });
  expect(seen).toHaveLength(1);
});

test.each([
  'http://169.254.169.254/latest/meta-data/',
  'https://169.254.169.254/',
  'https://[::1]/',
  'http://example.com/',
  'file:///etc/passwd',
  'https://user:password@example.com/',
])('C48: a redirect to %s is not followed', async (location) => {
  answer = (_request, response) => response.writeHead(302, { location }).end();
  await expect(get(at('/'), client({ resolve: nowhere }))).rejects.toMatchObject({ code: 'host_refused' });
  expect(seen).toHaveLength(1);
});

test('C48: off its origin a redirect carries nothing that the caller gave, on it everything', async () => {
  const http = client({ allow: [`127.0.0.1:${port}`, `127.0.0.1:${otherPort}`] });
  answer = (request, response) => {
    if (request.url === '/a') response.writeHead(301, { location: '/b' }).end();
    else if (request.url === '/b') response.writeHead(307, { location: `http://127.0.0.1:${otherPort}/c` }).end();
    else response.end('there');
  };
  const headers = { authorization: 'Bearer secret', 'x-api-key': 'secret', cookie: 'a=secret' };
  const found = await http.send({ method: 'GET', url: at('/a'), headers });
  expect(found.url).toBe(`http://127.0.0.1:${otherPort}/c`);
  expect(found.body.toString()).toBe('there');
  expect(seen.map(({ headers: { authorization } }) => authorization)).toEqual([
    'Bearer secret',
    'Bearer secret',
    undefined,
  ]);
  expect(JSON.stringify(seen[2])).not.toContain('secret');
});

test('C48: the sixth redirect is an error, and what is not GET or HEAD is never sent on', async () => {
  answer = (_request, response) => response.writeHead(302, { location: '/again' }).end();
  await expect(get(at('/'))).rejects.toMatchObject({ code: 'provider_garbage' });
  expect(seen).toHaveLength(6);
  const posted = await client().send({ method: 'POST', url: at('/'), body: '{}' });
  expect(posted.status).toBe(302);
  expect(seen).toHaveLength(7);
});

test.each([
  'http://example.com/',
  'http://example.com:443/',
  'ftp://example.com/',
  'file:///etc/passwd',
  'gopher://example.com/',
  'data:text/plain,hi',
  'javascript:alert(1)',
  'https://example.com:22/',
  'https://example.com:25/',
  'https://example.com:6379/',
  'https://example.com:8443/',
  'https://user@example.com/',
  'https://user:password@example.com/',
  'https://example.com/a\r\nHost: inner',
  'https://example.com/a\nb',
  ' https://example.com/',
  'https://exa\tmple.com/',
  'example.com',
  '//example.com',
  '',
])('C49: %j is refused', async (url) => {
  // Were it asked, it would be not found, which is another fault.
  await expect(get(url, client({ resolve: nowhere }))).rejects.toMatchObject({ code: 'host_refused' });
});

test.each(['a\r\nx-injected: 1', 'a\nb', 'a\0b'])('C49: the header value %j is refused', async (value) => {
  const send = client().send({ method: 'GET', url: at('/'), headers: { 'x-a': value } });
  await expect(send).rejects.toMatchObject({ code: 'invalid_request' });
  expect(seen).toHaveLength(0);
});

test('the allow-list names host and port together', async () => {
  await expect(get(at('/'))).resolves.toMatchObject({ status: 200 });
  await expect(get(`http://127.0.0.1:${otherPort}/`)).rejects.toMatchObject({ code: 'host_refused' });
});

test('a vendor’s origin is replaced as a whole, and its look-alikes are not', async () => {
  const http = client({ origins: [{ from: 'https://api.vendor.test', to: at('/vendor') }], resolve: async () => [] });
  const found = await get('https://api.vendor.test/things?a=1', http);
  expect(found.url).toBe('https://api.vendor.test/things?a=1');
  expect(seen[0]?.url).toBe('/vendor/things?a=1');
  expect(http.rewrite('https://api.vendor.test.evil.test/')).toBe('https://api.vendor.test.evil.test/');
  await expect(get('https://api.vendor.test.evil.test/', http)).rejects.toMatchObject({ code: 'host_refused' });
});

test('the host that another one stands for is told to it, so that one place can answer for many; else nothing is told', async () => {
  const http = client({
    origins: [
      { from: 'https://*.shops.test', to: at('/shops') },
      { from: 'https://api.vendor.test', to: at('/vendor') },
    ],
    resolve: async () => [],
  });
  const found = await get('https://Acme.shops.test/admin?x=1', http);
  expect(found.url).toBe('https://Acme.shops.test/admin?x=1');
  await http.send({ method: 'GET', url: 'https://api.vendor.test/', headers: { 'x-forwarded-host': 'forged.test' } });
  await get(at('/plain'), http);
  expect(seen.map(({ url, headers }) => [url, headers['x-forwarded-host']])).toEqual([
    ['/shops/admin?x=1', 'acme.shops.test'],
    ['/vendor/', 'api.vendor.test'],
    ['/plain', undefined],
  ]);
});

test('a browser, which cannot be told by a header, finds the host in the query, where one place stands for many', () => {
  const http = client({
    origins: [
      { from: 'https://*.shops.test', to: at('/shops') },
      { from: 'https://api.vendor.test', to: at('/vendor') },
    ],
  });
  expect(http.rewrite('https://acme.shops.test/a?b=1')).toBe(at('/shops/a?b=1&forwarded_host=acme.shops.test'));
  expect(http.rewrite('https://api.vendor.test/a?b=1')).toBe(at('/vendor/a?b=1'));
});

test.each([
  'https://shops.test/',
  'https://.shops.test/',
  'https://a.b.shops.test/',
  'https://acme.shops.test.evil.test/',
  'https://acme.shops.test:8443/',
  'https://evil.test/https://acme.shops.test/',
  'https://acmexshopsxtest/',
  'http://acme.shops.test/',
])('C46: %s is not one label before the vendor’s own name, and is not replaced', async (url) => {
  const http = client({ origins: [{ from: 'https://*.shops.test', to: at('/shops') }], resolve: nowhere });
  expect(http.rewrite(url)).toBe(url);
  await expect(get(url, http)).rejects.toMatchObject({ name: expect.any(String) });
  expect(seen).toEqual([]);
});

test.each([
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
  ['identity', (body: Buffer) => body],
] as const)('an answer in %s is inflated, and a bomb stops at the cap', async (encoding, squeeze) => {
  answer = (request, response) =>
    response
      .writeHead(200, { 'content-encoding': encoding })
      .end(squeeze(request.url === '/bomb' ? Buffer.alloc(30_000_000) : Buffer.from('héllo')));
  const found = await get(at('/'));
  expect(found.body.toString()).toBe('héllo');
  await expect(get(at('/bomb'))).rejects.toMatchObject({ code: 'provider_garbage' });
});

test('an answer that trickles is over at the deadline, with what may have happened said', async () => {
  answer = (_request, response) => void response.writeHead(200).write('part');
  const failure = await client()
    .send({ method: 'POST', url: at('/'), body: 'x', timeoutMs: 150 })
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Unanswered);
  expect(failure).toMatchObject({ code: 'provider_down', maybeProcessed: true });
});

test('a connection cut after the request left may have been processed; one never made was not', async () => {
  answer = (request) => request.socket.destroy();
  const cut = client().send({
    method: 'POST',
    url: at('/?token=canary'),
    headers: { authorization: 'canary' },
    body: 'canary',
  });
  const failure = await cut.catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'provider_down', maybeProcessed: true });
  expect(String(failure) + JSON.stringify(failure)).not.toContain('canary');

  const vacant = createTcp();
  const vacantPort = await listening(vacant as unknown as Server);
  await new Promise((done) => vacant.close(done));
  const refused = client({ allow: [`127.0.0.1:${vacantPort}`] }).send({
    method: 'POST',
    url: `http://127.0.0.1:${vacantPort}/`,
    body: 'x',
  });
  await expect(refused).rejects.toMatchObject({ code: 'provider_down', maybeProcessed: false });
});

test('a name that is not found is said to be not found', async () => {
  const failure = await get('https://nowhere.test/', client({ resolve: nowhere })).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Fault);
  expect(failure).toMatchObject({
    code: 'provider_down',
    maybeProcessed: false,
    message: expect.stringContaining('cannot be found'),
  });
});

test('an aborted signal throws its own reason', async () => {
  const abort = new AbortController();
  answer = () => abort.abort(new Error('cancelled by us'));
  await expect(client().send({ method: 'GET', url: at('/'), signal: abort.signal })).rejects.toThrow('cancelled by us');
});
