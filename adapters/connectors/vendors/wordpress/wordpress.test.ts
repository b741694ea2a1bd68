import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { createEmulator } from '../../../../emulator/server.ts';
import type { Connection } from '../../../../ports/connections.ts';
import type { ConnectorPort, ReadQuery, Row } from '../../../../ports/connectors.ts';
import { Fault } from '../../../../ports/errors.ts';
import type { ConnectionId, TenantId } from '../../../../ports/ids.ts';
import type { Ports } from '../../../../ports/index.ts';
import { createHttp } from '../../../http/client.ts';
import type { HttpClient } from '../../../http/client.ts';
import { createConnectors, manifests } from '../../index.ts';
import { createOAuth } from '../../oauth.ts';

const tenantId = '11111111-1111-4111-8111-111111111111' as TenantId;
const id = '22222222-2222-4222-8222-222222222222' as ConnectionId;
const PASSWORD = 'abcd EFGH ijkl MNOP qrst UVWX';
const MARKER = 'bz-first-post-1';

const emulator = createEmulator();
let odd: Server;
let oddUrl = '';
let oddAnswer: (request: IncomingMessage, response: ServerResponse) => void;
let http: HttpClient;
let site = '';

let connection: Connection;
/** What the object store holds. */
let opened = Buffer.alloc(0);
let connectors: ConnectorPort;

beforeAll(async () => {
  await emulator.listen();
  odd = createServer((request, response) => oddAnswer(request, response));
  const port = await new Promise<number>((resolve) =>
    odd.listen(0, '127.0.0.1', () => resolve((odd.address() as AddressInfo).port)),
  );
  oddUrl = `http://127.0.0.1:${port}`;
  http = createHttp({ allow: [new URL(emulator.url).host, `127.0.0.1:${port}`], origins: [], userAgent: 'test' });
});
afterAll(async () => {
  await http.close();
  await emulator.close();
  odd.closeAllConnections();
  await new Promise((resolve) => odd.close(resolve));
});
beforeEach(() => {
  emulator.control.reset();
  site = `${emulator.url}/wordpress/demo`;
  connectTo({ site_url: site, api_root: `${site}/wp-json`, username: 'owner' });
});

/** One stored connection, with ports as literals. */
function connectTo(settings: Record<string, string>, password = PASSWORD) {
  connection = {
    id,
    tenantId,
    connectorId: 'wordpress',
    authMethod: 'application_password',
    scopes: null,
    vaultPath: 'somewhere',
    state: 'healthy',
    reason: null,
    settings,
    sync: [],
    isActive: true,
    secretVersion: 1,
    tokenExpiresAt: null,
    lastSyncAt: null,
    syncStatus: null,
    createdAt: '2026-11-21T00:00:00Z',
    updatedAt: '2026-11-21T00:00:00Z',
  };
  connectors = createConnectors({
    http,
    objects: { getStream: async () => Readable.from([opened]) },
    connections: { get: async () => connection } as unknown as Ports['connections'],
    secrets: {
      read: async () => ({
        version: 1,
        values: { application_password: password },
        meta: { class: 'credential', createdBy: 'test', createdAt: '2026-11-21T00:00:00Z' },
      }),
    } as unknown as Ports['secrets'],
    workflows: {
      refreshToken: () => Promise.reject(new Error('nothing to renew here')),
    } as unknown as Ports['workflows'],
  });
}

const verify = (siteUrl: string, password = PASSWORD, username = 'owner') => {
  const { secret, settings } = connectors.checkFields('wordpress', 'application_password', {
    site_url: siteUrl,
    username,
    application_password: password,
  });
  return connectors.verify({ connectorId: 'wordpress', methodId: 'application_password', settings }, secret);
};
const oddSite = (answer: typeof oddAnswer) => {
  oddAnswer = answer;
  return oddUrl;
};
const page = (query: Partial<ReadQuery> = {}, stream = 'posts') =>
  connectors.read(tenantId, id, stream, { limit: 100, ...query });

