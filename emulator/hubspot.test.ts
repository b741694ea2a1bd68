import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createEmulator } from './server.ts';

let clock = Date.parse('2026-11-21T12:00:00Z');
const emulator = createEmulator({ now: () => clock });
const redirectUri = 'http://127.0.0.1:3000/api/v1/oauth/callback';
const client = { client_id: 'emulated-client', client_secret: 'emulated-secret' };

beforeAll(() => emulator.listen());
beforeEach(() => emulator.control.reset());
afterAll(() => emulator.close());

const api = (path: string, init?: RequestInit) =>
  fetch(`${emulator.url}/hubspot${path}`, { redirect: 'manual', ...init });
const jsonOf = async (response: Response) => (await response.json()) as Record<string, never>;
const form = (fields: Record<string, string>) => ({ method: 'POST', body: new URLSearchParams(fields) });
const token = (fields: Record<string, string>) => api('/oauth/2026-03/token', form({ ...client, ...fields }));
const s256 = (verifier: string) => createHash('sha256').update(verifier).digest('base64url');

async function approve(given: { verifier?: string; decision?: string; scope?: string } = {}): Promise<URL> {
  const query = new URLSearchParams({
    client_id: 'emulated-client',
    redirect_uri: redirectUri,
    scope: given.scope ?? 'oauth crm.objects.contacts.read crm.objects.contacts.write',
    state: 'a state & more',
    ...(given.verifier ? { code_challenge: s256(given.verifier), code_challenge_method: 'S256' } : {}),
  });
  const page = await api(`/oauth/authorize?${query.toString()}`);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('<form method="post" action="authorize">');
  const decided = await api(`/oauth/authorize?${query.toString()}`, form({ decision: given.decision ?? 'approve' }));
  expect(decided.status).toBe(302);
  return new URL(decided.headers.get('location') ?? '');
}

const codeIn = (url: URL): string => url.searchParams.get('code') ?? '';

async function connect(scope?: string) {
  const code = codeIn(await approve(scope ? { scope } : {}));
  const answer = await token({ grant_type: 'authorization_code', code, redirect_uri: redirectUri });
  return (await answer.json()) as { access_token: string; refresh_token: string; expires_in: number };
}

const as = (accessToken: string, init: RequestInit = {}) => ({
  ...init,
  headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
});
const CONTACTS = '/crm/objects/2026-09/contacts';

test('a refusal goes back with the state and no code', async () => {
  const back = await approve({ decision: 'deny' });
  expect(Object.fromEntries(back.searchParams)).toMatchObject({ error: 'access_denied', state: 'a state & more' });
  expect(back.searchParams.has('code')).toBe(false);
});

test('an unknown redirect is never followed', async () => {
  const answer = await api('/oauth/authorize?client_id=emulated-client&scope=oauth&redirect_uri=http://evil.example/');
  expect(answer.status).toBe(400);
  expect(answer.headers.has('location')).toBe(false);
});

test('a code is refused with a wrong verifier, with none, and with another redirect; the right ones redeem it', async () => {
  const verifier = randomBytes(32).toString('base64url');
  const code = codeIn(await approve({ verifier }));
  const swap = (fields: Record<string, string>) =>
    token({ grant_type: 'authorization_code', code, redirect_uri: redirectUri, ...fields });
  for (const wrong of [
    { code_verifier: 'x'.repeat(43) },
    {},
    { code_verifier: verifier, redirect_uri: `${redirectUri}/` },
  ]) {
    const refused = await swap(wrong);
    expect([refused.status, (await jsonOf(refused))['error']]).toEqual([400, 'invalid_grant']);
  }
  const given = await swap({ code_verifier: verifier });
  expect(await jsonOf(given)).toMatchObject({ token_type: 'bearer', expires_in: 1800, hub_id: 24_681_012 });
  expect(emulator.control.hubspot.tokenCalls().authorization_code).toEqual({ calls: 4, succeeded: 1 });
});

test('a code works once; the second use revokes what the first gave', async () => {
  const code = codeIn(await approve());
  const swap = () => token({ grant_type: 'authorization_code', code, redirect_uri: redirectUri });
  const { access_token: accessToken } = await jsonOf(await swap());
  expect((await swap()).status).toBe(400);
  const call = await api(CONTACTS, as(accessToken ?? ''));
  expect([call.status, (await jsonOf(call))['category']]).toEqual([401, 'INVALID_AUTHENTICATION']);
});

