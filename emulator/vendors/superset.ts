import { randomBytes } from 'node:crypto';
import { json, jsonBody, record, route, router, tokenIn, type Call, type Handler, type Reply } from '../http.ts';
import { createOAuthControl } from '../oauth/control.ts';
import type { Minted } from '../oauth/grants.ts';
import { createIssuer } from '../oauth/issuer.ts';
import { refusal } from '../oauth/refusal.ts';
import type { Origin } from '../world.ts';
import type { OAuthVendor } from './oauth-vendor.ts';

/** The one who may log in; a disabled app, in control's words, is a password that was changed. */
const USER = { username: 'owner', password: 'emulated-password', provider: 'db' };
const REFRESH_SECONDS = 2_592_000;

/** A session login: user name and password give an access token and one that renews it. */
export function createSuperset(origin: Origin): OAuthVendor {
  const part = (bytes: number) => randomBytes(bytes).toString('base64url');
  const issuer = createIssuer(origin, {
    vendor: 'superset',
    tokens: {
      lifetimeSeconds: 900,
      refresh: 'fixed',
      refreshLifetimeSeconds: REFRESH_SECONDS,
      spell: () => `eyJ${part(24)}.eyJ${part(96)}.${part(32)}`,
    },
    codes: { pkce: 'none', redirectUriAtSwap: 'if-sent' },
    clientAuth: ['body'],
  });
  const { grants, calls, clients } = issuer;
  const tokens = ({ accessToken, refreshToken }: Minted) => ({
    access_token: accessToken,
    ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
  });

  const login = (call: Call): Reply => {
    const given = record(jsonBody(call));
    const missing = ['username', 'password', 'provider'].filter((name) => typeof given[name] !== 'string');
    if (missing.length > 0)
      return json(400, {
        message: Object.fromEntries(missing.map((name) => [name, ['Missing data for required field.']])),
      });
    const outcome = calls.counted('password', () => {
      const known = Object.entries(USER).every(([name, value]) => given[name] === value) && clients.isEnabled();
      if (!known) return refusal('client_secret');
      return grants.open({ account: USER.username, scopes: [], refreshable: given['refresh'] === true });
    });
    return 'error' in outcome ? notAuthorized() : json(200, tokens(outcome));
  };
  /** The refresh token is the bearer here, and the answer holds no new one. */
  const refresh = (call: Call): Reply => {
    const token = tokenIn(call, 'Bearer');
    if (token === undefined) return noHeader();
    const outcome = issuer.refresh(token);
    if (!('error' in outcome)) return json(200, { access_token: outcome.accessToken });
    if (outcome.reason === 'refresh_revoked') return notAuthorized();
    return outcome.reason === 'refresh_expired' ? hasExpired() : invalid(token);
  };
  const asCaller =
    (answer: () => Reply): Handler =>
    (call) => {
      const token = tokenIn(call, 'Bearer');
      if (token === undefined) return noHeader();
      const { state } = grants.judge(token);
      if (state === 'live') return answer();
      return state === 'expired' ? hasExpired() : state === 'revoked' ? notAuthorized() : invalid(token);
    };

  return {
    handle: router(
      [
        route('POST', '/api/v1/security/login', login),
        route('POST', '/api/v1/security/refresh', refresh),
        route('GET', '/api/v1/dashboard', asCaller(dashboards)),
      ],
      () => json(404, { message: 'Not found' }),
    ),
    oauth: createOAuthControl(issuer, { accounts: [{ id: USER.username, name: 'Owner' }], scopes: [], answer: tokens }),
    now: issuer.clock.now,
  };
}

const notAuthorized = (): Reply => json(401, { message: 'Not authorized' });
const noHeader = (): Reply => json(401, { msg: 'Missing Authorization Header' });
const hasExpired = (): Reply => json(401, { msg: 'Token has expired' });
const invalid = (token: string): Reply =>
  json(422, { msg: token.split('.').length === 3 ? 'Signature verification failed' : 'Not enough segments' });

const dashboards = (): Reply =>
  json(200, {
    count: 1,
    ids: [12],
    result: [
      {
        id: 12,
        dashboard_title: 'Sales overview',
        slug: 'sales-overview',
        url: '/superset/dashboard/sales-overview/',
        published: true,
        status: 'published',
        changed_on_utc: '2026-10-12T08:41:07.120000+0000',
        changed_on_delta_humanized: '9 days ago',
        changed_by_name: 'Mara Kornblum',
        owners: [{ id: 3, first_name: 'Mara', last_name: 'Kornblum' }],
        tags: [],
      },
    ],
  });
