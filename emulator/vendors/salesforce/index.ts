import { createHmac, randomBytes } from 'node:crypto';
import { askedHost, formBody, json, route, router, tokenIn, type Call, type Handler, type Reply } from '../../http.ts';
import { CLIENT } from '../../oauth/clients.ts';
import { createConsent } from '../../oauth/consent.ts';
import { createOAuthControl } from '../../oauth/control.ts';
import { createEndpoints } from '../../oauth/endpoints.ts';
import type { Grant, Minted } from '../../oauth/grants.ts';
import { createIssuer, JWT_BEARER } from '../../oauth/issuer.ts';
import { NO_STORE, refusal } from '../../oauth/refusal.ts';
import type { Origin } from '../../world.ts';
import type { OAuthVendor } from '../oauth-vendor.ts';
import { dataRoutes } from './data.ts';
import { problem } from './problem.ts';
import { openAccount, type Account } from './store.ts';

const LOGIN = 'login.salesforce.com';
const TEST = 'test.salesforce.com';
/** Organisations, each known by the host of its instance. */
const PRODUCTION = ['kornblume.my.salesforce.com', 'acme.my.salesforce.com'];
const SANDBOXES = ['acme--dev.sandbox.my.salesforce.com'];
const SCOPES = ['api', 'refresh_token', 'offline_access', 'openid', 'id', 'full', 'web'];
const ORG_ID = '00Dxx0000001gPLEAY';
const USER_ID = '005xx000001SvABAA0';
const ASSERTION_SECONDS = 300;

const orgsAt = (host: string | undefined): string[] => {
  if (host === TEST) return SANDBOXES;
  return host === undefined || host === LOGIN ? PRODUCTION : [host];
};
const isSandbox = (org: string): boolean => org.endsWith('.sandbox.my.salesforce.com');