async function scan(query: Partial<ReadQuery> = {}, between: (page: number) => void = () => undefined): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | null | undefined;
  for (let pages = 0; cursor !== null; pages += 1) {
    if (pages > 0) between(pages);
    const found = await page({ ...query, cursor });
    rows.push(...found.rows);
    cursor = found.nextCursor;
  }
  return rows;
}
const ids = (rows: Row[]) => rows.map(({ externalId }) => externalId);
const published = () =>
  emulator.control.wordpress
    .site('demo')
    .items('posts')
    .filter(({ status }) => status === 'publish');

test('a site is recognised, its password proved, and its final address kept', async () => {
  const account = await verify(`${site}/wp-admin/`);
  expect(account).toEqual({
    accountId: '1',
    accountName: 'Mara Kornblum',
    settings: { site_url: site, api_root: `${site}/wp-json`, username: 'owner', user_id: '1' },
  });
});

test('an address that redirects is kept as where it led, and the password goes only there', async () => {
  const seen: (string | undefined)[] = [];
  const from = oddSite((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(301, { location: `${site}${request.url ?? ''}` }).end();
  });
  await expect(verify(from)).resolves.toMatchObject({ settings: { site_url: site } });
  expect(seen).toEqual([undefined]);
});

test('a site with plain permalinks is found under ?rest_route=', async () => {
  emulator.control.fault({ match: { path: '/wp-json' }, kind: 'html', status: 404, times: 50 });
  emulator.control.fault({ match: { path: '/wordpress/demo/wp-json' }, kind: 'html', status: 404, times: 50 });
  const account = await verify(site);
  expect(account.settings['api_root']).toBe(`${site}/?rest_route=`);
  connectTo(account.settings);
  expect((await page()).total).toBe(published().length);
});

test.each<[string, () => string, string, string]>([
  [
    'is an HTML page',
    () => oddSite((_q, r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<h1>hi</h1>')),
    'not_that_system',
    'site_url',
  ],
  ['is another system’s API', () => oddSite((_q, r) => r.end('{"hello":"world"}')), 'not_that_system', 'site_url'],
  ['has nothing there', () => oddSite((_q, r) => r.writeHead(404).end()), 'not_that_system', 'site_url'],
  ['is broken', () => oddSite((_q, r) => r.writeHead(502).end('<h1>Bad gateway</h1>')), 'provider_down', 'site_url'],
  ['hangs up', () => oddSite((q) => q.socket.destroy()), 'provider_down', 'site_url'],
  [
    'redirects to an inner address',
    () => oddSite((_q, r) => r.writeHead(302, { location: 'https://169.254.169.254/wp-json/' }).end()),
    'host_refused',
    'site_url',
  ],
  ['is an inner address', () => 'https://192.168.0.1', 'host_refused', 'site_url'],
  [
    'has application passwords switched off',
    () => oddSite((_q, r) => r.end('{"namespaces":["wp/v2"],"authentication":[]}')),
    'unsupported',
    'site_url',
  ],
])('a site that %s says so, at the address field', async (_case, address, code, field) => {
  const failure = await verify(address()).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Fault);
  expect(failure).toMatchObject({ code, fields: [{ path: field }] });
  expect(String(failure)).not.toContain(PASSWORD.replaceAll(' ', ''));
});

test('a wrong password is refused at its field before anything is kept', async () => {
  await expect(verify(site, 'wrong wrong')).rejects.toMatchObject({
    code: 'credential_rejected',
    fields: [{ path: 'application_password' }],
  });
});

const takeBack = (password = PASSWORD) => {
  const oauth = createOAuth({ http, apps: () => Promise.reject(new Error('no app of ours')), manifests });
  const way = { connectorId: 'wordpress', methodId: 'application_password', settings: connection.settings };
  return oauth.revoke(way, { application_password: password });
};
const PASSWORDS_AT = 'wp/v2/users/me/application-passwords';
const answered = (status: number, code: string) =>
  emulator.control.fault({ match: { path: PASSWORDS_AT }, kind: 'status', status, body: { code, data: { status } } });

test.each(['/wp-json', '/?rest_route='])(
  'an application password takes itself away at the site, at %s',
  async (root) => {
    connectTo({ site_url: site, api_root: site + root, username: 'owner' });
    await expect(takeBack()).resolves.toBe('revoked');
    await expect(verify(site)).rejects.toMatchObject({ code: 'credential_rejected' });
    await expect(takeBack()).resolves.toBe('revoked');
  },
);

test('a password that the site does not know is taken away already, and no other is touched', async () => {
  await expect(takeBack('wrong')).resolves.toBe('revoked');
  await expect(verify(site)).resolves.toMatchObject({ accountId: '1' });
  expect(emulator.control.requests({ method: 'DELETE' })).toEqual([]);
});

test.each(['rest_not_logged_in', 'incorrect_password', 'invalid_username', 'invalid_email'])(
  'a password that is refused with %s is taken away already',
  async (code) => {
    answered(401, code);
    await expect(takeBack()).resolves.toBe('revoked');
  },
);

test('a password whose removal was not answered is found removed by the next attempt', async () => {
  emulator.control.fault({ match: { method: 'DELETE', path: PASSWORDS_AT }, kind: 'drop-after' });
  await expect(takeBack()).rejects.toMatchObject({ code: 'provider_down' });
  await expect(takeBack()).resolves.toBe('revoked');
});

test.each([
  ['does not know the question (before 5.7)', 'GET', 'rest_application_password_not_found'],
  ['has closed the way to ask', 'GET', 'rest_no_route'],
  ['has closed the way to remove', 'DELETE', 'rest_no_route'],
])('a site that %s has no way to take the password back', async (_case, method, code) => {
  const body = { code, data: { status: 404 } };
  emulator.control.fault({ match: { method, path: PASSWORDS_AT }, kind: 'status', status: 404, body });
  await expect(takeBack()).resolves.toBe('unsupported');
  await expect(verify(site)).resolves.toMatchObject({ accountId: '1' });
});

test.each([
  ['is down', 502, 'bad_gateway', 'provider_down'],
  ['limits', 429, 'too_many', 'provider_rate_limited'],
  ['forbids it', 403, 'rest_cannot_delete_application_password', 'credential_forbidden'],
  ['is behind another lock', 401, 'authorization_required', 'credential_rejected'],
])('a site that %s has not taken the password back, and that is said', async (_case, status, code, fault) => {
  answered(status, code);
  const failure = await takeBack().catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: fault });
  expect(String(failure)).not.toContain(PASSWORD.replaceAll(' ', ''));
});

