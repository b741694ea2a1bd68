import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { aTenant } from '../adapters/postgres/testing-data.ts';
import type { TenantId } from '../ports/ids.ts';
import { ConnectionId } from '../ports/ids.ts';
import type { Principal } from '../ports/identity.ts';
import { until } from '../workers/testing/until.ts';
import { openOAuthGround, submitConsent } from '../workers/testing/oauth-ground.ts';
import type { OAuthGround } from '../workers/testing/oauth-ground.ts';
import { openApi } from './testing.ts';
import type { TestApi, Told } from './testing.ts';

const PASSWORD = 'abcd EFGH ijkl MNOP qrst UVWX';
const PORTAL = 'https://portal.acme.test';

let at: OAuthGround;
let api: TestApi;

beforeAll(async () => {
  at = await openOAuthGround({ settings: { portalOrigins: [PORTAL] } });
  ({ api } = at);
});
afterAll(async () => {
  await at[Symbol.asyncDispose]();
});

interface Link {
  as: Principal;
  tenantId: TenantId;
  id: string;
  link: string;
}

const newLink = async (wanted: object = {}): Promise<Link> => {
  const tenantId = await aTenant(at.ground.ports);
  const as = await at.member(tenantId, `owner-${tenantId.slice(0, 8)}`);
  const { status, json } = await api.post('/api/v1/connect-sessions', { as, body: wanted });
  expect(status).toBe(201);
  const url = new URL(String(json.url));
  expect(`${url.origin}${url.pathname}`).toBe('http://127.0.0.1:3000/connect');
  return { as, tenantId, id: String(json.id), link: url.hash.slice(1) };
};
const claim = (link: string) => api.post('/api/v1/connect-session/claim', { body: { token: link } });
const claimed = async (wanted: object = {}): Promise<Link & { token: string }> => {
  const link = await newLink(wanted);
  return { ...link, token: String((await claim(link.link)).json.token) };
};
const session = (token: string, what = '') => api.get(`/api/v1/connect-session${what}`, { as: token });
const connect = (token: string, body: object) => api.post('/api/v1/connect-session/connect', { as: token, body });
const stateOf = async ({ as, id }: Link) => (await api.get(`/api/v1/connect-sessions/${id}`, { as })).json.state;
const wordpress = (application_password = PASSWORD) => ({
  connectorId: 'wordpress',
  fields: { site_url: `${at.ground.emulator.url}/wordpress/demo`, username: 'owner', application_password },
});
const titles = ({ json }: Told) => (json.connectors as { id: string }[]).map(({ id }) => id);

