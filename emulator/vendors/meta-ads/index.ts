import { createHmac, randomBytes } from 'node:crypto';
import { formBody, json, route, router, tokenIn, type Call, type Handler, type Reply } from '../../http.ts';
import { CLIENT } from '../../oauth/clients.ts';
import { createConsent } from '../../oauth/consent.ts';
import { createOAuthControl } from '../../oauth/control.ts';
import type { Grant, Minted } from '../../oauth/grants.ts';
import { createIssuer, type Outcome } from '../../oauth/issuer.ts';
import { NO_STORE, refusal, type Reason } from '../../oauth/refusal.ts';
import type { Origin } from '../../world.ts';
import type { Collection } from '../../records/collection.ts';
import { createLimiter } from '../../records/limiter.ts';
import type { OAuthVendor } from '../oauth-vendor.ts';
import { deliveryOf, handshakeOf } from './events.ts';
import { listAccounts, listEdge, listInsights } from './lists.ts';
import { createAds, picked, type Edge } from './objects.ts';
import { failed, missing } from './refusals.ts';
import { change, createIn, remove } from './writes.ts';

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
      return answer(verdict.grant, call, node);
    };
  const isOwn = (grant: Grant, node: string): boolean => ['me', grant.account].includes(node);
  const me = ({ account: id }: Grant, { query }: Call): Reply => {
    const fields = (query.get('fields') ?? 'id,name').split(',');
    const all = { id, name: ACCOUNTS.find((account) => account.id === id)?.name ?? '' };
    return json(
      200,
      Object.fromEntries(Object.entries(all).filter(([name]) => name === 'id' || fields.includes(name))),
    );
  };
  const withdraw = asCaller((grant, call, node) => {
    if (!isOwn(grant, node)) return missing(call);
    grants.end(grant);
    return json(200, { success: true });
  });

  const { now } = issuer.clock;
  const ads = createAds(now);
  const limiter = createLimiter(now);
  /** The limit is told by a header in per cent, and a refusal is a 400 with a number of its own. */
  const within = (account: string, answer: () => Reply): Reply => {
    const taken = limiter.take();
    if (!taken) return answer();
    const used = Math.round((100 * (taken.units - taken.remaining)) / taken.units);
    const minutes = taken.ok ? 0 : Math.ceil(taken.resetMs / 60_000);
    const usage = { type: 'ads_management', call_count: used, total_cputime: 1, total_time: 1 };
    const told = JSON.stringify({ [account]: [{ ...usage, estimated_time_to_regain_access: minutes }] });
    const reply = taken.ok ? answer() : failed(400, '(#17) User request limit reached', 17, 2_446_079);
    return { ...reply, headers: { ...reply.headers, 'x-business-use-case-usage': told } };
  };
  const collections: Collection[] = [ads.accounts, ads.campaigns, ads.adsets, ads.ads];
  const onObject = asCaller((grant, call, node) => {
    if (isOwn(grant, node) && call.method === 'GET') return me(grant, call);
    const collection = collections.find((one) => one.get(node));
    const found = collection?.get(node);
    if (!collection || !found) return missing(call);
    return within(node, () => {
      if (call.method === 'GET') return json(200, picked(found, call.query.get('fields')));
      if (!grant.scopes.includes('ads_management')) return failed(403, '(#200) Permissions error', 200);
      return call.method === 'POST' ? change(collection, found, call) : remove(collection, found);
    });
  });
  const onEdge = (edge: string): Handler =>
    asCaller((grant, call, node) => {
      if (edge === 'adaccounts')
        return isOwn(grant, node) ? within(node, () => listAccounts(ads, call)) : missing(call);
      if (!ads.accounts.get(node)) return missing(call);
      return within(node, () => {
        if (edge === 'insights') return listInsights(ads, node, call, now());
        if (call.method === 'GET') return listEdge(ads, edge as Edge, node, call);
        if (!grant.scopes.includes('ads_management')) return failed(403, '(#200) Permissions error', 200);
        return createIn(ads, edge as Edge, node, call);
      });
    });

  return {
    handle: router(
      [
        route('GET', '/:version/dialog/oauth', consent.show),
        route('POST', '/:version/dialog/oauth', consent.decide),
        route('GET', '/:version/oauth/access_token', token),
        route('POST', '/:version/oauth/access_token', token),
        route('DELETE', '/:version/:node/permissions', withdraw),
        ...['adaccounts', 'campaigns', 'adsets', 'ads', 'insights'].map((edge) =>
          route('GET', `/:version/:node/${edge}`, onEdge(edge)),
        ),
        ...['campaigns', 'adsets', 'ads'].map((edge) => route('POST', `/:version/:node/${edge}`, onEdge(edge))),
        ...['GET', 'POST', 'DELETE'].map((method) => route(method, '/:version/:node', onObject)),
      ],
      missing,
    ),
    oauth: createOAuthControl(issuer, { accounts: ACCOUNTS, scopes: ['ads_read', 'ads_management'], answer: tokens }),
    now,
    records: {
      collections: {
        ...{ 'ad-accounts': ads.accounts.control, campaigns: ads.campaigns.control },
        ...{ adsets: ads.adsets.control, ads: ads.ads.control },
      },
      limiter: limiter.control,
      delivery: deliveryOf(now),
      handshake: handshakeOf,
    },
  };
}
