import { createHash, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLog } from '../adapters/log.ts';
import type { Payload } from '@temporalio/common';
import type { ConnectionId, TenantId } from '../ports/ids.ts';
import { PLATFORM } from '../ports/ids.ts';
import { connectionWorkflowId } from '../ports/operations.ts';
import { newState } from './oauth/state.ts';
import { JSON_ONLY, openOAuthGround, PUBLIC_URL } from '../workers/testing/oauth-ground.ts';
import type { Begun, OAuthGround, Redirect } from '../workers/testing/oauth-ground.ts';
import type { Asked, Told } from './testing.ts';

const lines: string[] = [];
/** What proves each authorization, as it was begun. */
const proofs: string[][] = [];
let at: OAuthGround;
let connectionId: ConnectionId;

beforeAll(async () => {
  const log = createLog('trace', { write: (line: string) => void lines.push(line) });
  at = await openOAuthGround({ log });
  const { begin: ask } = at.ground.ports.oauth;
  at.ground.withPort({
    oauth: {
      begin: async (...asked) => {
        const begun = await ask(...asked);
        proofs.push(Object.values(begun.proof));
        return begun;
      },
    },
  });
});
afterAll(async () => {
  await at[Symbol.asyncDispose]();
});
beforeEach(async () => {
  at.ground.emulator.control.reset();
  connectionId = await at.openConnection('hubspot');
});

const begin = (asked: Asked = {}): Promise<Begun> => at.begin(connectionId, asked);
const CALLBACK = '/api/v1/oauth/callback/hubspot';

/** Refused as forged: no token request, nothing kept, one line in the audit log of the scope. */
const refused = async (
  come: (begun: Begun, redirect: Redirect) => Promise<Told>,
  scope: TenantId | typeof PLATFORM,
) => {
  const begun = await begin();
  const redirect = await at.consent(begun);
  const before = (await at.auditOf(scope)).length;
  const { status, json } = await come(begun, redirect);
  expect([status, json.code]).toEqual([400, 'oauth_state_invalid']);
  expect(at.tokenRequests()).toEqual([]);
  expect(await at.secretOf(connectionId)).toBeNull();
  const audit = await at.auditOf(scope);
  expect(audit).toHaveLength(before + 1);
  expect(audit[0]).toMatch(/^oauth\.refused /);
};

describe('C22: a redirect that does not belong sends no token request, is a 400, and is in the audit log', () => {
  test('C22: with a forged state', () =>
    refused((_, redirect) => {
      redirect.query.set('state', randomBytes(48).toString('base64url'));
      return at.comeBack(redirect, 'biz_oauth_x=y', JSON_ONLY);
    }, PLATFORM));

  test('C22: with a state forged for this very tenant', () =>
    refused((begun, redirect) => {
      redirect.query.set('state', newState(at.tenantId));
      return at.comeBack(redirect, begun.cookie, JSON_ONLY);
    }, PLATFORM));

  test('C22: with a state that is ten minutes old', async () => {
    const { begin: keep } = at.ground.ports.oauthTransactions;
    const expiresAt = new Date(Date.now() - 1000).toISOString();
    const undo = at.ground.withPort({ oauthTransactions: { begin: (it) => keep({ ...it, expiresAt }) } });
    try {
      await refused((begun, redirect) => at.comeBack(redirect, begun.cookie, JSON_ONLY), at.tenantId);
    } finally {
      undo();
    }
  });

  test('C22: in another browser, or without its cookie', async () => {
    await refused((_, redirect) => at.comeBack(redirect, '', JSON_ONLY), at.tenantId);
    await refused((begun, redirect) => at.comeBack(redirect, `${begun.cookie}x`, JSON_ONLY), at.tenantId);
  });

  test('C22: by another user of the tenant', () =>
    refused(
      (_, { path, query }) => at.api.post(path, { as: at.colleague, body: Object.fromEntries(query) }),
      at.tenantId,
    ));

  test('C22: by a user of another tenant', () =>
    refused(
      (_, { path, query }) => at.api.post(path, { as: at.stranger, body: Object.fromEntries(query) }),
      at.tenantId,
    ));

  test('C22: a state that one tenant began and another’s browser is made to end connects neither', async () => {
    const theirs = await at.openConnection('hubspot', at.stranger.tenantId ?? at.tenantId);
    const attack = await at.begin(theirs, { as: at.stranger, body: { connectionId: theirs } });
    const own = await begin();
    const redirect = await at.consent(attack);
    const told = await at.comeBack(redirect, own.cookie, JSON_ONLY);
    expect([told.status, told.json.code]).toEqual([400, 'oauth_state_invalid']);
    expect(at.tokenRequests()).toEqual([]);
  });

  test('C22: a person is shown a page, with the same status', async () => {
    const query = new URLSearchParams({ state: newState(at.tenantId), code: 'canary' });
    const { status, headers, text } = await at.comeBack({ path: CALLBACK, query }, '');
    expect([status, headers.get('content-type')]).toEqual([400, 'text/html; charset=utf-8']);
    expect(text).toContain('Not connected');
    expect(text).not.toContain('canary');
  });

  test('C22: a redirect with too many, too long or repeated parameters is refused before anything is looked up', async () => {
    const begun = await begin();
    const { query } = await at.consent(begun);
    const many = new URLSearchParams([...query, ...Array.from({ length: 50 }, (_, n) => [`p${n}`, 'x'])] as never);
    const long = new URLSearchParams([...query, ['long', 'x'.repeat(5000)]] as never);
    const twice = new URLSearchParams([...query, ['code', 'another']] as never);
    for (const bad of [many, long, twice]) {
      const told = await at.comeBack({ path: CALLBACK, query: bad }, begun.cookie, JSON_ONLY);
      expect([told.status, told.json.code]).toEqual([400, 'invalid_request']);
    }
    expect(at.tokenRequests()).toEqual([]);
  });
});