test('only a plain yes is taken for one, and what a site gives as a name leads nowhere else', async () => {
  const asked: string[] = [];
  const answers: unknown[] = [{}, { uuid: '../../../../posts/1' }, { uuid: '..' }, { uuid: 'a-1' }, { deleted: false }];
  const api_root = oddSite((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end(JSON.stringify(answers.shift()));
  });
  connectTo({ api_root, username: 'owner' });
  while (answers.length > 0) await expect(takeBack()).rejects.toMatchObject({ code: 'provider_garbage' });
  const find = `GET /${PASSWORDS_AT}/introspect`;
  expect(asked).toEqual([find, find, find, find, `DELETE /${PASSWORDS_AT}/a-1`]);
});

test('every field is checked by itself, and a field that does not exist is named', () => {
  const check = (fields: Record<string, unknown>) => () =>
    connectors.checkFields('wordpress', 'application_password', fields);
  try {
    check({ site_url: 'ftp://example.com', username: '  ', application_password: 'a\0b', colour: 'red' })();
    throw new Error('nothing was refused');
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid_request' });
    expect((error as Fault).fields.map(({ path }) => path)).toEqual([
      'site_url',
      'username',
      'application_password',
      'colour',
    ]);
  }
  expect(
    check({ site_url: 'Example.com/wp-login.php?x=1', username: ' owner ', application_password: PASSWORD })(),
  ).toEqual({
    settings: { site_url: 'https://example.com', username: 'owner' },
    secret: { application_password: PASSWORD.replaceAll(' ', '') },
  });
});

