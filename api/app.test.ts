import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { seedPlatformRole } from '../adapters/postgres/identity.ts';
import { postgresStores } from '../adapters/postgres/stores.ts';
import { freshDatabase } from '../adapters/postgres/testing.ts';
import type { TestDatabase } from '../adapters/postgres/testing.ts';
import { Fault } from '../ports/errors.ts';
import { Email } from '../ports/ids.ts';
import type { Principal } from '../ports/identity.ts';
import type { ApiDeps } from './deps.ts';
import { openApi } from './testing.ts';
import type { TestApi } from './testing.ts';

let database: TestDatabase;
let api: TestApi;
let admin: Principal;
const logged: object[] = [];
const log = { info: () => undefined, warn: () => undefined, error: (facts: object) => void logged.push(facts) };

/** Ports that answer; a test replaces one method of one of them. */
const outside = {
  secrets: { health: async () => undefined },
  workflows: { health: async () => undefined },
  connectors: {
    list: () => [],
    info: (id: string) => {
      throw new Fault('unknown_connector', `There is no connector ${id}.`);
    },
  },
};

/** A Temporal that must not be asked. */
const noTemporal = {} as ApiDeps['temporal'];

beforeAll(async () => {
  database = await freshDatabase();
  const ports = { ...postgresStores(database.db), ...outside } as unknown as ApiDeps['ports'];
  api = await openApi({ ports, temporal: noTemporal, settings: { portalOrigins: ['https://portal.test'] }, log });
  const email = Email.parse('root@platform.test');
  admin = {
    userId: await seedPlatformRole(database.db, email, 'platform_admin'),
    email,
    role: 'platform_admin',
    tenantId: null,
  };
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await database.close();
});

const tenant = (change: object = {}) => ({ name: 'Acme', slug: 'acme', ownerEmail: 'owner@acme.test', ...change });
const send = (body: unknown, headers: Record<string, string> = {}) =>
  api.post('/api/v1/tenants', { as: admin, body, headers });

const problem = (code: string, status: number) => ({
  type: `urn:bizosaas:problem:${code}`,
  code,
  status,
  title: expect.any(String),
  detail: expect.any(String),
  request_id: expect.stringMatching(/^[\w-]{8,64}$/),
  retryable: expect.any(Boolean),
  errors: expect.any(Array),
});

