import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { seedPlatformRole } from '../../adapters/postgres/identity.ts';
import { payloadCodec } from '../../adapters/temporal/codec.ts';
import { keyRing } from '../../adapters/temporal/key-ring.ts';
import { Email } from '../../ports/ids.ts';
import { QUEUES } from '../../ports/operations.ts';
import { PASSWORD } from '../testing/connections.ts';
import { keptByTemporal, keptInTables, leaks, spellings } from '../testing/kept.ts';
import { TEST_KEYS } from '../testing/namespace.ts';
import { startTemporal } from '../testing/server.ts';
import type { TestServer } from '../testing/server.ts';
import { until } from '../testing/until.ts';
import { openDeployment } from './deployment.ts';
import type { Deployment } from './deployment.ts';

const LONG_MS = 240_000;
const ADMIN = 'admin@platform.example';
const SLUG = 'canary-bakery';
/** About people: our own tables may hold it, Temporal may not, not even in an id. */
const PERSONAL = new Map([
  ['the owner’s address', 'mara.kornblum@canary.example'],
  ['the tenant’s name', 'Canary Kornblum and Daughters'],
  ['the site’s address', '/wordpress/demo'],
  ['the platform’s person', ADMIN],
]);
const personal = (name: string) => PERSONAL.get(name) ?? '';

/** Planted, used, and handed out in the course of the walks, by what they are. */
const secrets = new Map<string, string>();
const plant = (name: string, value = `canary-${randomUUID()}`): string => {
  secrets.set(name, value);
  return value;
};

let server: TestServer;
let deployment: Deployment;
let folder: string;
let api: string;
let places: Record<string, string>;
let kept: Awaited<ReturnType<typeof keptByTemporal>>;
let database: string;
let logs = '';
let answers = '';

interface Asked {
  method?: string;
  token?: string | undefined;
  body?: unknown;
  headers?: Record<string, string>;
  /** The answer hands something out, once, to who asked; it is no leak. */
  handsOut?: boolean;
}

/** Any call of the API. What comes back is kept, to be searched. */
const call = async <Body = Record<string, unknown>>(at: string, asked: Asked = {}) => {
  const { token, body, headers = {}, handsOut = false, method = body === undefined ? 'GET' : 'POST' } = asked;
  const response = await fetch(`${api}${at}`, {
    ...{ method, redirect: 'manual' },
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!handsOut) answers += `${JSON.stringify([...response.headers])}\n${text}\n`;
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: (text.startsWith('{') ? JSON.parse(text) : {}) as Body,
  };
};

const logIn = async (email: string, name: string): Promise<string> => {
  const { status, body } = await call<{ token: string }>('/api/v1/auth/dev-login', { body: { email }, handsOut: true });
  if (status !== 200) throw new Error(`the login of ${email} answered ${status}`);
  return plant(name, body.token);
};

interface Listed<Item> {
  data: Item[];
}

