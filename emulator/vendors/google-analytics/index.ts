import { randomBytes } from 'node:crypto';
import { formBody, json, route, router, tokenIn, type Call, type Handler, type Reply } from '../../http.ts';
import { createConsent } from '../../oauth/consent.ts';
import { createOAuthControl } from '../../oauth/control.ts';
import { createEndpoints } from '../../oauth/endpoints.ts';
import type { Grant, Minted } from '../../oauth/grants.ts';
import { createIssuer, JWT_BEARER } from '../../oauth/issuer.ts';
import { NO_STORE, refusal } from '../../oauth/refusal.ts';
import type { Origin } from '../../world.ts';
import { createLimiter } from '../../records/limiter.ts';
import type { OAuthVendor } from '../oauth-vendor.ts';
import { createAdmin, isWrite, problem } from './admin.ts';
import { runReport } from './reports.ts';

const ACCOUNTS = [
  { id: 'accounts/104482913', name: 'Kornblume Bakery' },
  { id: 'accounts/104482999', name: 'Ferro SL' },
];
const READ = 'https://www.googleapis.com/auth/analytics.readonly';
const EDIT = 'https://www.googleapis.com/auth/analytics.edit';
const SCOPES = [READ, EDIT, 'openid', 'email', 'profile'];
const AUDIENCE = 'https://oauth2.googleapis.com/token';
const ASSERTION_SECONDS = 3600;

export function createGoogleAnalytics(origin: Origin): OAuthVendor {
  const issuer = createIssuer(origin, {
    vendor: 'google-analytics',
    tokens: {
      lifetimeSeconds: 3600,
      refresh: 'fixed',
      spell: (kind) => (kind === 'access' ? 'ya29.' : '1//0') + randomBytes(60).toString('base64url'),
    },
    codes: { pkce: 'optional', redirectUriAtSwap: 'required', codeLifeSeconds: 600 },
    clientAuth: ['body', 'basic'],
  });
  const { grants } = issuer;

  const consent = createConsent(issuer, {
    title: 'Google',
    accounts: () => ACCOUNTS,
    scopes: SCOPES,
    issuer: 'https://accounts.google.com',
    // Only offline, and after the first consent only when consent is asked for again.
    refreshable: (asked, _scopes, { id }) =>
      asked.get('access_type') === 'offline' &&
      ((asked.get('prompt') ?? '').split(' ').includes('consent') || !grants.consented(id)),
    answered: (params, _account, { query }) => ({ ...params, scope: query.get('scope') ?? '' }),
  });
  const tokens = ({ accessToken, refreshToken, refreshTokenIsNew, expiresIn, grant }: Minted, grantType?: string) => ({
    access_token: accessToken,
    expires_in: expiresIn,
    ...(refreshTokenIsNew ? { refresh_token: refreshToken } : {}),
    ...(grantType === JWT_BEARER ? {} : { scope: grant.scopes.join(' ') }),
    token_type: 'Bearer',
  });
  const endpoints = createEndpoints(issuer, {
    tokens,
    refused: ({ error, description, reason }) =>
      json(
        error === 'invalid_client' ? 401 : 400,
        {
          error,
          error_description: reason.startsWith('refresh_') ? 'Token has been expired or revoked.' : description,
        },
        NO_STORE,
      ),
    withoutClient: [JWT_BEARER],
    other(grantType, params) {
      if (grantType !== JWT_BEARER) return undefined;
      const judge = { audiences: [AUDIENCE], maxLifeSeconds: ASSERTION_SECONDS };
      const asked = claimedScopes(params.get('assertion') ?? '');
      if (asked.length === 0 || asked.some((scope) => !SCOPES.includes(scope))) return refusal('scope_unknown');
      return issuer.swapAssertion(params.get('assertion') ?? '', judge, ({ iss }) => ({
        account: ACCOUNTS[0]?.id ?? '',
        scopes: asked,
        context: { serviceAccount: String(iss) },
      }));
    },
  });

  const asCaller =
    (answer: (grant: Grant, call: Call) => Reply): Handler =>
    (call) => {
      const verdict = grants.judge(tokenIn(call, 'Bearer') ?? '');
      if (verdict.state !== 'live')
        return problem(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.');
      if (![READ, EDIT].some((scope) => verdict.grant.scopes.includes(scope)))
        return problem(403, 'PERMISSION_DENIED', 'Request had insufficient authentication scopes.');
      return answer(verdict.grant, call);
    };
  const { now } = issuer.clock;
  const admin = createAdmin(now);
  const limiter = createLimiter(now);
  const api = asCaller((grant, call) => {
    const report = /^\/v1beta\/(properties\/\d+):runReport$/.exec(call.path);
    // The Admin API says that it is exhausted by 403, the Data API by 429.
    if (limiter.take()?.ok === false) return problem(report ? 429 : 403, 'RESOURCE_EXHAUSTED', 'Exhausted quota.');
    if (isWrite(call) && !grant.scopes.includes(EDIT))
      return problem(403, 'PERMISSION_DENIED', 'Request had insufficient authentication scopes.');
    if (!report) return admin.answer(call) ?? problem(404, 'NOT_FOUND', 'Requested entity was not found.');
    if (call.method === 'POST' && admin.hasProperty(report[1] ?? '')) return runReport(call, now());
    return problem(403, 'PERMISSION_DENIED', 'User does not have sufficient permissions for this property.');
  });
  const summaries = asCaller(({ account }) => {
    const displayName = ACCOUNTS.find(({ id }) => id === account)?.name;
    const property = { property: 'properties/331204877', displayName: 'kornblume.example', parent: account };
    const name = account.replace('accounts/', 'accountSummaries/');
    return json(200, { accountSummaries: [{ name, account, displayName, propertySummaries: [property] }] });
  });

  return {
    handle: router(
      [
        route('GET', '/o/oauth2/v2/auth', consent.show),
        route('POST', '/o/oauth2/v2/auth', consent.decide),
        route('POST', '/token', endpoints.token),
        route('POST', '/revoke', (call) => {
          const token = formBody(call).get('token') ?? call.query.get('token') ?? '';
          const known = grants.judge(token);
          if (known.state !== 'unknown') grants.end(known.grant);
          else if (!grants.revoke(token))
            return json(400, { error: 'invalid_token', error_description: 'Token expired or revoked' });
          return json(200, {});
        }),
        route('GET', '/v1beta/accountSummaries', summaries),
      ],
      api,
    ),
    oauth: createOAuthControl(issuer, { accounts: ACCOUNTS, scopes: [READ], answer: tokens }),
    now,
    records: { collections: admin.collections, limiter: limiter.control },
  };
}

/** The scopes an assertion asks for, read before it is judged. */
function claimedScopes(assertion: string): string[] {
  try {
    const claims = JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
      scope?: string;
    };
    return (claims.scope ?? '').split(' ').filter(Boolean);
  } catch {
    return [];
  }
}
