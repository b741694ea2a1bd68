import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createEmulator } from '../../../../emulator/server.ts';
import type { Connection, ConnectionState } from '../../../../ports/connections.ts';
import type { AuthWay, ConnectorPort, ReadQuery, Row } from '../../../../ports/connectors.ts';
import type { OAuthPort } from '../../../../ports/oauth.ts';
import { Fault } from '../../../../ports/errors.ts';
import type { ConnectionId, TenantId } from '../../../../ports/ids.ts';
import type { Ports } from '../../../../ports/index.ts';
import type { SecretValues } from '../../../../ports/secrets.ts';
import { createHttp } from '../../../http/client.ts';
import type { HttpClient } from '../../../http/client.ts';
import { createConnectors, manifests } from '../../index.ts';
import { createOAuth } from '../../oauth.ts';

const tenantId = '11111111-1111-4111-8111-111111111111' as TenantId;
const id = '22222222-2222-4222-8222-222222222222' as ConnectionId;
const REDIRECT = 'http://127.0.0.1:3000/api/v1/oauth/callback';
const WAY: AuthWay = { connectorId: 'hubspot', methodId: 'oauth', settings: {} };
const CONTACTS = '/hubspot/crm/objects/2026-09/contacts';

const emulator = createEmulator();
let http: HttpClient;
let oauth: OAuthPort;
let connectors: ConnectorPort;
let state: ConnectionState;
/** Every version of the secret, oldest first. */
let versions: SecretValues[];
let renewals: number[];
let renew: () => Promise<void>;

beforeAll(async () => {
  await emulator.listen();
  const to = `${emulator.url}/hubspot`;
  http = createHttp({
    allow: [new URL(emulator.url).host],
    origins: ['https://api.hubapi.com', 'https://app.hubspot.com'].map((from) => ({ from, to })),
    userAgent: 'test',
  });
  oauth = createOAuth({
    http,
    apps: async () => ({
      clientId: 'emulated-client',
      clientSecret: 'emulated-secret',
      scopes: null,
      redirectUris: [],
      enabled: true,
    }),
    manifests,
  });
  connectors = createConnectors({
    http,
    connections: {
      get: async () =>
        ({
          id,
          tenantId,
          connectorId: 'hubspot',
          authMethod: 'oauth',
          vaultPath: 'x',
          state,
          reason: null,
          settings: {},
        }) as unknown as Connection,
    } as unknown as Ports['connections'],
    secrets: {
      read: async () => (versions.length === 0 ? null : { version: versions.length, values: versions.at(-1) }),
    } as unknown as Ports['secrets'],
    workflows: {
      refreshToken: async (_tenant: TenantId, _id: ConnectionId, observed: number) => {
        renewals.push(observed);
        await renew();
        return { version: versions.length };
      },
    } as unknown as Ports['workflows'],
  });
});
afterAll(async () => {
  await http.close();
  await emulator.close();
});
beforeEach(async () => {
  emulator.control.reset();
  state = 'healthy';
  renewals = [];
  versions = [(await connect()).values];
  renew = async () => void versions.push((await oauth.renew(WAY, versions.at(-1) ?? {})).values);
});

/** What a person's browser does: the consent page, and back with a code. */
async function consent(): Promise<{ answer: Record<string, string>; proof: SecretValues; url: URL }> {
  const { url, proof } = await oauth.begin(WAY, REDIRECT, 'the-state');
  const answer = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({ decision: 'approve' }),
    redirect: 'manual',
  });
  const back = new URL(answer.headers.get('location') ?? '');
  expect(back.searchParams.get('state')).toBe('the-state');
  return { answer: Object.fromEntries(back.searchParams), proof, url: new URL(url) };
}
const complete = ({ answer, proof }: Pick<Awaited<ReturnType<typeof consent>>, 'answer' | 'proof'>) =>
  oauth.complete(WAY, REDIRECT, answer, proof);
const connect = async () => complete(await consent());
const page = (query: Partial<ReadQuery> = {}) => connectors.read(tenantId, id, 'contacts', { limit: 100, ...query });

async function scan(
  query: Partial<ReadQuery> = {},
  between: (page: number) => void | Promise<void> = () => undefined,
): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | null | undefined;
  for (let pages = 0; cursor !== null; pages += 1) {
    if (pages > 0) await between(pages);
    const found = await page({ ...query, cursor });
    rows.push(...found.rows);
    cursor = found.nextCursor;
    if (pages > 500) throw new Error('goes on for ever');
  }
  return rows;
}
const ids = (rows: Row[]) => new Set(rows.map(({ externalId }) => externalId));
const call = (path: string, init: RequestInit = {}) =>
  fetch(`${emulator.url}${path}`, {
    ...init,
    headers: { authorization: 'Bearer pat-eu1-emulated', 'content-type': 'application/json' },
  });