test('a code lapses after 60 seconds', async () => {
  const code = codeIn(await approve());
  clock += 60_000;
  const late = await token({ grant_type: 'authorization_code', code, redirect_uri: redirectUri });
  expect([late.status, (await jsonOf(late))['status']]).toEqual([400, 'BAD_AUTH_CODE']);
});

test('a wrong client is refused, and Basic authentication is not looked at', async () => {
  const wrong = await api('/oauth/2026-03/token', form({ ...client, client_secret: 'x', grant_type: 'refresh_token' }));
  expect([wrong.status, (await jsonOf(wrong))['error']]).toEqual([401, 'invalid_client']);
  const headers = { authorization: `Basic ${Buffer.from('emulated-client:emulated-secret').toString('base64')}` };
  const basic = await api('/oauth/2026-03/token', { ...form({ grant_type: 'refresh_token' }), headers });
  expect(basic.status).toBe(401);
});

test('an access token expires by the clock, and its refresh token goes on working', async () => {
  emulator.control.hubspot.tokenLifetime(5);
  const first = await connect();
  expect(first.expires_in).toBe(5);
  clock += 5000;
  const call = await api(CONTACTS, as(first.access_token));
  expect([call.status, (await jsonOf(call))['category']]).toEqual([401, 'EXPIRED_AUTHENTICATION']);
  const again = (await (
    await token({ grant_type: 'refresh_token', refresh_token: first.refresh_token })
  ).json()) as typeof first;
  expect(again.refresh_token).toBe(first.refresh_token);
  expect((await api(CONTACTS, as(again.access_token))).status).toBe(200);
});

test('with rotation, reuse of an old refresh token kills the whole family', async () => {
  emulator.control.hubspot.rotate(true);
  const first = await connect();
  const refresh = (refreshToken: string) => token({ grant_type: 'refresh_token', refresh_token: refreshToken });
  const second = (await (await refresh(first.refresh_token)).json()) as typeof first;
  expect(second.refresh_token).not.toBe(first.refresh_token);
  const reused = await refresh(first.refresh_token);
  expect(await jsonOf(reused)).toMatchObject({ error: 'invalid_grant', status: 'BAD_REFRESH_TOKEN' });
  expect((await refresh(second.refresh_token)).status).toBe(400);
  expect((await api(CONTACTS, as(second.access_token))).status).toBe(401);
  expect(emulator.control.hubspot.tokenCalls().refresh_token).toEqual({ calls: 3, succeeded: 1 });
});

test('a revoked app is refused at the API and at the token endpoint, and introspects as inactive', async () => {
  const { access_token: accessToken, refresh_token: refreshToken } = await connect();
  const introspect = async () =>
    jsonOf(await api('/oauth/2026-03/token/introspect', form({ ...client, token: accessToken })));
  expect(await introspect()).toMatchObject({ active: true, hub_id: 24_681_012 });
  expect((await api('/account-info/2026-09/details', as('pat-eu1-emulated'))).status).toBe(200);
  // The private app's token is a grant, too.
  expect(emulator.control.hubspot.revoke()).toBe(2);
  expect((await api('/account-info/2026-09/details', as('pat-eu1-emulated'))).status).toBe(401);
  expect((await api('/account-info/2026-09/details', as(accessToken))).status).toBe(401);
  expect((await token({ grant_type: 'refresh_token', refresh_token: refreshToken })).status).toBe(400);
  expect(await introspect()).toEqual({ active: false });
});

test('a call without the scope names the scope it needs', async () => {
  const { access_token: accessToken } = await connect('oauth');
  const call = await api(CONTACTS, as(accessToken));
  expect([call.status, (await jsonOf(call))['category']]).toEqual([403, 'MISSING_SCOPES']);
});