describe('a link', () => {
  test('is for one use, by one of two who come at once; its token is in no list, log or answer afterwards', async () => {
    const link = await newLink();
    expect(await stateOf(link)).toBe('waiting');
    const both = await Promise.all([claim(link.link), claim(link.link)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
    const late = await claim(link.link);
    expect([late.status, late.json.detail]).toEqual([401, expect.stringContaining('used already')]);
    expect(await stateOf(link)).toBe('claimed');
    const shown = await api.get(`/api/v1/connect-sessions/${link.id}`, { as: link.as });
    const audit = JSON.stringify(await at.ground.ports.audit.list(link.tenantId, { limit: 100 }));
    expect(shown.text + audit).not.toContain(link.link);
    expect(audit).toMatch(/connect_session\.created/);
    expect(audit).toMatch(/connect_session\.claimed/);
  });

  test('lapses after thirty minutes, claimed or not', async () => {
    const { create } = at.ground.ports.connectSessions;
    const asked: string[] = [];
    const undo = at.ground.withPort({
      connectSessions: {
        create: (wanted, hash) => {
          asked.push(wanted.expiresAt);
          return create({ ...wanted, expiresAt: new Date(Date.now() + 1500).toISOString() }, hash);
        },
      },
    });
    const [unused, used] = [await newLink(), await claimed()].map((one) => one as Link & { token?: string });
    undo();
    for (const expiresAt of asked)
      expect(Math.abs(Date.parse(expiresAt) - Date.now() - 1_800_000)).toBeLessThan(10_000);
    await until(
      'the links have lapsed',
      () => stateOf(used as Link),
      (state) => state === 'expired',
    );
    expect((await claim(unused?.link ?? '')).status).toBe(401);
    expect((await session(used?.token ?? '')).status).toBe(401);
    expect(await stateOf(unused as Link)).toBe('expired');
  });

  test('nonsense in its place is refused alike', async () => {
    for (const token of ['', 'x', 'a'.repeat(43)]) expect((await claim(token)).status).toBe(401);
    expect((await session('a'.repeat(43))).status).toBe(401);
  });

  test('is made for connectors and connections that there are', async () => {
    const { as } = await newLink();
    const make = (body: object) => api.post('/api/v1/connect-sessions', { as, body });
    expect((await make({ connectors: ['nonsense'] })).json.code).toBe('unknown_connector');
    const theirs = await at.openConnection('hubspot');
    expect((await make({ connectionId: theirs })).status).toBe(404);
  });
});

describe('a session', () => {
  test('shows the tenant’s name, what may be picked with its fields, and nothing else of the tenant', async () => {
    const { token, tenantId } = await claimed({ connectors: ['wordpress', 'hubspot'] });
    const told = await session(token);
    expect(titles(told).sort()).toEqual(['hubspot', 'wordpress']);
    expect(told.json).toMatchObject({
      tenantName: 'Acme',
      state: 'claimed',
      isReconnect: false,
      portalOrigins: [PORTAL],
    });
    expect(told.text).not.toContain(tenantId);
    const everything = await claimed();
    expect(titles(await session(everything.token)).length).toBeGreaterThan(2);
  });

  test('connects by form: a wrong password names its field, the right one ends it, and then it connects nothing more', async () => {
    const link = await claimed({ connectors: ['wordpress'] });
    const wrong = await connect(link.token, wordpress('wron gwro ngwr ongw rong wron'));
    expect([wrong.status, wrong.json.errors]).toMatchObject([422, [{ path: 'application_password' }]]);
    expect((await session(link.token, '/status')).json).toEqual({ state: 'claimed', connection: null });
    const right = await connect(link.token, wordpress());
    expect([right.status, right.json.state]).toEqual([200, 'healthy']);
    const after = await session(link.token, '/status');
    expect(after.json).toMatchObject({ state: 'connected', connection: { id: right.json.id, state: 'healthy' } });
    expect(await stateOf(link)).toBe('connected');
    expect((await connect(link.token, wordpress())).status).toBe(409);
  });

  test('another connector than its own is refused, by form and by authorization, and nothing is made', async () => {
    const { token, as } = await claimed({ connectors: ['wordpress'] });
    const asked = [
      await api.post('/api/v1/connect-session/authorize', { as: token, body: { connectorId: 'hubspot' } }),
      await connect(token, { connectorId: 'hubspot', method: 'token', fields: { access_token: 'x' } }),
    ];
    for (const { status, json } of asked) {
      expect([status, json.errors]).toMatchObject([403, [{ path: 'connectorId' }]]);
    }
    expect((await api.get('/api/v1/connections', { as })).json.data).toEqual([]);
  });

  test('goes to the vendor and comes back to the page; only then it is connected', async () => {
    const link = await claimed({ connectors: ['hubspot'] });
    const body = { connectorId: 'hubspot' };
    const begun = await api.post('/api/v1/connect-session/authorize', { as: link.token, body });
    expect(begun.status).toBe(200);
    const cookie = (begun.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const redirect = await submitConsent(new URL(String(begun.json.authorizeUrl)));
    expect(await stateOf(link)).toBe('claimed');
    const shown = await at.comeBack(redirect, cookie);
    expect([shown.status, shown.headers.get('location')]).toEqual([303, '/connect/']);
    expect((await session(link.token, '/status')).json).toMatchObject({
      state: 'connected',
      connection: { connectorId: 'hubspot', state: 'healthy' },
    });
  });

  test('what went wrong at the vendor comes back to the page, by a cookie for it alone', async () => {
    const link = await claimed({ connectors: ['hubspot'] });
    const begun = await api.post('/api/v1/connect-session/authorize', {
      as: link.token,
      body: { connectorId: 'hubspot' },
    });
    const cookie = (begun.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const redirect = await submitConsent(new URL(String(begun.json.authorizeUrl)), { decision: 'deny' });
    const shown = await at.comeBack(redirect, cookie);
    expect([shown.status, shown.headers.get('location')]).toEqual([303, '/connect/']);
    const [, value = ''] =
      /biz_connect_trouble=([\w-]+); Path=\/connect; Max-Age=60/.exec(shown.headers.get('set-cookie') ?? '') ?? [];
    expect(JSON.parse(Buffer.from(value, 'base64url').toString())).toEqual({
      code: 'oauth_denied',
      detail: expect.stringContaining('nothing was connected'),
    });
    expect(await stateOf(link)).toBe('claimed');
  });

  test('for a connection that is there connects just that one again, and keeps its id', async () => {
    const { as, tenantId } = await newLink();
    const first = await api.post('/api/v1/connectors/wordpress/connect', { as, body: { fields: wordpress().fields } });
    const connectionId = ConnectionId.parse(first.json.id);
    const made = await api.post('/api/v1/connect-sessions', { as, body: { connectionId } });
    const { json } = await claim(new URL(String(made.json.url)).hash.slice(1));
    const token = String(json.token);
    const told = await session(token);
    expect([titles(told), told.json.isReconnect]).toEqual([['wordpress'], true]);
    const again = await connect(token, wordpress());
    expect([again.status, again.json.id]).toEqual([200, connectionId]);
    expect((await at.secretOf(connectionId, tenantId))?.values).toBeDefined();
  });
});

describe('the page of the link', () => {
  test('is served with a policy of its own, revalidated, and its assets are kept for ever by their version', async () => {
    const shown = await api.get('/connect');
    expect([shown.status, shown.headers.get('cache-control')]).toEqual([200, 'no-cache']);
    const policy = shown.headers.get('content-security-policy') ?? '';
    expect(policy).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors ${PORTAL}`,
    );
    expect(shown.headers.get('x-frame-options')).toBeNull();
    expect(shown.headers.get('referrer-policy')).toBe('no-referrer');
    expect(shown.text).not.toMatch(/<style|<script>| style=| on\w+=/);
    const etag = shown.headers.get('etag') ?? '';
    expect(
      (await api.get('/connect/', { headers: { 'If-None-Match': etag, 'Cache-Control': 'max-age=0' } })).status,
    ).toBe(304);
    for (const [, asset = ''] of shown.text.matchAll(/(?:href|src)="([^"]+)"/g)) {
      const told = await api.get(asset);
      expect([told.status, told.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
      const stale = await api.get(asset.replace(/\?v=.*/, '?v=stale'));
      expect(stale.headers.get('cache-control')).toBe('no-cache');
    }
  });

  test.each([
    ['production', 'none'],
    ['staging', 'none'],
    ['development', 'development'],
  ] as const)('in %s it knows its sign-in: %s', async (environment, signIn) => {
    const { ports, temporal } = api.deps;
    await using other = await openApi({ ports, temporal, settings: { environment } });
    expect((await other.get('/connect/')).text).toContain(`<meta name="sign-in" content="${signIn}" />`);
  });
});
