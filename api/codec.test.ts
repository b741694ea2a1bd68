import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Payload } from '@temporalio/common';
import { payloadCodec } from '../adapters/temporal/codec.ts';
import { keyRing } from '../adapters/temporal/key-ring.ts';
import { Principal } from '../ports/identity.ts';
import { TEST_KEYS } from '../workers/testing/namespace.ts';
import type { ApiDeps } from './deps.ts';
import { openApi } from './testing.ts';
import type { Asked, TestApi } from './testing.ts';

const UI = 'http://127.0.0.1:8233';
const PORTAL = 'https://portal.test';
const tenantId = randomUUID();
const codec = payloadCodec(keyRing(TEST_KEYS));
const person = (role: string, at: string | null) =>
  Principal.parse({ userId: randomUUID(), email: 'p@acme.test', role, tenantId: at });
const root = person('platform_admin', null);

let api: TestApi;
let stands = true;
beforeAll(async () => {
  const ports = {
    identity: { stands: async () => stands },
    tenants: { get: async (id: string) => ({ id }) },
    operations: { eventsAfter: async () => [] },
  } as unknown as ApiDeps['ports'];
  const temporal = {} as ApiDeps['temporal'];
  api = await openApi({ ports, temporal, codec, settings: { portalOrigins: [PORTAL], temporalUiOrigin: UI } });
});
afterAll(async () => api[Symbol.asyncDispose]());

const base64 = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('base64');
const toJson = ({ metadata, data }: Payload) => ({
  metadata: Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, base64(value)])),
  data: base64(data),
});
const inWorkflow = (tenant: string) =>
  ({ type: 'workflow', namespace: '', workflowId: `syncStream:${tenant}:1` }) as const;
const plain = (value: unknown) => defaultPayloadConverter.toPayload(value);
const sealed = async (value: unknown, tenant = 't1') => {
  const [one] = await codec.encode([plain(value)], inWorkflow(tenant));
  return toJson(one ?? {});
};
const ask = (what: 'decode' | 'encode', payloads: unknown[], asked: Asked = { as: root }) =>
  api.post(`/api/v1/codec/${what}`, {
    body: { payloads },
    ...asked,
    headers: { 'X-Namespace': 'default', ...asked.headers },
  });

describe('the codec of the Temporal UI', () => {
  test('opens payloads of every tenant, in their order, and shows what nobody sealed as it is', async () => {
    const byHand = toJson(plain('by hand'));
    const told = await ask('decode', [await sealed('one'), byHand, await sealed({ two: 2 }, 'platform')]);
    expect([told.status, told.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(told.json).toEqual({ payloads: [toJson(plain('one')), byHand, toJson(plain({ two: 2 }))] });
    expect((await ask('decode', [])).json).toEqual({ payloads: [] });
  });

  test('shows what does not open as it is beside what does; when nothing opens, says why', async () => {
    const lost = await payloadCodec(keyRing({ current: 'gone', gone: Buffer.alloc(32, 3).toString('base64') })).encode([
      plain('x'),
    ]);
    const [strange = {}] = lost.map(toJson);
    const told = await ask('decode', [strange, await sealed('one')]);
    expect(told.json).toEqual({ payloads: [strange, toJson(plain('one'))] });
    const none = await ask('decode', [strange]);
    expect([none.status, none.json.code]).toEqual([503, 'unavailable']);
    expect(none.text).toContain('gone');
  });

  test('seals for the platform, or for the tenant that is named, and for nobody else', async () => {
    const payloads = [toJson(plain('typed'))];
    for (const [owner, headers] of [
      ['platform', {}],
      [tenantId, { 'X-Tenant-Id': tenantId }],
    ] as const) {
      const told = await ask('encode', payloads, { as: root, headers });
      const [one] = (told.json as { payloads: ReturnType<typeof toJson>[] }).payloads;
      const payload = {
        metadata: Object.fromEntries(
          Object.entries(one?.metadata ?? {}).map(([name, text]) => [name, Buffer.from(text, 'base64')]),
        ),
        data: Buffer.from(one?.data ?? '', 'base64'),
      };
      expect(payload.data.toString()).not.toContain('typed');
      const [opened] = await codec.decode([payload], inWorkflow(owner));
      expect(opened && defaultPayloadConverter.fromPayload(opened)).toBe('typed');
      await expect(codec.decode([payload], inWorkflow('evil'))).rejects.toMatchObject({ code: 'forbidden' });
    }
  });

  test.each(['tenant_user', 'tenant_admin'])('a %s reads no history', async (role) => {
    const told = await ask('decode', [await sealed('one', tenantId)], { as: person(role, tenantId) });
    expect([told.status, told.json.code]).toEqual([403, 'forbidden']);
  });

  test('nobody reads a history without a token', async () => {
    expect((await ask('decode', [await sealed('one')], {})).status).toBe(401);
  });

  test('takes nothing that is no payload', async () => {
    for (const payloads of [
      ['x'],
      [{ metadata: { encoding: 'not base64!' } }],
      [{ data: 1 }],
      Array.from({ length: 1001 }, () => ({})),
    ]) {
      expect((await ask('decode', payloads)).status).toBe(400);
    }
  });

  test('may be called by a browser from the UI’s origin alone, and the UI may call nothing else', async () => {
    const allowed = async (path: string, origin: string) => {
      const headers = {
        Origin: origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'x-namespace',
      };
      const told = await api.ask('OPTIONS', path, { headers });
      return (
        told.headers.get('access-control-allow-origin') === origin &&
        told.headers.get('access-control-allow-headers')?.includes('X-Namespace')
      );
    };
    await expect(allowed('/api/v1/codec/decode', UI)).resolves.toBe(true);
    for (const origin of [PORTAL, 'https://evil.test', 'null']) {
      await expect(allowed('/api/v1/codec/decode', origin)).resolves.toBe(false);
    }
    await expect(allowed('/api/v1/me', UI)).resolves.toBe(false);
    await expect(allowed('/api/v1/codecs', UI)).resolves.toBe(false);
    const told = await ask('decode', [], { as: root, headers: { Origin: 'https://evil.test' } });
    expect(told.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('the cookie by which the UI’s browser is known', () => {
  const session = async (as: Principal = root) => {
    const told = await api.post('/api/v1/codec/session', { as });
    const given = told.headers.get('set-cookie') ?? '';
    return { told, given, headers: { Cookie: given.split(';')[0] ?? '' } };
  };

  test('opens the codec, for as long as its bearer has the role', async () => {
    const { told, given, headers } = await session();
    expect(told.status).toBe(200);
    expect(given).toMatch(/; Path=\/api\/v1\/codec; Expires=[^;]+; HttpOnly; SameSite=Strict$/);
    expect(told.text).not.toContain(headers.Cookie.split('=')[1]);
    expect((await ask('decode', [await sealed('one')], { headers })).status).toBe(200);
    stands = false;
    expect((await ask('decode', [], { headers })).status).toBe(401);
    stands = true;
  });

  test('opens nothing else, and nobody else gets one', async () => {
    const { headers } = await session();
    expect((await api.get('/api/v1/me', { headers })).status).toBe(401);
    expect((await session(person('tenant_admin', tenantId))).told.status).toBe(403);
  });
});
