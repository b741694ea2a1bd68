import { randomBytes } from 'node:crypto';
import { json, route, router, tokenIn, type Handler } from '../../http.ts';
import { createConsent } from '../../oauth/consent.ts';
import { createOAuthControl } from '../../oauth/control.ts';
import { createEndpoints } from '../../oauth/endpoints.ts';
import type { Grant, Minted } from '../../oauth/grants.ts';
import { createIssuer } from '../../oauth/issuer.ts';
import { createLimiter } from '../../records/limiter.ts';
import type { Origin } from '../../world.ts';
import type { OAuthVendor } from '../oauth-vendor.ts';
import { failed, missing } from './answers.ts';
import { deliveryOf, handshakeOf } from './events.ts';
import { createPages } from './page.ts';
import { answerRest } from './rest.ts';

const ACCOUNTS = [
  { id: 'urn:li:person:aB3dE5fG7h', name: 'Mara Kornblum' },
  { id: 'urn:li:person:iK3rF3rR0s', name: 'Iker Ferro' },
];
const READS = ['r_organization_social', 'rw_organization_admin'];
const SCOPES = ['r_basicprofile', ...READS, 'w_organization_social', 'openid', 'profile', 'email', 'w_member_social'];
const YEAR_SECONDS = 31_536_000;

/** The refresh token of an approved app lives a year from the consent, and no longer. */
export function createLinkedin(origin: Origin): OAuthVendor {
  const issuer = createIssuer(origin, {
    vendor: 'linkedin',
    tokens: {
      lifetimeSeconds: 5_184_000,
      refresh: 'fixed',
      refreshLifetimeSeconds: YEAR_SECONDS,
      spell: () => `AQ${randomBytes(120).toString('base64url')}`,
    },
    codes: { pkce: 'none', redirectUriAtSwap: 'required', codeLifeSeconds: 1800 },
    clientAuth: ['body'],
  });
  const { grants } = issuer;
  const { now } = issuer.clock;
  const consent = createConsent(issuer, { title: 'LinkedIn', accounts: () => ACCOUNTS, scopes: SCOPES });
  const tokens = ({ accessToken, refreshToken, expiresIn, grant }: Minted) => ({
    ...{ access_token: accessToken, expires_in: expiresIn, refresh_token: refreshToken },
    ...{ refresh_token_expires_in: YEAR_SECONDS, scope: grant.scopes.join(',') },
  });
  const endpoints = createEndpoints(issuer, { tokens });
  const pages = createPages(now);
  const limiter = createLimiter(now);

  const asCaller =
    (answer: (grant: Grant, ...call: Parameters<Handler>) => ReturnType<Handler>): Handler =>
    (call, ...params) => {
      const verdict = grants.judge(tokenIn(call, 'Bearer') ?? '');
      switch (verdict.state) {
        case 'live':
          return answer(verdict.grant, call, ...params);
        case 'expired':
          return failed(401, 'EXPIRED_ACCESS_TOKEN', 'The token used in the request has expired', 65_602);
        case 'revoked':
          return failed(
            401,
            'REVOKED_ACCESS_TOKEN',
            'The token used in the request has been revoked by the user',
            65_601,
          );
        case 'unknown':
          return failed(401, 'INVALID_ACCESS_TOKEN', 'Invalid access token', 65_600);
      }
    };
  const rest = asCaller(({ account, scopes }, call) => {
    const needed = call.method === 'GET' ? READS : ['w_organization_social'];
    if (!needed.some((scope) => scopes.includes(scope)))
      return failed(403, 'ACCESS_DENIED', 'Not enough permissions to access this resource');
    if (limiter.take()?.ok === false) return failed(429, 'TOO_MANY_REQUESTS', 'Resource level throttle limit reached');
    return answerRest(pages, call, now(), account);
  });
  const userinfo = asCaller(({ account, scopes }) =>
    scopes.includes('openid')
      ? json(200, { sub: account.split(':').at(-1), name: ACCOUNTS.find(({ id }) => id === account)?.name })
      : failed(403, 'ACCESS_DENIED', 'Not enough permissions to access userinfo'),
  );

  const handle = router(
    [
      route('GET', '/oauth/v2/authorization', consent.show),
      route('POST', '/oauth/v2/authorization', consent.decide),
      route('POST', '/oauth/v2/accessToken', endpoints.token),
      route('POST', '/oauth/v2/introspectToken', endpoints.introspect),
      route('GET', '/v2/userinfo', userinfo),
    ],
    (call) => (call.path.startsWith('/rest/') ? rest(call) : missing()),
  );
  return {
    handle,
    oauth: createOAuthControl(issuer, {
      accounts: ACCOUNTS,
      scopes: ['r_basicprofile', ...READS, 'w_organization_social'],
      answer: tokens,
    }),
    now,
    records: {
      collections: {
        organizations: pages.organizations.control,
        posts: pages.posts.control,
        comments: pages.comments.control,
      },
      limiter: limiter.control,
      delivery: deliveryOf(now),
      handshake: handshakeOf,
    },
  };
}