/** The whole of an onboarding by the public API, with what goes wrong on the way. */
const onboard = async (admin: string) => {
  const { ground } = deployment;
  const { emulator } = ground;
  const connectors = [
    { connector: 'wordpress', sync: [{ stream: 'posts', sink: 'knowledge' }] },
    { connector: 'hubspot', sync: [{ stream: 'contacts', sink: 'store' }] },
  ];
  const tenant = { name: personal('the tenant’s name'), slug: SLUG, ownerEmail: personal('the owner’s address') };
  const begun = await call<{ id: string }>('/api/v1/tenants', {
    token: admin,
    body: { ...tenant, plan: 'growth', connectors },
  });
  expect(begun.status).toBe(202);
  const owner = await until(
    'the owner may log in',
    () => logIn(personal('the owner’s address'), 'the owner’s token'),
    Boolean,
  );
  const modelKey = (apiKey: string) =>
    call('/api/v1/model-keys/openai', { method: 'PUT', token: owner, body: { apiKey } });
  expect((await modelKey(plant('a key to models that is refused'))).status).toBe(422);
  // The agents of the onboarding go by it.
  expect((await modelKey(plant('a key to models', `emulator-${randomUUID()}`))).status).toBe(200);
  await until(
    'both wait for people',
    () => call<Listed<unknown>>('/api/v1/connections', { token: owner }),
    ({ body }) => body.data?.length === 2,
  );

  const connect = (password: string) =>
    call('/api/v1/connectors/wordpress/connect', {
      token: owner,
      body: {
        fields: { site_url: `${emulator.url}/wordpress/demo`, username: 'owner', application_password: password },
      },
    });
  expect((await connect(plant('a password that the site refuses'))).status).toBe(422);
  // A site that repeats what it was sent, in a page of its own.
  const repeated = plant('a password that the site repeats');
  const fault = { match: { path: '/wordpress/demo' }, kind: 'status' as const, status: 500, times: 20 };
  emulator.control.fault({ ...fault, body: `<h1>No entry for owner:${repeated}</h1>` });
  expect((await connect(repeated)).status).toBeGreaterThanOrEqual(400);
  emulator.control.faults.clear();
  expect((await connect(plant('the password of the site', PASSWORD))).status).toBe(200);

  const authorize = await call<{ authorizeUrl: string }>('/api/v1/oauth/authorize/hubspot', {
    token: owner,
    body: {},
    handsOut: true,
  });
  const cookie = authorize.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  plant('the browser’s cookie', cookie.split('=').slice(1).join('='));
  const consent = await fetch(authorize.body.authorizeUrl, {
    ...{ method: 'POST', redirect: 'manual', body: new URLSearchParams({ decision: 'approve' }) },
  });
  const back = new URL(consent.headers.get('location') ?? '');
  plant('the code of the redirect', back.searchParams.get('code') ?? '');
  plant('the state of the redirect', back.searchParams.get('state') ?? '');
  const refused = `${back.pathname}?code=${plant('a code that is refused')}&state=${plant('a state that nobody knows')}`;
  await call(refused, { headers: { cookie, accept: 'text/html' } });
  expect(
    (await call(`${back.pathname}${back.search}`, { headers: { cookie, accept: 'text/html' } })).status,
  ).toBeLessThan(400);

  const waiting = await until(
    'the agents are done, and a person is asked',
    () => call<Listed<{ id: string }>>('/api/v1/approvals', { token: owner }),
    ({ body }) => body.data.length > 0,
    { timeoutMs: 90_000, everyMs: 300 },
  );
  const approval = `/api/v1/approvals/${waiting.body.data[0]?.id}`;
  const { contentHash } = (await call<{ contentHash: string }>(approval, { token: owner })).body;
  expect((await call(`${approval}/decisions`, { token: owner, body: { kind: 'approve', contentHash } })).status).toBe(
    200,
  );
  await until(
    'the onboarding is over',
    () => call<{ outcome: string }>(`/api/v1/operations/${begun.body.id}`, { token: admin }),
    ({ body }) => body.outcome === 'completed',
    { timeoutMs: 60_000, everyMs: 300 },
  );
  expect(emulator.control.models.calls().map(({ key }) => key)).toContain(secrets.get('a key to models'));
  await call(`/api/v1/operations/${begun.body.id}/events`, { token: admin });
  return owner;
};

/** A vendor who refuses a renewal, in words that repeat the credential. */
const refresh = async (owner: string) => {
  const { control } = deployment.ground.emulator;
  const { client, ports } = deployment.ground;
  const [hubspot] = (
    await call<Listed<{ id: string; connector: string }>>('/api/v1/connections?limit=10', { token: owner })
  ).body.data;
  expect(hubspot).toBeDefined();
  for (const at of await ports.secrets.list('tenants/')) {
    const { refresh_token: token } = (await ports.secrets.read(at))?.values ?? {};
    if (token === undefined) continue;
    const prose = `refresh token ${token} of ${plant('a word of the vendor’s')} is not known`;
    control.fault({
      ...{ match: { method: 'POST', path: '/hubspot/oauth' }, kind: 'status', status: 400, times: 1 },
      body: { error: 'invalid_request', error_description: prose, status: 'BAD_REFRESH_TOKEN', message: prose },
    });
    control.oauth('hubspot').expireTokens();
    await call('/api/v1/connectors/hubspot/data/contacts?limit=1', { token: owner });
    await call('/api/v1/connectors/hubspot/test', { token: owner, body: {} });
    await call('/api/v1/connectors/hubspot/data/contacts?limit=1', { token: owner });
  }
  await client.workflow.count();
};