describe('C23: coming back twice', () => {
  test('C23: two tabs at once, then the Back button, see the same friendly page, and the code is traded once', async () => {
    const begun = await begin();
    const redirect = await at.consent(begun);
    const atOnce = await Promise.all([at.comeBack(redirect, begun.cookie), at.comeBack(redirect, begun.cookie)]);
    const later = await at.comeBack(redirect, begun.cookie);
    for (const shown of [...atOnce, later]) {
      expect([shown.status, shown.text]).toEqual([200, expect.stringContaining('<h1>Connected</h1>')]);
    }
    expect(new Set([...atOnce, later].map(({ text }) => text)).size).toBe(1);
    expect(at.tokenRequests()).toHaveLength(1);
  });

  test('C23: the proof of an authorization is gone as soon as its code was traded or refused', async () => {
    const staged = async () => (await at.ground.ports.secrets.list('staging/')).length;
    const before = await staged();
    for (const decision of ['approve', 'deny']) {
      const begun = await begin();
      expect(await staged()).toBe(before + 1);
      await at.comeBack(await at.consent(begun, { decision }), begun.cookie);
      expect(await staged()).toBe(before);
    }
  });

  test('C23: after a denial the same state takes no code any more', async () => {
    const begun = await begin();
    const approved = await at.consent(begun);
    await at.comeBack(await at.consent(begun, { decision: 'deny' }), begun.cookie);
    const told = await at.comeBack(approved, begun.cookie, JSON_ONLY);
    expect(told.status).toBe(400);
    expect(at.tokenRequests()).toEqual([]);
    expect(await at.secretOf(connectionId)).toBeNull();
  });
});

describe('C24: mix-up of two authorization servers', () => {
  test('C24: a code that comes in at another connector’s address, or at the shared one, is refused', async () => {
    for (const path of ['/api/v1/oauth/callback/zoho-crm', '/api/v1/oauth/callback']) {
      await refused((begun, { query }) => at.comeBack({ path, query }, begun.cookie, JSON_ONLY), at.tenantId);
      await refused(
        (_, { query }) => at.api.post(path, { as: at.admin, body: Object.fromEntries(query) }),
        at.tenantId,
      );
    }
  });

  test.each(['/api/v1/oauth/callback/HubSpot', '/api/v1/oauth/callback/hubspot/', '/API/v1/oauth/callback/hubspot'])(
    'C24: %s is not the address that the vendor was given',
    (path) => refused((begun, { query }) => at.comeBack({ path, query }, begun.cookie, JSON_ONLY), at.tenantId),
  );

  test('C24: an answer that names another issuer is refused, whatever its state', async () => {
    const begun = await begin();
    const redirect = await at.consent(begun);
    redirect.query.set('iss', 'https://another.test');
    const told = await at.comeBack(redirect, begun.cookie, JSON_ONLY);
    expect([told.status, told.json.code]).toEqual([400, 'oauth_state_invalid']);
    expect(at.tokenRequests()).toEqual([]);
    expect(await at.secretOf(connectionId)).toBeNull();
  });
});