test('an unknown connector, an unknown stream, and a filter or cursor that does not fit are refused by name', async () => {
  expect(() => connectors.info('myspace')).toThrow(expect.objectContaining({ code: 'unknown_connector' }));
  expect(() => connectors.info('__proto__')).toThrow(expect.objectContaining({ code: 'unknown_connector' }));
  await expect(page({}, 'toString')).rejects.toMatchObject({ code: 'not_found' });
  await expect(page({ filter: { colour: 'red' } })).rejects.toMatchObject({
    code: 'invalid_request',
    fields: [{ path: 'filter.colour' }],
  });
  await expect(page({ filter: { status: 'odd' } })).rejects.toMatchObject({
    code: 'invalid_request',
    fields: [{ path: 'filter.status' }],
  });
  await expect(page({ cursor: 'https://attacker.test/' })).rejects.toMatchObject({
    code: 'invalid_request',
    fields: [{ path: 'cursor' }],
  });
});

test('a list equals the site’s own count, in text', async () => {
  const { rows, total, nextCursor, bytes } = await page();
  expect(total).toBe(published().length);
  expect(rows).toHaveLength(total ?? 0);
  expect(nextCursor).toBeNull();
  expect(bytes).toBeGreaterThan(1000);
  expect(JSON.stringify(rows)).not.toMatch(/<p>|&#\d+;/);
  expect(rows[0]).toMatchObject({
    status: 'publish',
    modifiedAt: expect.stringMatching(/Z$/),
    slug: expect.any(String),
  });
});

test.each([1, 7, 99, 100])('250 posts in pages of %i: each one once, in order', async (limit) => {
  emulator.control.wordpress.site('demo', { posts: limit === 1 ? 30 : 250 });
  const rows = await scan({ limit });
  expect(ids(rows)).toEqual(published().map((post) => String(post.id)));
});

test('posts that are deleted during a scan let no other one slip past', async () => {
  const demo = emulator.control.wordpress.site('demo', { posts: 250 });
  const all = published();
  const gone = [all[0], all[1], all[2], all[90], all[98]].map((post) => post?.id ?? 0);
  const rows = await scan({ limit: 100 }, (pages) => {
    if (pages === 1) for (const post of gone) demo.remove(post);
  });
  expect(new Set(ids(rows))).toEqual(new Set(all.map((post) => String(post.id))));
});

test('more posts deleted during a scan than a page holds let no other one slip past', async () => {
  const demo = emulator.control.wordpress.site('demo', { posts: 120 });
  const all = published();
  const rows = await scan({ limit: 20 }, (pages) => {
    if (pages === 4) for (const post of all.slice(0, 50)) demo.remove(post.id, true);
  });
  expect(new Set(ids(rows))).toEqual(new Set(all.map((post) => String(post.id))));
});

test('an incremental read moves what changed since, and what changes meanwhile lets no other one slip past', async () => {
  const demo = emulator.control.wordpress.site('demo', { posts: 60 });
  const all = published();
  const newest = Math.max(...all.map(({ modified }) => modified));
  const since = new Date(newest + 60_000).toISOString();
  expect(await scan({ since, limit: 10 })).toEqual([]);
  const rows = await scan({ since: new Date(0).toISOString(), limit: 10 }, (pages) => {
    const post = all[pages];
    if (post) demo.edit(post.id, { title: `edited ${pages}` });
  });
  const untouched = all.slice(6).map((post) => String(post.id));
  expect(ids(rows)).toEqual(expect.arrayContaining(untouched));
});

test('newest first, for people and agents', async () => {
  emulator.control.wordpress.site('demo', { posts: 25 });
  const first = await page({ limit: 10, order: 'newest' });
  const second = await page({ limit: 10, order: 'newest', cursor: first.nextCursor ?? undefined });
  const expected = published()
    .sort((a, b) => b.date - a.date || a.id - b.id)
    .map((post) => String(post.id));
  expect([...ids(first.rows), ...ids(second.rows)].sort()).toEqual(expected.slice(0, 20).sort());
});

test('a site that ignores the paging is found out, and so is one that hides the count', async () => {
  const rows = Array.from({ length: 100 }, (_, index) => ({
    id: index + 1,
    modified_gmt: '2026-01-01T00:00:00',
    slug: 's',
    status: 'publish',
    title: { rendered: 't' },
  }));
  let total: string | undefined = '250';
  connectTo({
    api_root: oddSite((_q, r) =>
      r.writeHead(200, total === undefined ? {} : { 'x-wp-total': total }).end(JSON.stringify(rows)),
    ),
    username: 'owner',
  });
  await expect(scan({ limit: 100 })).rejects.toMatchObject({ code: 'provider_garbage' });
  total = undefined;
  await expect(page()).rejects.toMatchObject({
    code: 'provider_garbage',
    message: expect.stringContaining('x-wp-total'),
  });
});

test('C50: nothing that a site answers sends the password elsewhere', async () => {
  let stolen = 0;
  const thief = oddSite((_q, r) => {
    stolen += 1;
    r.end('[]');
  });
  emulator.control.fault({
    match: { path: 'wp/v2/posts' },
    kind: 'body',
    headers: { link: `<${thief}/next>; rel="next"` },
    body: [],
  });
  await page();
  emulator.control.fault({
    match: { path: 'wp/v2/posts' },
    kind: 'status',
    status: 302,
    headers: { location: `${thief}/` },
  });
  await expect(page()).rejects.toMatchObject({ code: 'provider_rejected' });
  expect(stolen).toBe(1);
});

test('C52: one record that cannot be read is named by its fields, without its content, and the rest is read', async () => {
  const [good] = published();
  const readable = { id: good?.id, title: { rendered: 'a' }, slug: 's', status: 'publish', modified_gmt: null };
  emulator.control.fault({
    match: { path: 'wp/v2/posts' },
    kind: 'body',
    headers: { 'x-wp-total': '3' },
    body: [
      { ...readable, id: '../7', title: { rendered: 7 }, slug: 'secret-canary' },
      { ...readable, id: 7, title: 'secret-canary' },
      readable,
    ],
  });
  const { rows, unreadable } = await page();
  expect(ids(rows)).toEqual([String(good?.id)]);
  expect(unreadable).toEqual([
    { externalId: null, reason: expect.stringContaining('title.rendered (invalid_type)') },
    { externalId: '7', reason: 'title (invalid_type)' },
  ]);
  expect(JSON.stringify(unreadable)).not.toContain('canary');
});

test.each<[string, Parameters<typeof emulator.control.fault>[0], object]>([
  [
    '429 with seconds',
    { match: { path: 'posts' }, kind: 'status', status: 429, headers: { 'retry-after': '7' } },
    { code: 'provider_rate_limited', retryAfterMs: 7000 },
  ],
  [
    '503 with nonsense',
    { match: { path: 'posts' }, kind: 'status', status: 503, headers: { 'retry-after': 'soon' } },
    { code: 'provider_down' },
  ],
  ['a proxy’s HTML', { match: { path: 'posts' }, kind: 'html', status: 502 }, { code: 'provider_down' }],
  ['HTML that says 200', { match: { path: 'posts' }, kind: 'html', status: 200 }, { code: 'provider_garbage' }],
  ['a reset', { match: { path: 'posts' }, kind: 'reset' }, { code: 'provider_down' }],
  ['half an answer', { match: { path: 'posts' }, kind: 'cut' }, { code: 'provider_down' }],
  [
    '403',
    { match: { path: 'posts' }, kind: 'status', status: 403, body: { code: 'rest_forbidden' } },
    { code: 'credential_forbidden' },
  ],
])('%s is named for what it is', async (_case, fault, expected) => {
  emulator.control.fault(fault);
  await expect(page()).rejects.toMatchObject(expected);
});

test('a revoked password is seen on reads, whatever status they ask for, and a restored one works again', async () => {
  emulator.control.wordpress.password('demo', false);
  await expect(page()).rejects.toMatchObject({ code: 'credential_rejected' });
  await expect(page({ filter: { status: 'draft' } })).rejects.toMatchObject({ code: 'credential_rejected' });
  await expect(page({}, 'media')).rejects.toMatchObject({ code: 'credential_rejected' });
  await expect(connectors.test(connection)).rejects.toMatchObject({ code: 'credential_rejected' });
  emulator.control.wordpress.password('demo', true);
  await expect(connectors.test(connection)).resolves.toMatchObject({ accountId: '1' });
});

test('an anonymous 400 about a status counts as a refused password', async () => {
  const body = {
    code: 'rest_invalid_param',
    data: {
      status: 400,
      params: { status: 'x' },
      details: { status: { code: 'rest_forbidden_status', data: { status: 401 } } },
    },
  };
  emulator.control.fault({ match: { path: 'posts' }, kind: 'status', status: 400, body });
  await expect(page()).rejects.toMatchObject({ code: 'credential_rejected' });
});

test.each(['reauth_required', 'disconnected', 'disconnecting', 'pending'] as const)(
  'a connection that is %s asks nothing of the site',
  async (state) => {
    connection = { ...connection, state };
    await expect(page()).rejects.toMatchObject({ code: 'reauth_required' });
    expect(emulator.control.requests()).toHaveLength(0);
  },
);

const drafts = () =>
  emulator.control.wordpress
    .site('demo')
    .items('posts')
    .filter(({ slug }) => slug.startsWith(MARKER));
const at = (stream: string) => ({ tenantId, connectionId: id, stream });
const create = (stream: string, input: Record<string, unknown>, marker = MARKER) =>
  connectors.write(at(stream), { kind: 'create', input }, marker);
const remove = (stream: string, externalId: string) =>
  connectors.write(at(stream), { kind: 'delete', externalId }, MARKER);
const FIRST = { title: 'First & best', content: 'Hello' };
const write = (content = 'Hello') => create('posts', { ...FIRST, content });
const look = (stream = 'posts', input: Record<string, unknown> = FIRST, marker = MARKER) =>
  connectors.probe(at(stream), { kind: 'create', input }, marker);

test('a post is made as a draft under its marker, found by it, binned, and still found', async () => {
  expect(await look()).toBeNull();
  const receipt = await write();
  expect(drafts()).toMatchObject([{ status: 'draft', slug: MARKER, title: 'First &amp; best', content: 'Hello' }]);
  expect(await look()).toEqual(receipt);
  await remove('posts', receipt.externalId);
  expect(await look()).toMatchObject({ externalId: receipt.externalId });
  await remove('posts', receipt.externalId);
  await remove('posts', '999999');
});

test('C55: an answer that was lost leaves a draft that the probe finds', async () => {
  emulator.control.fault({ match: { method: 'POST', path: 'wp/v2/posts' }, kind: 'drop-after' });
  await expect(write()).rejects.toMatchObject({ code: 'provider_down', maybeProcessed: true });
  expect(await look()).toEqual({ externalId: String(drafts()[0]?.id), link: expect.any(String) });
  expect(drafts()).toHaveLength(1);
});

test('a model’s HTML keeps its form and loses its teeth', async () => {
  await write(
    '<h2 onclick="x()">Bread</h2><p style="a">a < b & c &amp; d</p><script>alert(1)</script><img src=x onerror=alert(1)>[gallery]<a href="https://e.test/?a=1" onclick="x">l</a><a href="javascript:x">m</a>',
  );
  expect(drafts()[0]?.content).toBe(
    '<h2>Bread</h2><p>a &lt; b &amp; c &amp; d</p>&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&#91;gallery]<a href="https://e.test/?a=1">l</a><a>m</a>',
  );
});

test('what cannot be written is refused by field, and the site’s own refusal names its field', async () => {
  await expect(create('posts', { title: '', content: 'x' })).rejects.toMatchObject({
    code: 'invalid_request',
    fields: [{ path: 'title' }],
  });
  emulator.control.fault({
    match: { method: 'POST', path: 'posts' },
    kind: 'status',
    status: 400,
    body: { code: 'rest_invalid_param', data: { params: { slug: 'no' } } },
  });
  await expect(create('posts', { title: 'a', content: 'x' })).rejects.toMatchObject({
    code: 'provider_rejected',
    fields: [{ path: 'slug' }],
  });
});

const records = () => emulator.control.records('wordpress').collections;
const one = (stream: string, externalId: string) => connectors.readOne(tenantId, id, stream, externalId);

test('a change touches what it names and nothing else, and publishes only when told to', async () => {
  const { externalId } = await create('pages', FIRST);
  const change = (input: Record<string, unknown>) =>
    connectors.write(at('pages'), { kind: 'update', externalId, input }, MARKER);
  await change({ title: 'Second' });
  expect(await one('pages', externalId)).toMatchObject({ title: 'Second', text: 'Hello', status: 'draft' });
  const published = { slug: 'bread', status: 'publish' };
  await change(published);
  await change({ title: 'Third' });
  expect(await one('pages', externalId)).toMatchObject({ title: 'Third', ...published });
  expect(emulator.control.requests({ method: 'POST', path: '/wordpress/demo/wp-json/wp/v2/pages' })).toHaveLength(4);
});

test('a category is made once by its name, found by it, and a second of the name is a conflict', async () => {
  const input = { name: 'Bread & butter', description: 'x' };
  expect(await look('categories', input)).toBeNull();
  emulator.control.fault({ match: { method: 'POST', path: 'wp/v2/categories' }, kind: 'drop-after' });
  await expect(create('categories', input)).rejects.toMatchObject({ code: 'provider_down' });
  const found = await look('categories', input);
  expect(await one('categories', found?.externalId ?? '')).toMatchObject({ name: 'Bread & butter', parentId: null });
  await expect(create('categories', input)).rejects.toMatchObject({ code: 'conflict' });
  expect(await look('categories', { ...input, name: 'Bread' })).toBeNull();
  await remove('categories', found?.externalId ?? '');
  await remove('categories', found?.externalId ?? '');
  expect(records()['categories']?.ids()).not.toContain(found?.externalId);
});

test('a person is made with a password that nobody learns, and what a deleted one wrote goes to us', async () => {
  connectTo({ ...connection.settings, user_id: '1' });
  const input = { username: 'nora', email: 'nora@kornblume.example', name: 'Nora Feld', roles: ['author'] };
  const { externalId } = await create('users', input);
  expect(await one('users', externalId)).toMatchObject({ username: 'nora', roles: ['author'], modifiedAt: null });
  expect(await look('users', input)).toMatchObject({ externalId });
  await expect(create('users', input)).rejects.toMatchObject({ code: 'conflict', providerCode: 'existing_user_login' });
  await remove('users', externalId);
  const [deleted] = emulator.control.requests({ method: 'DELETE' });
  expect(deleted?.path).toContain('reassign=1');
  await expect(one('users', externalId)).rejects.toMatchObject({ code: 'not_found' });
});

test('a file arrives byte by byte under its marker, with what is said of it, and media have no bin', async () => {
  const bytes = Buffer.from([0, 255, 13, 10, 0x2d, 0x2d]);
  const file = { objectKey: 'uploads/x', name: 'Café “au lait”.png', contentType: 'image/png', bytes: bytes.length };
  opened = bytes;
  const input = { title: 'Coffee', alt_text: 'A cup' };
  const { externalId } = await connectors.write(at('media'), { kind: 'create', input, file }, MARKER);
  expect(await one('media', externalId)).toMatchObject({ title: 'Coffee', text: 'A cup', slug: MARKER });
  expect(await look('media', input)).toMatchObject({ externalId });
  await remove('media', externalId);
  await expect(one('media', externalId)).rejects.toMatchObject({ code: 'not_found' });
});

test('one record is read by its id, and an id that is none never reaches the site', async () => {
  const [post] = published();
  await expect(connectors.readOne(tenantId, id, 'posts', String(post?.id))).resolves.toMatchObject({
    externalId: String(post?.id),
    slug: post?.slug,
  });
  await expect(connectors.readOne(tenantId, id, 'posts', '999999')).rejects.toMatchObject({ code: 'not_found' });
  const before = emulator.control.requests().length;
  for (const odd of ['../../users/me', '1?x', '', '-1', '1e3']) {
    await expect(connectors.readOne(tenantId, id, 'posts', odd)).rejects.toMatchObject({ code: 'not_found' });
  }
  expect(emulator.control.requests()).toHaveLength(before);
});
