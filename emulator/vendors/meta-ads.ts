import { createHmac, randomBytes } from 'node:crypto';
import { formBody, json, route, router, tokenIn, type Call, type Handler, type Reply } from '../http.ts';
import { CLIENT } from '../oauth/clients.ts';
import { createConsent } from '../oauth/consent.ts';
import { createOAuthControl } from '../oauth/control.ts';
import type { Grant, Minted } from '../oauth/grants.ts';
import { createIssuer, type Outcome } from '../oauth/issuer.ts';
import { NO_STORE, refusal, type Reason } from '../oauth/refusal.ts';
import type { Origin } from '../world.ts';
import type { OAuthVendor } from './oauth-vendor.ts';

const ACCOUNTS = [
  { id: '10158330021330377', name: 'Mara Kornblum' },
  { id: '10158330021339999', name: 'Iker Ferro' },
];
const SCOPES = ['public_profile', 'ads_read', 'ads_management', 'business_management', 'email', 'pages_show_list'];
const SHORT_SECONDS = 3600;
const EXCHANGE = 'fb_exchange_token';

/** A token of a system user in the first person's business portfolio. */
const SYSTEM_USER_TOKEN = 'EAAGemulated';

/** The vendor's numbers for a refusal, and for a token that is no longer good. */
const CODES: Partial<Record<Reason, [code: number, subcode?: number]>> = {
  client_unknown: [101],
  client_disabled: [101],
  client_secret: [1],
  code_used: [100, 36_009],
  code_expired: [100, 36_007],
  redirect_mismatch: [100, 36_008],
  refresh_expired: [190, 463],
  refresh_revoked: [190, 458],
  refresh_unknown: [190, 467],
};
const INVALID: Record<'expired' | 'revoked' | 'unknown', [code: number, subcode: number]> = {
  expired: [190, 463],
  revoked: [190, 458],
  unknown: [190, 467],
};

/** A code gives a token for an hour; that is exchanged for one of sixty days, and a live one of those for another. */
export function createMetaAds(origin: Origin): OAuthVendor {
  const issuer = createIssuer(origin, {
    vendor: 'meta-ads',
    tokens: {
      lifetimeSeconds: 5_184_000,
      refresh: 'none',
      spell: () => `EAAG${randomBytes(60).toString('base64url')}`,
    },
    codes: { pkce: 'optional', redirectUriAtSwap: 'required', codeLifeSeconds: 600 },
    clientAuth: ['body'],
  });
  const { grants, calls, clients } = issuer;
  grants.adopt(SYSTEM_USER_TOKEN, { account: ACCOUNTS[0]?.id ?? '', scopes: SCOPES });

  const consent = createConsent(issuer, {
    title: 'Facebook',
    accounts: () => ACCOUNTS,
    scopes: SCOPES,
    defaultScopes: ['public_profile'],
  });
  const tokens = ({ accessToken, expiresIn }: Minted) => ({
    access_token: accessToken,
    token_type: 'bearer',
    ...(expiresIn === null ? {} : { expires_in: expiresIn }),
  });
  const exchange = (token: string): Outcome =>
    calls.counted(EXCHANGE, () => {
      const verdict = grants.judge(token);
      return verdict.state === 'live' ? grants.again(verdict.grant) : refusal(`refresh_${verdict.state}`);
    });
  const token = (call: Call): Reply => {
    const params = new URLSearchParams([...call.query, ...formBody(call)]);
    const problem = clients.authenticate(call, params);
    const swap = {
      code: params.get('code') ?? '',
      redirectUri: params.get('redirect_uri'),
      verifier: params.get('code_verifier'),
    };
    const outcome = problem
      ? refusal(problem)
      : params.get('grant_type') === EXCHANGE
        ? exchange(params.get(EXCHANGE) ?? '')
        : issuer.swapCode(swap, { lifetimeSeconds: SHORT_SECONDS });
    if (!('error' in outcome)) return json(200, tokens(outcome), NO_STORE);
    const [code, subcode] = CODES[outcome.reason] ?? [100];
    return failed(400, outcome.description, code, subcode);
  };

  const asCaller =
    (answer: (grant: Grant, call: Call, node: string) => Reply): Handler =>
    (call, _version, node = '') => {
      const held = tokenIn(call, 'Bearer', 'OAuth') ?? call.query.get('access_token') ?? '';
      const proof = call.query.get('appsecret_proof');
      if (proof !== null && proof !== createHmac('sha256', CLIENT.secret).update(held).digest('hex'))
        return failed(400, 'Invalid appsecret_proof provided in the API argument', 100);
      const verdict = grants.judge(held);
      if (verdict.state !== 'live') return failed(400, 'Error validating access token', ...INVALID[verdict.state]);
      const own = ['me', verdict.grant.account].includes(node);
      return own ? answer(verdict.grant, call, node) : missing(call);
    };
  const me = asCaller(({ account: id }, { query }) => {
    const fields = (query.get('fields') ?? 'id,name').split(',');
    const all = { id, name: ACCOUNTS.find((account) => account.id === id)?.name ?? '' };
    return json(
      200,
      Object.fromEntries(Object.entries(all).filter(([name]) => name === 'id' || fields.includes(name))),
    );
  });
  const withdraw = asCaller((grant) => {
    grants.end(grant);
    return json(200, { success: true });
  });

  return {
    handle: router(
      [
        route('GET', '/:version/dialog/oauth', consent.show),
        route('POST', '/:version/dialog/oauth', consent.decide),
        route('GET', '/:version/oauth/access_token', token),
        route('POST', '/:version/oauth/access_token', token),
        route('DELETE', '/:version/:node/permissions', withdraw),
        route('GET', '/:version/:node', me),
      ],
      missing,
    ),
    oauth: createOAuthControl(issuer, { accounts: ACCOUNTS, scopes: ['ads_read', 'ads_management'], answer: tokens }),
    now: issuer.clock.now,
  };
}

function failed(status: number, message: string, code: number, subcode?: number): Reply {
  const trace = randomBytes(8).toString('base64url');
  const detail = {
    message,
    type: 'OAuthException',
    code,
    ...(subcode === undefined ? {} : { error_subcode: subcode }),
  };
  return json(status, { error: { ...detail, fbtrace_id: trace } });
}

/** The same for what does not exist and for what the token may not see. */
const missing = ({ method, path }: Call): Reply =>
  failed(400, `Unsupported ${method.toLowerCase()} request. Object at ${path} does not exist`, 100, 33);
