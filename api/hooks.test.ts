import { createHmac, randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { Manifest } from '../adapters/connectors/manifest.ts';
import type { Webhooks } from '../adapters/connectors/webhooks.ts';
import { seedPlatformRole } from '../adapters/postgres/identity.ts';
import { sql } from '../adapters/postgres/sql.ts';
import { postgresStores } from '../adapters/postgres/stores.ts';
import type { Stores } from '../adapters/postgres/stores.ts';
import { aConnection, aMember, aTenant } from '../adapters/postgres/testing-data.ts';
import { freshDatabase } from '../adapters/postgres/testing.ts';
import type { TestDatabase } from '../adapters/postgres/testing.ts';
import { createWebhooks } from '../adapters/webhooks/index.ts';
import { Fault } from '../ports/errors.ts';
import { Email, PLATFORM } from '../ports/ids.ts';
import type { ConnectionId, TenantId } from '../ports/ids.ts';
import type { Principal } from '../ports/identity.ts';
import { oauthAppSecretPath, rotationSecretPath, webhookSecretPath } from '../ports/secrets.ts';
import type { SecretValues } from '../ports/secrets.ts';
import { createApp } from './app.ts';
import type { ApiDeps } from './deps.ts';
import { openServer } from './server.ts';
import { openApi } from './testing.ts';
import type { TestApi } from './testing.ts';

const hex = { scheme: 'hmac', algorithm: 'sha256', encoding: 'hex', signed: '{body}' } as const;

const hooks = (more: Partial<Webhooks>): Webhooks => ({
  signature: { ...hex, header: 'X-Sig' },
  secret: 'endpoint',
  id: { at: 'id' },
  type: { at: 'type' },
  events: { 'thing.*': ['things'] },
  setUp: 'Enter the URL at the vendor.',
  ...more,
});

/** Vendors that there are not, each with one kind of webhooks. */
const VENDORS: Record<string, Webhooks | undefined> = {
  plain: hooks({}),
  app: hooks({ secret: 'app', account: { from: { at: 'account' }, setting: 'accountId' } }),
  meta: hooks({ secret: 'app', handshake: 'meta' }),
  slack: hooks({ handshake: 'slack' }),
  trello: hooks({ handshake: 'head', signature: { ...hex, header: 'X-Sig', signed: '{body}{url}' } }),
  silent: undefined,
};
const manifests = Object.fromEntries(
  Object.entries(VENDORS).map(([id, webhooks]) => [id, { id, title: id, webhooks }]),
) as unknown as Record<string, Manifest>;

let database: TestDatabase;
let stores: Stores;
let api: TestApi;
let tenantId: TenantId;
let admin: Principal;
let platform: Principal;
const kept = new Map<string, SecretValues>();
let woken: string[] = [];
let wake = async (): Promise<void> => undefined;

beforeAll(async () => {
  database = await freshDatabase();
  stores = postgresStores(database.db);
  tenantId = await aTenant(stores);
  admin = await aMember(stores, tenantId);
  const staff = Email.parse('staff@bizosaas.local');
  const staffId = await seedPlatformRole(database.db, staff, 'platform_admin');
  platform = { userId: staffId, email: staff, role: 'platform_admin', tenantId: null };
  const secrets = {
    read: async (path: string) => {
      const values = kept.get(path);
      return values ? { version: 1, values, meta: { class: 'credential', createdBy: 't', createdAt: '' } } : null;
    },
    put: async (path: string, _expected: number, values: SecretValues) => (kept.set(path, values), 1),
    destroy: async (path: string) => void kept.delete(path),
  };
  const apps = async (id: string) => ({
    ...{ clientId: 'c', scopes: null, redirectUris: [], enabled: true },
    clientSecret: kept.get(oauthAppSecretPath(id))?.['client_secret'] ?? '',
  });
  const connectors = {
    info: (id: string) => {
      const title = manifests[id]?.title;
      if (title === undefined) throw new Fault('unknown_connector', 'there is none');
      return { id, title };
    },
  };
  const webhooks = createWebhooks(manifests, { secrets, rotations: stores.rotations, apps } as never);
  const workflows = { wakeInbox: (_scope: string, id: string) => (woken.push(id), wake()) };
  const ports = { ...stores, secrets, webhooks, workflows, connectors } as unknown as ApiDeps['ports'];
  api = await openApi({ ports, temporal: {} as ApiDeps['temporal'] });
});
beforeEach(() => {
  woken = [];
  wake = async () => undefined;
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await database.close();
});

interface Made {
  id: string;
  path: string;
  secret: string;
  connectionId: ConnectionId;
}

/** An endpoint of a new connection, as a person makes one. */
const anEndpoint = async (connectorId = 'plain'): Promise<Made> => {
  const connectionId = await aConnection(stores, tenantId, { connectorId });
  const { status, json } = await api.post('/api/v1/webhook-endpoints', {
    as: admin,
    body: { connection: connectionId },
  });
  expect([status, json]).toEqual([201, expect.objectContaining({ connectorId, connectionId })]);
  const { id, url, secret } = json as unknown as { id: string; url: string; secret: string };
  return { id, path: new URL(url).pathname, secret, connectionId };
};

const sign = (secret: string, body: string | Buffer) => createHmac('sha256', secret).update(body).digest('hex');

const post = async (
  path: string,
  body: string | Buffer,
  headers: Record<string, string>,
): Promise<{ status: number; text: string; headers: Headers }> => {
  const answer = await fetch(`${api.url}${path}`, { method: 'POST', body, headers });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
};
const send = ({ path, secret }: Pick<Made, 'path' | 'secret'>, body: string | Buffer, more = {}) =>
  post(path, body, { 'X-Sig': sign(secret, body), 'Content-Type': 'application/json', ...more });

const bodies = (id: string) =>
  database.db.inTenant(tenantId, async (tx) =>
    (
      await tx.any(sql.type(z.object({ body: z.instanceof(Buffer) }))`
        SELECT body FROM webhook_inbox WHERE endpoint_id = ${id} ORDER BY received_at`)
    ).map(({ body }) => body),
  );
const typesOf = async (id: string) => (await stores.webhookInbox.waiting(tenantId, id, 100)).map(({ type }) => type);

const event = (id: string, more: object = {}) => JSON.stringify({ id, type: 'thing.created', ...more });

describe('a delivery', () => {
  test('C41: is stored byte for byte before the 200, and its inbox is woken', async () => {
    const endpoint = await anEndpoint();
    const body = Buffer.from('{"type":"thing.created",  "id":"evt_1","é":"\u2028", "id":"evt_2"}\r\n');
    const { status, text, headers } = await send(endpoint, body);
    expect([status, text, headers.get('cache-control')]).toEqual([200, '', 'no-store']);
    expect(await bodies(endpoint.id)).toEqual([body]);
    expect(woken).toEqual([endpoint.id]);
  });

  test('C34: with a bad, missing, cut or longer signature is a 401 that leaves no row and wakes nobody', async () => {
    const endpoint = await anEndpoint();
    const body = event('evt_1');
    const right = sign(endpoint.secret, body);
    for (const value of ['', right.slice(1), `${right}0`, sign('another', body), right.toUpperCase()]) {
      const { status } = await post(endpoint.path, body, { 'X-Sig': value });
      expect([value, status]).toEqual([value, 401]);
    }
    expect((await post(endpoint.path, body, {})).status).toBe(401);
    // Not even read as JSON: a body that no parser would take is refused for its signature.
    expect((await post(endpoint.path, '['.repeat(500_000), { 'X-Sig': right })).status).toBe(401);
    expect([await bodies(endpoint.id), woken]).toEqual([[], []]);
  });

  test('C35: twice at once and again later is answered with 200 each time, and stands once', async () => {
    const endpoint = await anEndpoint();
    const twenty = await Promise.all(Array.from({ length: 20 }, () => send(endpoint, event('evt_1'))));
    expect(twenty.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect((await send(endpoint, event('evt_1'))).status).toBe(200);
    expect(await typesOf(endpoint.id)).toEqual(['thing.created']);
    expect([woken.length, (await bodies(endpoint.id)).length]).toEqual([1, 1]);
  });

  test('C45: of a type that we do not know, or that is no JSON, is taken, stored and counted', async () => {
    const endpoint = await anEndpoint();
    for (const body of [event('evt_1', { type: 'brand.new' }), 'no json at all', '']) {
      expect((await send(endpoint, body)).status).toBe(200);
    }
    expect(await typesOf(endpoint.id)).toEqual(['brand.new', 'unreadable', 'unreadable']);
    const { json } = await api.get('/api/v1/webhook-endpoints', { as: admin });
    const shown = (json as { data?: { id: string; events: object }[] }).data?.find(({ id }) => id === endpoint.id);
    expect(shown?.events).toEqual({ waiting: 3, done: 0, unknown: 0, failed: 0 });
  });

  test('C39: while Temporal is away is taken all the same; while the database is, it is not', async () => {
    const endpoint = await anEndpoint();
    wake = () => Promise.reject(new Fault('unavailable', 'Temporal is away'));
    expect((await send(endpoint, event('evt_1'))).status).toBe(200);
    expect(await typesOf(endpoint.id)).toEqual(['thing.created']);
    const { put } = stores.webhookInbox;
    api.deps.ports.webhookInbox.put = () => Promise.reject(new Fault('unavailable', 'The database is away.'));
    try {
      expect((await send(endpoint, event('evt_2'))).status).toBe(503);
    } finally {
      api.deps.ports.webhookInbox.put = put;
    }
  });

  test('C42: to an id that never was, to another connector’s, to one that rests: the same 404 and no row', async () => {
    const endpoint = await anEndpoint();
    const resting = await anEndpoint();
    await api.post(`/api/v1/webhook-endpoints/${resting.id}/disable`, { as: admin });
    const unused = await anEndpoint();
    await stores.connections.change(tenantId, unused.connectionId, { state: 'disconnected' });
    const body = event('evt_1');
    const paths = [
      `/api/v1/hooks/plain/${randomUUID()}`,
      '/api/v1/hooks/plain/no-uuid',
      `/api/v1/hooks/app/${endpoint.id}`,
      `/api/v1/hooks/nothing/${endpoint.id}`,
      resting.path,
      unused.path,
    ];
    const answers = await Promise.all(
      paths.map((path) => post(path, body, { 'X-Sig': sign(endpoint.secret, body), 'X-Request-Id': 'the-same-one' })),
    );
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(404);
    // What another endpoint of the same tenant signs with proves nothing here.
    expect((await send({ path: endpoint.path, secret: resting.secret }, body)).status).toBe(401);
    expect(woken).toEqual([]);
  });
});

describe('C37: bodies that are too much', () => {
  /** Raw, so that nothing on our side is kinder than a stranger. Gives the first answer. */
  const raw = (head: string, pieces: (string | Buffer)[] = []): Promise<{ answer: string; sent: number }> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
      let sent = 0;
      socket
        .on('error', () => undefined)
        .on('data', (data) => {
          resolve({ answer: data.toString(), sent });
          socket.destroy();
        });
      socket.on('close', () => reject(new Error('closed without an answer')));
      const push = (rest: (string | Buffer)[]): void => {
        const [next, ...more] = rest;
        if (next === undefined || socket.destroyed) return;
        sent += next.length;
        socket.write(next, () => push(more));
      };
      socket.write(head, () => push(pieces));
    });
  const head = (path: string, more: string) => `POST ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n\r\n`;

  test('10 MB that say their length are refused before they are sent', async () => {
    const { path } = await anEndpoint();
    const { answer, sent } = await raw(head(path, 'Content-Length: 10485760'));
    expect([answer.slice(0, 12), sent]).toEqual(['HTTP/1.1 413', 0]);
  });

  test('and 10 MB in chunks of unknown number once they pass 1 MB', async () => {
    const { path } = await anEndpoint();
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const { answer, sent } = await raw(
      head(path, 'Transfer-Encoding: chunked'),
      Array.from({ length: 160 }, () => chunk),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(sent).toBeLessThan(9 * 1024 * 1024);
  });

  test('1 MB is taken', async () => {
    const endpoint = await anEndpoint();
    const body = event('evt_1', { text: 'x'.repeat(1_000_000) });
    expect((await send(endpoint, body)).status).toBe(200);
  });

  test('compressed ones are a 415, however well they are signed', async () => {
    const endpoint = await anEndpoint();
    const body = gzipSync(event('evt_1'));
    const { status, text } = await send(endpoint, body, { 'Content-Encoding': 'gzip' });
    expect([status, JSON.parse(text)]).toMatchObject([415, { code: 'unsupported_media_type' }]);
  });

  test('heads and bodies that trickle in hold a socket for as long as the server is told, and no longer', async () => {
    const handle = createApp(api.routes, api.deps).callback();
    const patience = { requestTimeout: 300, headersTimeout: 200, connectionsCheckingInterval: 50 };
    const slow = await openServer((req, res) => void handle(req, res), '127.0.0.1', 0, patience);
    const { path, id } = await anEndpoint();
    const trickles = async (text: string): Promise<string> => {
      const socket = connect(Number(new URL(slow.url).port), '127.0.0.1');
      socket.on('error', () => undefined).write(text);
      const trickle = setInterval(() => socket.write(' '), 40);
      let answer = '';
      socket.on('data', (data) => (answer += data.toString()));
      await new Promise((closed) => socket.on('close', closed));
      clearInterval(trickle);
      return answer.slice(0, 12);
    };
    try {
      const begun = `POST ${path} HTTP/1.1\r\nHost: x\r\nX-Slow:`;
      expect(await Promise.all([trickles(begun), trickles(head(path, 'Content-Length: 5000'))])).toEqual([
        'HTTP/1.1 408',
        'HTTP/1.1 408',
      ]);
      expect(await bodies(id)).toEqual([]);
    } finally {
      await slow.close();
    }
  });

  test('a body that is broken off is given up, and its delivery is not taken', async () => {
    const { path, id } = await anEndpoint();
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    await new Promise<void>((done) => socket.write(`${head(path, 'Content-Length: 100')}{"id"`, () => done()));
    socket.destroy();
    expect((await send(await anEndpoint(), event('evt_1'))).status).toBe(200);
    expect(await bodies(id)).toEqual([]);
  });
});

describe('C44: handshakes over the wire', () => {
  test('Slack’s challenge comes back as plain text that no browser takes for a page, and is no event', async () => {
    const endpoint = await anEndpoint('slack');
    const body = JSON.stringify({ type: 'url_verification', challenge: 'abc123', token: 't' });
    const { status, text, headers } = await send(endpoint, body);
    expect([status, text]).toEqual([200, 'abc123']);
    expect(headers.get('content-type')).toMatch(/^text\/plain/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect([await typesOf(endpoint.id), woken]).toEqual([[], []]);
    const page = JSON.stringify({ type: 'url_verification', challenge: '<script>' });
    const refused = await send(endpoint, page);
    expect([refused.status, refused.text.includes('<script>')]).toEqual([400, false]);
  });

  test('Meta’s GET is answered to who knows the token that was shown once', async () => {
    const connectionId = await aConnection(stores, tenantId, { connectorId: 'meta' });
    const made = await api.post('/api/v1/webhook-endpoints', { as: admin, body: { connection: connectionId } });
    const { url, verifyToken, secret } = made.json as { url: string; verifyToken: string; secret: null };
    expect(secret).toBeNull();
    const ask = (token: string) =>
      api.get(
        `${new URL(url).pathname}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${encodeURIComponent(token)}`,
      );
    expect(await ask(verifyToken)).toMatchObject({ status: 200, text: '1158201444' });
    expect(await ask('guess')).toMatchObject({ status: 403, text: '' });
  });

  test('Trello’s HEAD is a 200 at the URL that was given, and a 404 elsewhere; its deliveries sign that URL', async () => {
    const endpoint = await anEndpoint('trello');
    expect((await api.ask('HEAD', endpoint.path)).status).toBe(200);
    expect((await api.ask('HEAD', `/api/v1/hooks/trello/${randomUUID()}`)).status).toBe(404);
    const body = event('evt_1');
    const signed = `${body}http://127.0.0.1:3000${endpoint.path}`;
    expect((await post(endpoint.path, body, { 'X-Sig': sign(endpoint.secret, signed) })).status).toBe(200);
  });

  test('where the vendor asks nothing first, GET and HEAD find nothing', async () => {
    const { path } = await anEndpoint();
    expect([(await api.get(path)).status, (await api.ask('HEAD', path)).status]).toEqual([404, 404]);
    const put = await api.ask('PUT', path);
    expect([put.status, put.headers.get('allow')]).toEqual([405, expect.stringContaining('POST')]);
  });
});

describe('secrets of endpoints', () => {
  test('C40: a new one is taken at once, and the one before for three days more', async () => {
    const endpoint = await anEndpoint();
    const { status, text } = await api.ask('PUT', `/api/v1/webhook-endpoints/${endpoint.id}/secret`, {
      as: admin,
      body: { secret: 'whsec_canary_of_the_vendor' },
    });
    expect([status, text.includes('canary')]).toEqual([200, false]);
    const with_ = (secret: string, id: string) => send({ path: endpoint.path, secret }, event(id));
    expect((await with_('whsec_canary_of_the_vendor', 'evt_1')).status).toBe(200);
    expect((await with_(endpoint.secret, 'evt_2')).status).toBe(200);
    const path = webhookSecretPath(tenantId, endpoint.id);
    kept.set(path, { ...kept.get(path), previous_until: new Date(Date.now() - 1).toISOString() });
    expect((await with_(endpoint.secret, 'evt_3')).status).toBe(401);
  });

  test('C40: the platform’s application signs for all its accounts; while its secret is rotated the old and the new count', async () => {
    const body = { connector: 'app' };
    const { json } = await api.post('/api/v1/webhook-endpoints', { as: platform, body });
    expect(json).toMatchObject({ connectionId: null, secret: null, verifyToken: null });
    const { pathname: path } = new URL(String(json['url']));
    expect((await send({ path, secret: '' }, event('evt_0'))).status).toBe(401);
    kept.set(oauthAppSecretPath('app'), { client_secret: 'first-secret' });
    expect((await send({ path, secret: 'first-secret' }, event('evt_1'))).status).toBe(200);
    expect((await send({ path, secret: 'next-secret' }, event('evt_2'))).status).toBe(401);
    const rotationId = randomUUID();
    const target = { scope: PLATFORM, secretClass: 'oauth_client_secret', subject: 'app', rotationId } as const;
    await stores.rotations.record(target, { step: 'creating', outcome: 'running', message: null, operationId: null });
    kept.set(rotationSecretPath(PLATFORM, rotationId), {
      predecessor: '{"client_secret":"first-secret"}',
      successor: '{"client_secret":"next-secret"}',
    });
    expect((await send({ path, secret: 'next-secret' }, event('evt_3'))).status).toBe(200);
    expect((await send({ path, secret: 'third-secret' }, event('evt_4'))).status).toBe(401);
  });

  test('leave with their endpoint, and stand in no answer after the first', async () => {
    const { id, secret, path } = await anEndpoint();
    const list = await api.get('/api/v1/webhook-endpoints?limit=100', { as: admin });
    expect([list.text.includes(id), list.text.includes(secret)]).toEqual([true, false]);
    expect((await api.ask('DELETE', `/api/v1/webhook-endpoints/${id}`, { as: admin })).status).toBe(200);
    expect(kept.has(webhookSecretPath(tenantId, id))).toBe(false);
    expect((await send({ path, secret }, event('evt_1'))).status).toBe(404);
    expect((await api.ask('DELETE', `/api/v1/webhook-endpoints/${id}`, { as: admin })).status).toBe(404);
  });
});

test('an endpoint is for a connection of the tenant, and of a vendor that sends webhooks', async () => {
  const ask = async (body: object, as = admin) => {
    const { status, json } = await api.post('/api/v1/webhook-endpoints', { as, body });
    return [status, json['code'], (json['errors'] as { path: string }[] | undefined)?.map(({ path }) => path)];
  };
  expect(await ask({})).toEqual([400, 'invalid_request', ['connection']]);
  expect(await ask({ connector: 'plain' })).toEqual([400, 'invalid_request', ['connector']]);
  expect(await ask({ connection: randomUUID() })).toEqual([404, 'not_found', []]);
  expect(await ask({ connection: await aConnection(stores, tenantId, { connectorId: 'silent' }) })).toEqual([
    ...[422, 'unsupported', []],
  ]);
  expect(await ask({ connection: await aConnection(stores, tenantId, { connectorId: 'app' }) })).toEqual([
    ...[422, 'not_connected', []],
  ]);
  expect(await ask({ connection: 'plain' }, platform)).toEqual([400, 'invalid_request', ['connection']]);
  const rival = await aTenant(stores);
  const theirs = await aConnection(stores, rival, { connectorId: 'plain' });
  expect(await ask({ connection: theirs })).toEqual([404, 'not_found', []]);
});

test('what came to an endpoint is listed for its own tenant, and for nobody else', async () => {
  const endpoint = await anEndpoint();
  await send(endpoint, event('evt_1'));
  const path = `/api/v1/webhook-endpoints/${endpoint.id}/events`;
  const { json } = await api.get(path, { as: admin });
  expect(json).toMatchObject({
    data: [{ eventId: 'evt_1', type: 'thing.created', state: 'waiting' }],
    nextCursor: null,
  });
  const rival = await aTenant(stores);
  expect((await api.get(path, { as: platform, headers: { 'X-Tenant-Id': rival } })).status).toBe(404);
});
