import { randomBytes, randomUUID } from 'node:crypto';
import { json, jsonBody, record, route, router, type Handler, type Reply } from '../http.ts';
import { createConsent } from '../oauth/consent.ts';
import { createOAuthControl } from '../oauth/control.ts';
import type { Grant, Minted } from '../oauth/grants.ts';
import { createIssuer } from '../oauth/issuer.ts';
import { refusal, type Reason } from '../oauth/refusal.ts';
import type { Origin } from '../world.ts';
import type { OAuthVendor } from './oauth-vendor.ts';

const ACCOUNTS = [
  { id: '7180011223344556677', name: 'Kornblume Bakery', advertisers: ['7390011224455667788', '7390011224455667799'] },
  { id: '7180011223344550000', name: 'Ferro SL', advertisers: ['7390011224455660000'] },
];
const API = '/open_api/v1.3';
const PERMISSIONS = [4, 220, 1];
const CODE_SECONDS = 3600;

const WRONG_APP = 40_001;
const BAD_PARAMETER = 40_002;
const NOT_FOUND = 40_007;
const INVALID_TOKEN = { expired: 40_102, revoked: 40_105, unknown: 40_105 } as const;
const MISSING_TOKEN = 40_104;
const BAD_AUTH_CODE = 40_110;

const accountOf = (id: string) => ACCOUNTS.find((account) => account.id === id);

/** Nothing is named as elsewhere, and every answer has status 200 and says in `code` how it went. */
export function createTiktokAds(origin: Origin): OAuthVendor {
  const issuer = createIssuer(origin, {
    vendor: 'tiktok-ads',
    tokens: { lifetimeSeconds: null, refresh: 'none', spell: () => randomBytes(20).toString('hex') },
    codes: { pkce: 'none', redirectUriAtSwap: 'if-sent', codeLifeSeconds: CODE_SECONDS },
    clientAuth: ['body'],
  });
  const { grants, clients } = issuer;

  const consent = createConsent(issuer, {
    title: 'TikTok for Business',
    accounts: () => ACCOUNTS,
    clientIdParam: 'app_id',
    codeParam: 'auth_code',
  });
  const tokens = ({ accessToken, grant }: Minted) => ({
    access_token: accessToken,
    advertiser_ids: accountOf(grant.account)?.advertisers,
    scope: PERMISSIONS,
  });
  const asApp =
    (answer: (given: Record<string, string>) => Reply): Handler =>
    (call) => {
      const given = textsIn(jsonBody(call));
      const problem = clients.check(given['app_id'] ?? null, given['secret'] ?? null);
      return problem ? failed(WRONG_APP, refusal(problem).description) : answer(given);
    };
  const token = asApp(({ auth_code: code = '' }) => {
    const outcome = issuer.swapCode({ code, redirectUri: null, verifier: null });
    return 'error' in outcome ? failed(codeFor(outcome.reason), outcome.description) : fine(tokens(outcome));
  });
  const revoke = asApp(({ access_token: held = '' }) => {
    const verdict = grants.judge(held);
    if (verdict.state === 'unknown')
      return failed(INVALID_TOKEN.unknown, 'Access token is incorrect or has been revoked.');
    grants.end(verdict.grant);
    return fine({});
  });

  const asCaller =
    (answer: (grant: Grant) => Reply): Handler =>
    ({ headers }) => {
      const held = String(headers['access-token'] ?? '');
      if (held === '') return failed(MISSING_TOKEN, 'Access token is missing.');
      const verdict = grants.judge(held);
      if (verdict.state === 'live') return answer(verdict.grant);
      return failed(INVALID_TOKEN[verdict.state], 'Access token is incorrect, expired or has been revoked.');
    };
  const user = asCaller(({ account }) =>
    fine({
      core_user_id: account,
      display_name: accountOf(account)?.name,
      email: 'owner@kornblume.example',
      create_time: 1_700_000_000,
    }),
  );
  const ownList = asCaller(({ account }) => {
    const { advertisers = [], name } = accountOf(account) ?? {};
    return fine({ list: advertisers.map((id) => ({ advertiser_id: id, advertiser_name: name })) });
  });
  // The app shows itself in the query beside the person's token.
  const advertisers: Handler = (call) => {
    const problem = clients.check(call.query.get('app_id'), call.query.get('secret'));
    return problem ? failed(WRONG_APP, refusal(problem).description) : ownList(call);
  };

  const routes = router(
    [
      route('GET', '/portal/auth', consent.show),
      route('POST', '/portal/auth', consent.decide),
      route('POST', `${API}/oauth2/access_token`, token),
      route('POST', `${API}/oauth2/revoke_token`, revoke),
      route('GET', `${API}/oauth2/advertiser/get`, advertisers),
      route('GET', `${API}/user/info`, user),
    ],
    ({ path }) => ({ ...failed(NOT_FOUND, `Path ${path} is not found`), status: 404 }),
  );

  return {
    handle: (call) =>
      // Paths of the API end in a slash; without it there is nothing.
      call.path.startsWith(API) && !call.path.endsWith('/')
        ? { ...failed(NOT_FOUND, `Path ${call.path} is not found`), status: 404 }
        : routes(call),
    oauth: createOAuthControl(issuer, { accounts: ACCOUNTS, scopes: [], answer: (minted) => tokens(minted) }),
    now: issuer.clock.now,
  };
}

const codeFor = (reason: Reason): number => (reason.startsWith('code_') ? BAD_AUTH_CODE : BAD_PARAMETER);

const said = (code: number, message: string, data: object): Reply =>
  json(200, { code, message, request_id: randomUUID().replaceAll('-', ''), data });
const fine = (data: object): Reply => said(0, 'OK', data);
const failed = (code: number, message: string): Reply => said(code, message, {});

const textsIn = (body: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(record(body)).filter(([, value]) => typeof value === 'string')) as Record<
    string,
    string
  >;