test('10,000 contacts list completely, each once, in pages of 100', async () => {
  emulator.control.hubspot.contacts(10_000);
  const { access_token: accessToken } = await connect();
  const ids = new Set<string>();
  let after: string | undefined;
  let pages = 0;
  do {
    const answer = await api(
      `${CONTACTS}?limit=100&properties=email${after ? `&after=${after}` : ''}`,
      as(accessToken),
    );
    const page = (await answer.json()) as { results: { id: string }[]; paging?: { next: { after: string } } };
    for (const { id } of page.results) ids.add(id);
    after = page.paging?.next.after;
    pages += 1;
  } while (after);
  expect([ids.size, pages]).toEqual([10_000, 100]);
  expect((await api(`${CONTACTS}?limit=101`, as(accessToken))).status).toBe(400);
});

test('only default properties come back unless others are named; unknown names are dropped silently', async () => {
  const { access_token: accessToken } = await connect();
  const properties = async (query: string) => {
    const page = (await (await api(`${CONTACTS}?limit=1${query}`, as(accessToken))).json()) as {
      results: { properties: object }[];
    };
    return Object.keys(page.results[0]?.properties ?? {}).sort();
  };
  expect(await properties('')).toEqual([
    'createdate',
    'email',
    'firstname',
    'hs_object_id',
    'lastmodifieddate',
    'lastname',
  ]);
  expect(await properties('&properties=company,nonsense')).toEqual([
    'company',
    'createdate',
    'hs_object_id',
    'lastmodifieddate',
  ]);
});

test('search finds exactly what changed since, in order, and refuses to go past 10,000', async () => {
  emulator.control.hubspot.contacts(10_200);
  const { access_token: accessToken } = await connect();
  const search = (body: object) =>
    api(`${CONTACTS}/search`, as(accessToken, { method: 'POST', body: JSON.stringify(body) }));
  const since = String(clock);
  clock += 1000;
  const edited = await api(
    `${CONTACTS}/51600`,
    as(accessToken, { method: 'PATCH', body: '{"properties":{"company":"New 🥐"}}' }),
  );
  expect(edited.status).toBe(200);
  const filterGroups = [{ filters: [{ propertyName: 'lastmodifieddate', operator: 'GTE', value: since }] }];
  const found = (await (await search({ filterGroups, limit: 200, properties: ['company'] })).json()) as {
    total: number;
    results: unknown[];
  };
  expect(found).toMatchObject({ total: 1, results: [{ id: '51600', properties: { company: 'New 🥐' } }] });

  const sorts = [{ propertyName: 'lastmodifieddate', direction: 'ASCENDING' }];
  const last = (await (await search({ sorts, limit: 200, after: '9800' })).json()) as {
    results: { updatedAt: string }[];
  };
  const times = last.results.map(({ updatedAt }) => updatedAt);
  expect(times).toEqual([...times].sort());
  expect((await search({ sorts, limit: 200, after: '10000' })).status).toBe(400);
});

test('a contact is created once per e-mail and vanishes from lists when archived', async () => {
  const { access_token: accessToken } = await connect();
  const create = () =>
    api(CONTACTS, as(accessToken, { method: 'POST', body: '{"properties":{"email":"new@example.com"}}' }));
  const created = await create();
  expect(created.status).toBe(201);
  const id = String((await jsonOf(created))['id']);
  expect(await jsonOf(await create())).toMatchObject({
    category: 'CONFLICT',
    message: `Contact already exists. Existing ID: ${id}`,
  });
  expect((await api(`${CONTACTS}/${id}`, as(accessToken, { method: 'DELETE' }))).status).toBe(204);
  expect((await api(`${CONTACTS}/${id}`, as(accessToken))).status).toBe(404);
  expect((await create()).status).toBe(201);
});

test('the rate limit is told always and enforced when asked for', async () => {
  const { access_token: accessToken } = await connect();
  emulator.control.hubspot.rateLimit(true, { max: 2, intervalMs: 10_000 });
  const first = await api(CONTACTS, as(accessToken));
  expect(first.headers.get('x-hubspot-ratelimit-remaining')).toBe('1');
  await api(CONTACTS, as(accessToken));
  clock += 4000;
  const third = await api(CONTACTS, as(accessToken));
  expect([third.status, third.headers.get('retry-after')]).toEqual([429, '6']);
  expect(await jsonOf(third)).toMatchObject({ policyName: 'TEN_SECONDLY_ROLLING' });
  clock += 6000;
  expect((await api(CONTACTS, as(accessToken))).status).toBe(200);
});