const settings = async (admin: string, owner: string) => {
  const { emulator, ports } = deployment.ground;
  const hook = { kind: 'webhook', title: 'Hook', url: `${emulator.url}/hooks/${plant('the path of a hook')}` };
  const added = await call<{ id: string; signingKey: string }>('/api/v1/notification-channels', {
    token: owner,
    body: hook,
    handsOut: true,
  });
  plant('the key of a hook', added.body.signingKey);
  await call(`/api/v1/notification-channels/${added.body.id}/test`, { token: owner, body: {} });
  await call('/api/v1/notification-channels', { token: owner });
  const app = { clientId: 'emulated-client', redirectUris: [] };
  await call('/api/v1/oauth/apps/hubspot', {
    token: admin,
    body: { ...app, clientSecret: plant('a client secret that is refused') },
  });
  const link = await call<{ url: string }>('/api/v1/connect-sessions', {
    token: owner,
    body: { connectors: ['mailchimp'] },
    handsOut: true,
  });
  if (link.body.url !== undefined) plant('a link', link.body.url.split(/[#?/=]/).at(-1) ?? '');
  for (const [secretClass, subject] of [
    ['jwt_signing_key', 'jwt-keys'],
    ['payload_codec_key', 'payload-codec'],
  ]) {
    const started = await call<{ rotationId: string }>('/api/v1/secrets/rotations', {
      token: admin,
      body: { secretClass, subject },
    });
    expect([secretClass, started.status]).toEqual([secretClass, 202]);
    await until(
      `the ${subject} are rotated, and observed`,
      () => call<{ step: string }>(`/api/v1/secrets/rotations/${started.body.rotationId}`, { token: admin }),
      ({ body }) => body.step === 'observing',
    );
  }
  await call('/api/v1/secrets', { token: admin });
  await call('/api/v1/secrets', { token: owner });
  for (const name of await ports.secrets.list('platform/')) {
    const at = `/api/v1/secrets/${encodeURIComponent(name.slice('platform/'.length))}`;
    const fields = { key: plant(`a successor of ${name}`) };
    await call(at, { method: 'PUT', token: admin, body: { fields }, headers: { 'if-match': '99' } });
    await call(at, { token: admin });
  }
  // One that a rotation takes and tests, and that the receiver refuses: it is taken back.
  const at = `/api/v1/secrets/${encodeURIComponent(`channels/${added.body.id}`)}`;
  const key = `whsec_${Buffer.from(plant('a key of a hook that is brought')).toString('base64')}`;
  const replaced = await call<{ operation: { id: string } | null }>(at, {
    ...{ method: 'PUT', token: owner, body: { fields: { key } }, headers: { 'if-match': '1' } },
  });
  expect([replaced.status, replaced.text]).toEqual([202, expect.stringContaining('operation')]);
  await until(
    'it is refused',
    () => call<{ outcome: string }>(`/api/v1/operations/${replaced.body.operation?.id}`, { token: owner }),
    ({ body }) => body.outcome !== 'running',
  );
  const session = await call('/api/v1/codec/session', { token: admin, method: 'POST', handsOut: true });
  plant('the cookie of the codec', /=([^;]+)/.exec(session.headers.get('set-cookie') ?? '')?.[1] ?? '');
};

/** What a caller does wrong. */
const mistakes = async (owner: string) => {
  await call('/api/v1/me', { token: plant('a token that is none') });
  await call(`/api/v1/me?token=${plant('a token in a query')}`);
  await call('/api/v1/connectors/wordpress/connect', {
    token: owner,
    body: `{"fields": {"application_password": "${plant('a body that is no JSON')}`,
  });
  await call('/api/v1/connectors/wordpress/connect', {
    token: owner,
    body: { password: plant('a field that nobody knows') },
  });
  await call('/api/v1/secrets/rotations', {
    token: owner,
    body: { secretClass: plant('a class that is none'), subject: 'x' },
  });
};

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'canaries-'));
  server = await startTemporal({ dbFile: path.join(folder, 'temporal.db') });
  deployment = await openDeployment({
    address: server.address,
    variables: { LOG_LEVEL: 'trace' },
    hear: (words) => void (logs += words),
  });
  const { ground, startApi, startWorker } = deployment;
  await seedPlatformRole(ground.database.db, Email.parse(ADMIN), 'super_admin');
  const [one, worker] = await Promise.all([startApi(), startWorker()]);
  api = one.url;
  const admin = await logIn(ADMIN, 'the admin’s token');
  const owner = await onboard(admin);
  await refresh(owner);
  await settings(admin, owner);
  await mistakes(owner);

  plant('the key of the secret store', ground.env.secrets.key ?? '');
  const named = new Set([
    'current',
    'since',
    'successor',
    'predecessor',
    'moving',
    'before',
    'expiresAt',
    'scope',
    'username',
    'site_url',
    'url',
  ]);
  for (const at of await ground.ports.secrets.list('')) {
    for (const [name, value] of Object.entries((await ground.ports.secrets.read(at))?.values ?? {})) {
      if (!named.has(name) && value.length > 7) plant(`${name} of ${at}`, value);
    }
  }
  const codec = payloadCodec(
    keyRing({ ...(await ground.ports.secrets.read('platform/payload-codec'))?.values, ...TEST_KEYS }),
  );
  kept = await keptByTemporal({ client: ground.client, codec });
  places = { ...(await keptInTables(ground.database.adminUrl)) };
  for (const program of [one, worker]) program.signal('SIGTERM');
  await Promise.all([one.exited, worker.exited]);
  await server.kill();
  const files = (await readdir(folder)).filter((name) => name.startsWith('temporal.db'));
  database = (await Promise.all(files.map((name) => readFile(path.join(folder, name), 'latin1')))).join('\n');
  places = {
    ...places,
    'the histories, decoded': kept.decoded,
    'the histories, raw': kept.raw,
    'Temporal’s own database': database,
    'the logs': logs,
    'the answers of the API': answers,
  };
}, LONG_MS);
afterAll(async () => {
  await deployment?.[Symbol.asyncDispose]();
  await server?.kill();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

describe('canaries', () => {
  test('are found where they are: the search sees every spelling, and every place holds something', () => {
    const secret = 'abcd EFGH ijkl~MNOP';
    for (const form of spellings(secret)) {
      expect(leaks(new Map([['it', secret]]), { here: `before ${form} after` })).toEqual(['it stands in here']);
    }
    for (const shift of [1, 2, 3, 4]) {
      const hidden = Buffer.from(`${'x'.repeat(shift)}${secret}${'y'.repeat(shift)}`).toString('base64');
      expect(leaks(new Map([['it', secret]]), { here: hidden })).toHaveLength(1);
    }
    expect(secrets.size).toBeGreaterThan(30);
    expect(kept.ids.length).toBeGreaterThan(10);
    expect(kept.schedules.length).toBeGreaterThan(1);
    for (const [place, mark] of [
      ['the histories, decoded', personal('the owner’s address')],
      ['the histories, raw', SLUG],
      ['Temporal’s own database', SLUG],
      ['the logs', 'a request failed'.slice(0, 1)],
      ['the answers of the API', SLUG],
      ['table tenants', SLUG],
      ['table audit_logs', 'connection.healthy'],
    ] as const) {
      expect([place, places[place]?.includes(mark)]).toEqual([place, true]);
    }
    expect(logs.length).toBeGreaterThan(500);
  });

  test('C76: no secret stands in any history, raw or decoded, log line, error, answer, row, memo, heartbeat, search attribute or schedule', () => {
    expect(leaks(secrets, places)).toEqual([]);
  });

  test('C77: nothing about people stands in clear in Temporal: ids, queues, search attributes, schedules, or anywhere in its database', () => {
    const clear = JSON.stringify([kept.ids, kept.schedules]);
    expect(
      leaks(PERSONAL, { 'the ids': clear, 'the histories, raw': kept.raw, 'Temporal’s own database': database }),
    ).toEqual([]);
  });

  test('C77: every id is made of opaque parts: a workflow’s name, whose it is, and ids or names of ours', () => {
    const uuid = '[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}';
    const moment = '\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z';
    const whose = new RegExp(`^[a-zA-Z]+:(platform|${uuid})$`);
    // An id, a moment, a count, or a word of the house: a connector, a stream, a class of secrets, a kind of note.
    const opaque = new RegExp(`^(${uuid}|${moment}|\\d{1,3}|[a-z][a-z_.-]*)(-${moment})?$`);
    for (const id of [...kept.ids.map(({ workflowId }) => workflowId), ...kept.schedules]) {
      const [, front = '', key = ''] = /^([^:]*:[^:]*):(.*)$/.exec(id) ?? [];
      expect(front).toMatch(whose);
      for (const part of key.split('/')) expect(part).toMatch(opaque);
    }
    const queues = new Set<string>(Object.values(QUEUES));
    for (const { queue } of kept.ids) expect(queues).toContain(queue);
    const value = new RegExp(`^(platform|none|approval|auth|quota|provider|bug|${uuid}|[a-zA-Z]+|[a-z-]+)$`);
    for (const { attributes } of kept.ids) {
      const values = Object.entries(JSON.parse(attributes) as Record<string, string[]>).filter(
        ([name]) => !/^(Build|Temporal)/.test(name),
      );
      for (const [, [given]] of values) expect(given).toMatch(value);
    }
  });
});