describe('problems', () => {
  test('a refusal is a problem with a stable code, the request id of its header, and each refused field by name', async () => {
    const { status, headers, json } = await send({ name: '', slug: 'A', ownerEmail: 'x', surprise: 1 });
    expect(status).toBe(400);
    expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(json).toEqual(problem('invalid_request', 400));
    expect(json.request_id).toBe(headers.get('x-request-id'));
    const fields = json.errors as { path: string; message: string }[];
    expect(fields.map(({ path }) => path).sort()).toEqual(['name', 'ownerEmail', 'slug', 'surprise']);
    expect(fields.find(({ path }) => path === 'surprise')?.message).toBe('unknown field; remove it');
  });

  test('a request id that the caller gives is kept when it is a plain one, and replaced when it is not', async () => {
    const kept = await api.get('/healthz', { headers: { 'X-Request-Id': 'portal-12345678' } });
    expect(kept.headers.get('x-request-id')).toBe('portal-12345678');
    const replaced = await api.get('/healthz', { headers: { 'X-Request-Id': '<script>alert(1)</script>' } });
    expect(replaced.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
  });

  test('an unknown path is a 404, a known one with another method a 405 that names those it takes', async () => {
    const nowhere = await api.get('/api/v1/nowhere');
    expect([nowhere.status, nowhere.json]).toEqual([404, problem('not_found', 404)]);
    for (const method of ['DELETE', 'PUT', 'PATCH', 'OPTIONS']) {
      const refused = await api.ask(method, '/api/v1/tenants');
      expect([method, refused.status, refused.json.code]).toEqual([method, 405, 'method_not_allowed']);
      expect(refused.headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD', 'POST']);
    }
  });

  test('C93: a method override changes nothing', async () => {
    const { status } = await api.ask('GET', '/api/v1/nowhere', { headers: { 'X-HTTP-Method-Override': 'POST' } });
    expect(status).toBe(404);
  });

  test('an unknown error is a 500 whose message stays inside and is logged under the request id', async () => {
    const { tenants } = api.deps.ports;
    const list = tenants.list;
    tenants.list = () => Promise.reject(new Error('canary-of-the-database'));
    try {
      const { status, text, json } = await api.get('/api/v1/tenants', { as: admin });
      expect([status, json]).toEqual([500, problem('internal', 500)]);
      expect(text).not.toContain('canary');
      expect(logged.at(-1)).toMatchObject({ requestId: json.request_id, err: { message: 'canary-of-the-database' } });
    } finally {
      tenants.list = list;
    }
  });

  test('what may be tried again says so, and when', async () => {
    const { tenants } = api.deps.ports;
    const list = tenants.list;
    tenants.list = () => Promise.reject(new Fault('unavailable', 'The database is away.', { retryAfterMs: 3500 }));
    try {
      const { status, headers, json } = await api.get('/api/v1/tenants', { as: admin });
      expect(status).toBe(503);
      expect(headers.get('retry-after')).toBe('4');
      expect(json).toMatchObject({ code: 'unavailable', retryable: true, retry_after_ms: 3500 });
    } finally {
      tenants.list = list;
    }
  });

  test('a malformed URL is a 400', async () => {
    const { status, json } = await api.get('/api/v1/tenants/%E0%A4%A', { as: admin });
    expect([status, json.code]).toEqual([400, 'invalid_request']);
  });
});

describe('bodies', () => {
  test('a body of 2 MB is refused with 413 while it streams in, and the next request is served', async () => {
    const { status, json } = await send(tenant({ name: 'x'.repeat(2 * 1024 * 1024) }));
    expect([status, json.code]).toEqual([413, 'too_large']);
    expect((await api.get('/healthz')).status).toBe(200);
  });

  test('C37: a chunked body without a length is cut off at 1 MB', async () => {
    const token = await api.token(admin);
    const { port } = new URL(api.url);
    const socket = connect(Number(port), '127.0.0.1');
    let answer = '';
    const ended = new Promise<void>((resolve) => {
      socket.on('close', () => resolve());
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        answer += chunk.toString();
        if (answer.includes('\r\n\r\n')) socket.destroy();
      });
    });
    socket.write(
      `POST /api/v1/tenants HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    const piece = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const push = (left: number) => {
      if (left > 0 && !socket.destroyed) socket.write(piece, () => push(left - 1));
    };
    push(64);
    await ended;
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('only JSON is read, and only plain', async () => {
    const form = await send('a=b', { 'Content-Type': 'application/x-www-form-urlencoded' });
    expect([form.status, form.json.code]).toEqual([415, 'unsupported_media_type']);
    const packed = await send('{}', { 'Content-Encoding': 'gzip' });
    expect([packed.status, packed.json.code]).toEqual([415, 'unsupported_media_type']);
  });

  test('C92: nesting beyond the cap, broken JSON and foreign bytes are refused at once, and never quoted', async () => {
    const deep = `{"name":${'['.repeat(100_000)}`;
    const began = performance.now();
    const { status, json } = await send(deep);
    expect(performance.now() - began).toBeLessThan(500);
    expect([status, json.code]).toEqual([400, 'invalid_request']);
    const broken = await send('{"password":"canary-secret"');
    expect(broken.status).toBe(400);
    expect(broken.text).not.toContain('canary');
    const response = await fetch(`${api.url}/api/v1/tenants`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${await api.token(admin)}`, 'Content-Type': 'application/json' },
      body: Buffer.from([0x22, 0xff, 0xfe, 0x22]),
    });
    expect(response.status).toBe(400);
  });

  test('C65a: a NUL byte and half a surrogate pair are refused with the field’s name, in bodies, keys and queries', async () => {
    const escape = String.fromCharCode(92);
    for (const hole of [`${escape}u0000`, `${escape}ud800`]) {
      const { status, json } = await send(`{"name":"a${hole}b","slug":"acme","ownerEmail":"o@acme.test"}`);
      expect([status, json.errors]).toEqual([400, [{ path: 'name', message: expect.stringContaining('NUL') }]]);
      const nested = await send(`{"connectors":[{"connector":"x${hole}"}]}`);
      expect(nested.json.errors).toMatchObject([{ path: 'connectors.0.connector' }]);
      const key = await send(`{"a${hole}":1}`);
      expect([key.status, key.text.includes('\0')]).toEqual([400, false]);
    }
    const query = await api.get('/api/v1/tenants?cursor=a%00', { as: admin });
    expect([query.status, query.json.errors]).toEqual([400, [{ path: 'cursor', message: expect.any(String) }]]);
    const path = await api.get('/api/v1/connectors/a%00b', { as: admin });
    expect(path.status).toBe(400);
  });

  test('C52: a member named __proto__ is refused', async () => {
    const { status } = await send('{"__proto__":{"admin":true},"name":"Acme"}');
    expect(status).toBe(400);
  });

  test('C92: limits, cursors and types beyond their bounds are refused by name', async () => {
    for (const query of ['limit=1000000000', 'limit=0', 'limit=x', 'limit=1&limit=2', 'surprise=1']) {
      const { status, json } = await api.get(`/api/v1/tenants?${query}`, { as: admin });
      const [path] = query.split('=');
      expect([query, status, json.errors]).toMatchObject([query, 400, [{ path }]]);
    }
    const cursor = await api.get('/api/v1/tenants?cursor=nonsense', { as: admin });
    expect([cursor.status, cursor.json.code]).toEqual([400, 'invalid_request']);
  });
});