describe('C25: PKCE', () => {
  const challengeOf = (verifier: string) => createHash('sha256').update(verifier).digest('base64url');

  test('C25: every authorization has a challenge of its own, by S256, and the token request its verifier', async () => {
    const [one, other] = [await begin(), await begin()];
    const challenges = [one, other].map(({ authorizeUrl }) => authorizeUrl.searchParams.get('code_challenge'));
    expect(new Set(challenges).size).toBe(2);
    for (const { authorizeUrl } of [one, other]) {
      expect(authorizeUrl.searchParams.get('code_challenge_method')).toBe('S256');
    }
    // The vendor compares the two itself: the authorization ends well with its own proof only.
    expect(proofs.slice(-2).map((proof) => proof.map(challengeOf).includes(challenges[1] ?? ''))).toEqual([
      false,
      true,
    ]);
    expect((await at.comeBack(await at.consent(other), other.cookie)).status).toBe(200);
  });

  test('C25: a code that was got without a challenge, or by plain, connects nothing', async () => {
    for (const strip of [['code_challenge', 'code_challenge_method'], ['code_challenge_method'], []]) {
      const begun = await begin();
      const downgraded = new URL(begun.authorizeUrl);
      strip.forEach((name) => downgraded.searchParams.delete(name));
      if (strip.length === 0) {
        downgraded.searchParams.set('code_challenge', 'a'.repeat(43));
        downgraded.searchParams.set('code_challenge_method', 'plain');
      }
      const redirect = await at.consent({ authorizeUrl: downgraded }).catch(() => null);
      if (redirect === null || !redirect.query.has('code')) continue;
      const told = await at.comeBack(redirect, begun.cookie, JSON_ONLY);
      expect(told.status).not.toBe(200);
      expect(await at.secretOf(connectionId)).toBeNull();
    }
  });
});

test('C26: a code of another session is refused by its own verifier: no connection is made', async () => {
  const victim = await begin();
  const attackers = await at.openConnection('hubspot');
  const attacker = await at.begin(attackers);
  const stolen = (await at.consent(attacker)).query.get('code') ?? '';
  const redirect = await at.consent(victim);
  expect(redirect.query.get('code')).not.toBe(stolen);
  redirect.query.set('code', stolen);
  const told = await at.comeBack(redirect, victim.cookie, JSON_ONLY);
  expect([told.status, told.json.code]).toEqual([409, 'grant_revoked']);
  expect(await at.secretOf(connectionId)).toBeNull();
  const { json } = await at.api.get(`/api/v1/connections/${connectionId}/status`, { as: at.admin });
  expect(json.state).toBe('pending');
});

describe('C27: where the browser goes in the end', () => {
  test('C27: to a page of ours that is on the list', async () => {
    const begun = await begin({ body: { connectionId, returnTo: '/docs/connected?from=hubspot' } });
    const { status, headers } = await at.comeBack(await at.consent(begun), begun.cookie);
    expect([status, headers.get('location')]).toEqual([303, '/docs/connected?from=hubspot']);
  });

  test.each([
    '//evil.test',
    '/\\evil.test',
    '\\\\evil.test',
    'https://evil.test/docs',
    'javascript:alert(1)',
    'data:text/html,x',
    '/docs/../../api/v1/me',
    '/docs/..%2f..%2fevil',
    '/docs@evil.test',
    '/docs:80@evil.test',
    '/docsevil',
    '/connectevil',
    '/connect/../api/v1/me',
    '/connect/%2f%2fevil.test',
    '/docs\r\nSet-Cookie: a=b',
    '/docs#//evil.test',
    ' /docs',
    '/api/v1/tenants',
    '',
  ])('C27: not to %j', async (returnTo) => {
    const { status, json } = await at.api.post('/api/v1/oauth/authorize/hubspot', {
      as: at.admin,
      body: { connectionId, returnTo },
    });
    expect([status, json.errors]).toMatchObject([400, [{ path: 'returnTo' }]]);
  });

  test('C27: a way back that was changed in the cookie belongs to no authorization', async () => {
    const begun = await begin({ body: { connectionId, returnTo: '/docs' } });
    const [name = ''] = begun.cookie.split('.');
    const forged = `${name}.${Buffer.from('//evil.test').toString('base64url')}`;
    const { status, headers } = await at.comeBack(await at.consent(begun), forged);
    expect([status, headers.get('location')]).toEqual([400, null]);
  });
});