export function createSalesforce(origin: Origin): OAuthVendor {
  const issuer = createIssuer(origin, {
    vendor: 'salesforce',
    tokens: {
      // The session's length is a setting of the organisation, and no answer tells it.
      lifetimeSeconds: 7200,
      refresh: 'rotating',
      spell: (kind) =>
        (kind === 'access' ? `${ORG_ID.slice(0, 15)}!AQ` : '5Aep861') + randomBytes(48).toString('base64url'),
    },
    codes: { pkce: 'required', redirectUriAtSwap: 'required' },
    clientAuth: ['body'],
  });
  const { grants, clock } = issuer;

  const consent = createConsent(issuer, {
    title: 'Salesforce',
    accounts: (call) => orgsAt(askedHost(call)).map((id) => ({ id, name: id.split('.', 1).join('') })),
    scopes: SCOPES,
    refreshable: (_asked, scopes) => scopes.includes('refresh_token') || scopes.includes('offline_access'),
  });
  const tokens = ({ accessToken, refreshToken, refreshTokenIsNew, grant }: Minted) => {
    const id = `https://${isSandbox(grant.account) ? TEST : LOGIN}/id/${ORG_ID}/${USER_ID}`;
    const issuedAt = String(clock.now());
    return {
      access_token: accessToken,
      ...(refreshTokenIsNew ? { refresh_token: refreshToken } : {}),
      signature: createHmac('sha256', CLIENT.secret)
        .update(id + issuedAt)
        .digest('base64'),
      scope: grant.scopes.join(' '),
      instance_url: `https://${grant.account}`,
      id,
      token_type: 'Bearer',
      issued_at: issuedAt,
    };
  };
  const endpoints = createEndpoints(issuer, {
    tokens,
    refused: ({ error, reason, description }) =>
      json(
        400,
        { error, error_description: reason.startsWith('refresh_') ? 'expired access/refresh token' : description },
        NO_STORE,
      ),
    withoutClient: [JWT_BEARER],
    misplaced(params, call) {
      const [host, owner] = [askedHost(call), issuer.ownerOf(params)];
      if (host === undefined || owner === undefined || host === owner) return undefined;
      const door = isSandbox(owner) ? TEST : LOGIN;
      if (host === door) return undefined;
      return params.has('refresh_token') ? 'refresh_unknown' : 'code_unknown';
    },
    other(grantType, params, call) {
      const host = askedHost(call);
      const [account = ''] = orgsAt(host);
      if (grantType === 'client_credentials')
        return host === LOGIN || host === TEST
          ? { ...refusal('refresh_unknown'), reason: 'request', description: 'request not supported on this domain' }
          : issuer.ownToken({ account, scopes: ['api', 'openid'] });
      if (grantType !== JWT_BEARER) return undefined;
      const judge = { audiences: [`https://${LOGIN}`, `https://${TEST}`], maxLifeSeconds: ASSERTION_SECONDS };
      return issuer.swapAssertion(params.get('assertion') ?? '', judge, ({ sub }) => ({
        account,
        scopes: ['api', 'openid'],
        context: { username: String(sub) },
      }));
    },
  });

  let wide = false;
  const accounts = new Map<string, Account>();
  const accountOf = (id: string): Account => {
    const found = accounts.get(id) ?? openAccount(clock.now, () => wide);
    accounts.set(id, found);
    return found;
  };
  const first = accountOf(PRODUCTION[0] ?? '');
  const asCaller =
    (answer: (grant: Grant, call: Call, id: string) => Reply): Handler =>
    (call, id = '') => {
      const verdict = grants.judge(tokenIn(call, 'Bearer', 'OAuth') ?? '');
      const host = askedHost(call);
      const here = verdict.state === 'live' && (host === undefined || host === verdict.grant.account);
      if (!here) return problem(401, 'INVALID_SESSION_ID', 'Session expired or invalid');
      const left = accountOf(verdict.grant.account).limiter.take();
      if (left?.ok === false) return problem(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.');
      const reply = answer(verdict.grant, call, id);
      const told = left && { 'sforce-limit-info': `api-usage=${left.units - left.remaining}/${left.units}` };
      return { ...reply, headers: { ...reply.headers, ...told } };
    };
  /** The API of data is closed to a token that was given for something else. */
  const asApi = (answer: (account: Account, call: Call, id: string) => Reply): Handler =>
    asCaller(({ account, scopes }, call, id) =>
      scopes.includes('api') || scopes.includes('full')
        ? answer(accountOf(account), call, id)
        : problem(403, 'INSUFFICIENT_ACCESS', 'The token has no access to the API'),
    );
  const userinfo = ({ account, scopes, context }: Grant): Reply =>
    ['openid', 'id', 'full'].some((scope) => scopes.includes(scope))
      ? json(200, {
          sub: `https://${LOGIN}/id/${ORG_ID}/${USER_ID}`,
          user_id: USER_ID,
          organization_id: ORG_ID,
          preferred_username: context['username'] ?? `owner@${account}`,
          name: 'Mara Kornblum',
          email: 'owner@kornblume.example',
        })
      : problem(403, 'INSUFFICIENT_ACCESS', 'The token has neither openid nor id');

  return {
    handle: router(
      [
        route('GET', '/services/oauth2/authorize', consent.show),
        route('POST', '/services/oauth2/authorize', consent.decide),
        route('POST', '/services/oauth2/token', endpoints.token),
        route('POST', '/services/oauth2/introspect', endpoints.introspect),
        route('POST', '/services/oauth2/revoke', (call) => {
          const known = grants.revoke(formBody(call).get('token') ?? '');
          return known ? { status: 200 } : json(400, { error: 'unsupported_token_type' });
        }),
        route('GET', '/services/oauth2/userinfo', asCaller(userinfo)),
        ...dataRoutes(asApi, clock.now),
        route('GET', '/services/data/:version/limits', asCaller(limits)),
      ],
      () => problem(404, 'NOT_FOUND', 'The requested resource does not exist'),
    ),
    oauth: createOAuthControl(issuer, {
      accounts: [...PRODUCTION, ...SANDBOXES].map((id) => ({ id, name: id })),
      scopes: ['api', 'refresh_token', 'openid'],
      answer: tokens,
      switches: { 'wide records': (on) => void (wide = on) },
    }),
    now: clock.now,
    records: {
      collections: Object.fromEntries(first.stores.map(({ object, control }) => [object.collection, control])),
      limiter: first.limiter.control,
    },
  };
}

const limits = (): Reply =>
  json(200, { DailyApiRequests: { Max: 15_000, Remaining: 14_982 } }, { 'sforce-limit-info': 'api-usage=18/15000' });