describe('headers', () => {
  test('every answer carries HSTS, a closed CSP and no referrer, and JSON is not kept by caches', async () => {
    const { headers } = await api.get('/api/v1/me', { as: admin });
    expect(headers.get('strict-transport-security')).toMatch(/max-age=\d{8}/);
    expect(headers.get('content-security-policy')).toBe("default-src 'none';frame-ancestors 'none'");
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test('C93: browsers may call from the configured portals and from nowhere else', async () => {
    const from = (origin: string, method: string) =>
      api.ask(method, '/healthz', { headers: { Origin: origin, 'Access-Control-Request-Method': 'GET' } });
    expect((await from('https://portal.test', 'GET')).headers.get('access-control-allow-origin')).toBe(
      'https://portal.test',
    );
    expect((await from('https://portal.test', 'OPTIONS')).status).toBe(204);
    for (const origin of ['https://evil.test', 'null', 'https://portal.test.evil.test']) {
      expect((await from(origin, 'GET')).headers.get('access-control-allow-origin')).toBeNull();
      expect((await from(origin, 'OPTIONS')).headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

describe('health', () => {
  test('/healthz answers while anything else is down', async () => {
    expect(await api.get('/healthz')).toMatchObject({ status: 200, json: { status: 'ok' } });
  });

  test('/readyz names the part that is down, also one that never answers, within two seconds', async () => {
    const ok = { temporal: 'ok', database: 'ok', secrets: 'ok', accepting: 'ok' };
    expect(await api.get('/readyz')).toMatchObject({ status: 200, json: { status: 'ok', checks: ok } });
    const { workflows, secrets } = api.deps.ports;
    const health = [workflows.health, secrets.health] as const;
    workflows.health = () => new Promise<void>(() => undefined);
    secrets.health = () => Promise.reject(new Fault('unavailable', 'sealed'));
    const began = performance.now();
    try {
      const { status, json } = await api.get('/readyz');
      expect([status, json]).toEqual([
        503,
        { status: 'error', checks: { ...ok, temporal: 'error', secrets: 'error' } },
      ]);
      expect(performance.now() - began).toBeLessThan(2000);
    } finally {
      [workflows.health, secrets.health] = health;
    }
  });
});

describe('login', () => {
  const login = (body: object) => api.post('/api/v1/auth/dev-login', { body });

  test('an address that may act gets a token of eight hours, which /me understands', async () => {
    const { status, json, headers } = await login({ email: 'ROOT@platform.test' });
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(json.principal).toEqual(admin);
    expect(json.mayActAs).toEqual([{ role: admin.role, tenantId: null, tenantName: null }]);
    const left = Date.parse(String(json.expiresAt)) - Date.now();
    expect(Math.abs(left - 8 * 3_600_000)).toBeLessThan(60_000);
    const me = await api.get('/api/v1/me', { as: String(json.token) });
    expect(me.json).toMatchObject({ ...admin, permissions: expect.arrayContaining(['tenantManagement']) });
  });

  test('an unknown address, and a tenant where it has no role, are a 401', async () => {
    expect((await login({ email: 'nobody@platform.test' })).status).toBe(401);
    expect((await login({ email: 'root@platform.test', tenantId: randomUUID() })).status).toBe(401);
  });

  test('outside development and test there is no such login', async () => {
    await using production = await openApi({
      ports: api.deps.ports,
      temporal: noTemporal,
      settings: { environment: 'production' },
    });
    const { status } = await production.post('/api/v1/auth/dev-login', { body: { email: 'root@platform.test' } });
    expect(status).toBe(404);
  });
});