test('C30: the redirect URI comes from configuration, whatever a request’s headers say', async () => {
  const { authorizeUrl } = await begin({
    headers: {
      Host: 'evil.test',
      'X-Forwarded-Host': 'evil.test',
      'X-Forwarded-Proto': 'https',
      Forwarded: 'host=evil.test',
      'X-Original-Host': 'evil.test',
      Origin: 'https://evil.test',
      Referer: 'https://evil.test/',
    },
  });
  expect(authorizeUrl.searchParams.get('redirect_uri')).toBe(`${PUBLIC_URL}${CALLBACK}`);
  expect(authorizeUrl.href).not.toContain('evil');
});

describe('C31: nothing of an authorization shows', () => {
  afterEach(() => void lines.splice(0));

  /** Every payload of the connection's history, in clear: as its own workers see it. */
  const openedHistory = async (): Promise<string> => {
    const id = connectionWorkflowId(at.tenantId, connectionId);
    const { client } = at.ground;
    const found: Payload[] = [];
    const walk = (value: unknown): void => {
      if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
      if ('metadata' in value && 'data' in value) found.push(value as Payload);
      else Object.values(value).forEach(walk);
    };
    walk(await client.workflow.getHandle(id).fetchHistory());
    const sealed = found.filter(({ metadata }) => Buffer.from(metadata?.['encoding'] ?? []).includes('encrypted'));
    expect(sealed.length).toBeGreaterThan(0);
    const [codec] = client.options.loadedDataConverter.payloadCodecs;
    const opened = (await codec?.decode(sealed)) ?? [];
    return opened.map(({ data }) => Buffer.from(data ?? []).toString()).join('\n');
  };

  test('C31: neither codes, states, verifiers nor tokens are in a log line, an answer, a page, an audit line or a payload', async () => {
    const told: Told[] = [];
    const begun = await begin();
    told.push(begun.told);
    const redirect = await at.consent(begun);
    redirect.query.set('canary', 'canary-of-the-vendor');
    told.push(await at.comeBack(redirect, begun.cookie));
    told.push(await at.comeBack(redirect, '', JSON_ONLY));
    const again = await begin();
    const late = await at.consent(again);
    at.ground.emulator.control.fault({
      match: { method: 'POST', path: '/hubspot/oauth' },
      kind: 'status',
      status: 500,
    });
    told.push(await at.comeBack(late, again.cookie));
    told.push(await at.api.get(`/api/v1/connections/${connectionId}`, { as: at.admin }));
    told.push(await at.api.get(`/api/v1/connections/${connectionId}/events`, { as: at.admin }));
    const stored = await at.secretOf(connectionId);
    const secrets = [
      redirect.query.get('code') ?? '',
      late.query.get('code') ?? '',
      ...proofs.slice(-2).flat(),
      stored?.values['access_token'] ?? '',
      stored?.values['refresh_token'] ?? '',
      'emulated-secret',
      'canary-of-the-vendor',
    ];
    expect(secrets.filter(({ length }) => length < 8)).toEqual([]);
    const audit = JSON.stringify(await at.ground.ports.audit.list(at.tenantId, { limit: 100 }));
    const history = await openedHistory();
    expect(history).toContain(connectionId);
    const everything = [...lines, ...told.map(({ text }) => text), audit, history].join('\n');
    for (const secret of [...secrets, begun.state, again.state]) {
      // The state is in the one answer that sends the browser away, and nowhere else.
      const hits = everything.split(secret).length - 1;
      expect([secret, hits]).toEqual([secret, secret === begun.state ? 1 : 0]);
    }
  });

  test('C31: no page, redirect or refusal of a callback is cached, or tells the next site where it came from', async () => {
    const begun = await begin({ body: { connectionId, returnTo: '/docs' } });
    const redirect = await at.consent(begun);
    const shown = [
      await at.comeBack(redirect, ''),
      await at.comeBack(redirect, '', JSON_ONLY),
      await at.comeBack(redirect, begun.cookie),
    ];
    expect(shown.map(({ status }) => status)).toEqual([400, 400, 303]);
    for (const { headers } of shown) {
      expect([headers.get('cache-control'), headers.get('referrer-policy')]).toEqual(['no-store', 'no-referrer']);
      expect(headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    }
  });
});