test('the authorization URL asks for a code with PKCE S256, state, scopes and our exact redirect', async () => {
  const { url } = await consent();
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    response_type: 'code',
    client_id: 'emulated-client',
    redirect_uri: REDIRECT,
    state: 'the-state',
    code_challenge_method: 'S256',
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    scope: expect.stringMatching(/^oauth crm\.objects\.contacts\.read crm\.objects\.contacts\.write /),
  });
  expect(url.href.startsWith(`${emulator.url}/hubspot/oauth/authorize?`)).toBe(true);
});

test('a code gives tokens once, and only with its own verifier', async () => {
  const first = await consent();
  const tokens = await complete(first);
  expect(Date.parse(tokens.expiresAt ?? '') - Date.now()).toBeGreaterThan(1_700_000);
  expect(tokens.values).toMatchObject({
    access_token: expect.any(String),
    refresh_token: expect.any(String),
    expiresAt: tokens.expiresAt,
  });
  await expect(complete(first)).rejects.toMatchObject({ code: 'grant_revoked', providerCode: 'invalid_grant' });
  const second = await consent();
  await expect(complete({ ...second, proof: first.proof })).rejects.toMatchObject({ code: 'grant_revoked' });
});

test('the account is proved by a real call', async () => {
  await expect(connectors.verify(WAY, versions[0] ?? {})).resolves.toEqual({
    accountId: '24681012',
    accountName: 'HubSpot account 24681012',
    settings: { hub_id: '24681012' },
  });
  expect(connectors.checkFields('hubspot', 'oauth', {})).toEqual({ secret: {}, settings: {} });
});

test('every contact is read once, in pages', async () => {
  emulator.control.hubspot.contacts(250);
  const rows = await scan();
  expect(rows).toHaveLength(250);
  expect(ids(rows).size).toBe(250);
  expect(rows[0]).toMatchObject({
    email: expect.any(String),
    firstName: expect.any(String),
    modifiedAt: expect.stringMatching(/Z$/),
  });
  await expect(connectors.readOne(tenantId, id, 'contacts', rows[3]?.externalId ?? '')).resolves.toEqual(rows[3]);
});

test('what changed since is read oldest first, past the vendor’s cap on one search', async () => {
  emulator.control.hubspot.contacts(10_300);
  const everything = await scan({ since: new Date(0).toISOString() });
  expect(ids(everything).size).toBe(10_300);
  const newest =
    everything
      .map(({ modifiedAt }) => modifiedAt ?? '')
      .sort()
      .at(-1) ?? '';
  const last = await scan({ since: new Date(Date.parse(newest) + 120_000).toISOString() });
  expect(last).toEqual([]);
});

test('a contact that changes during the read lets no other one slip past', async () => {
  emulator.control.hubspot.contacts(120);
  const all = ids(await scan());
  const rows = await scan({ since: new Date(0).toISOString(), limit: 10 }, async (pages) => {
    const changed = [...all][pages] ?? '';
    await call(`${CONTACTS}/${changed}`, {
      method: 'PATCH',
      body: JSON.stringify({ properties: { company: `c${pages}` } }),
    });
  });
  expect(ids(rows)).toEqual(all);
});

test('a search stops honestly at the vendor’s cap', async () => {
  const cursor = Buffer.from(JSON.stringify({ a: '9950', f: null, t: '', n: 99, e: 0 })).toString('base64url');
  await expect(page({ filter: { search: 'a' }, cursor })).rejects.toMatchObject({ code: 'unsupported' });
});

test('a cursor that repeats is an error, not an endless read', async () => {
  const first = await page({ limit: 10 });
  const { a } = JSON.parse(Buffer.from(first.nextCursor ?? '', 'base64url').toString()) as { a: string };
  emulator.control.fault({
    match: { path: CONTACTS },
    kind: 'body',
    body: { results: [], paging: { next: { after: a } } },
  });
  await expect(page({ cursor: first.nextCursor ?? undefined })).rejects.toMatchObject({ code: 'provider_garbage' });
});

test('C50: the `next` link of an answer is never followed', async () => {
  const attacker = { results: [], paging: { next: { after: '5', link: 'https://attacker.test/steal' } } };
  emulator.control.fault({ match: { path: CONTACTS }, kind: 'body', body: attacker });
  const { nextCursor } = await page();
  await page({ cursor: nextCursor ?? undefined });
  expect(emulator.control.requests({ path: CONTACTS }).at(-1)?.path).toContain(`${CONTACTS}?`);
});

test('C54: a token that lapsed in the middle is renewed once and the read goes on', async () => {
  emulator.control.hubspot.contacts(250);
  const rows = await scan({}, (pages) => {
    if (pages === 1) emulator.control.hubspot.expireTokens();
  });
  expect(ids(rows).size).toBe(250);
  expect(renewals).toEqual([1]);
});

test('C54: a second refusal stands: one renewal, one more try, no loop', async () => {
  emulator.control.fault({
    match: { path: CONTACTS },
    kind: 'status',
    status: 401,
    body: { category: 'EXPIRED_AUTHENTICATION' },
    times: 10,
  });
  await expect(page()).rejects.toMatchObject({ code: 'credential_rejected' });
  expect(renewals).toEqual([1]);
  expect(emulator.control.requests({ path: CONTACTS })).toHaveLength(2);
});

test('C54: a token that was renewed beforehand and is refused all the same is not renewed again', async () => {
  versions = [{ ...versions[0], expiresAt: new Date(Date.now() + 30_000).toISOString() }];
  emulator.control.fault({ match: { path: CONTACTS }, kind: 'status', status: 401, body: {}, times: 10 });
  await expect(page()).rejects.toMatchObject({ code: 'credential_rejected' });
  expect(renewals).toEqual([1]);
  expect(emulator.control.requests({ path: CONTACTS })).toHaveLength(1);
});

test('a token about to lapse is renewed before it is used, and not twice', async () => {
  versions = [{ ...versions[0], expiresAt: new Date(Date.now() + 30_000).toISOString() }];
  await page();
  expect(renewals).toEqual([1]);
  await page();
  expect(renewals).toEqual([1]);
});

test.each([30_000, -1, -600_000])(
  'C20: while nobody can renew, a token that lapses in %i ms by our clock is used: the vendor’s word ends it, not the clock',
  async (left) => {
    renew = () => Promise.reject(new Fault('unavailable', 'no worker'));
    versions = [{ ...versions[0], expiresAt: new Date(Date.now() + left).toISOString() }];
    await expect(page()).resolves.toMatchObject({ total: null });
    emulator.control.hubspot.expireTokens();
    await expect(page()).rejects.toMatchObject({ code: 'unavailable' });
    expect(renewals).toEqual([1, 1]);
  },
);

test('an uninstalled app ends in reauth_required, as the connection’s workflow says', async () => {
  emulator.control.hubspot.revoke();
  renew = async () => {
    await expect(oauth.renew(WAY, versions.at(-1) ?? {})).rejects.toMatchObject({ code: 'grant_revoked' });
    throw new Fault('reauth_required', 'connect again');
  };
  await expect(page()).rejects.toMatchObject({ code: 'reauth_required' });
});

test('no stored credential asks for a new connection; one that was not renewed calls nobody dead', async () => {
  renew = () => Promise.resolve();
  emulator.control.hubspot.expireTokens();
  await expect(page()).rejects.toMatchObject({ code: 'unavailable' });
  versions = [];
  await expect(page()).rejects.toMatchObject({ code: 'reauth_required' });
});

test('a rate limit says how long, and a missing scope what to do', async () => {
  emulator.control.fault({
    match: { path: CONTACTS },
    kind: 'status',
    status: 429,
    headers: { 'retry-after': '10' },
    body: { errorType: 'RATE_LIMIT' },
  });
  await expect(page()).rejects.toMatchObject({ code: 'provider_rate_limited', retryAfterMs: 10_000 });
  emulator.control.fault({
    match: { path: CONTACTS },
    kind: 'status',
    status: 403,
    body: { category: 'MISSING_SCOPES' },
  });
  await expect(page()).rejects.toMatchObject({
    code: 'credential_forbidden',
    message: expect.stringContaining('grant'),
  });
});

test('a lost answer to a refresh is told from a server that was never reached', async () => {
  emulator.control.fault({ match: { path: '/hubspot/oauth/2026-03/token' }, kind: 'drop-after' });
  await expect(oauth.renew(WAY, versions[0] ?? {})).rejects.toMatchObject({ code: 'lost_response' });
  emulator.control.hubspot.rotate(true);
  const second = await oauth.renew(WAY, versions[0] ?? {});
  expect(second.values['refresh_token']).not.toBe(versions[0]?.['refresh_token']);
});
