import { createHmac, randomBytes } from 'node:crypto';
import { askedHost, json, route, router, type Call, type Handler, type Reply } from '../../http.ts';
import { CLIENT } from '../../oauth/clients.ts';
import { createConsent } from '../../oauth/consent.ts';
import { createOAuthControl } from '../../oauth/control.ts';
import { createEndpoints } from '../../oauth/endpoints.ts';
import type { Grant, Minted } from '../../oauth/grants.ts';
import { createIssuer } from '../../oauth/issuer.ts';
import type { Origin } from '../../world.ts';
import { createLimiter } from '../../records/limiter.ts';
import type { OAuthVendor } from '../oauth-vendor.ts';
import { deliveryOf } from './deliveries.ts';
import { answerGraphql } from './graphql.ts';
import { createShop, type Shop } from './shop.ts';

const SCOPES = ['products', 'orders', 'customers', 'inventory', 'locations'].flatMap((what) => [
  `read_${what}`,
  `write_${what}`,
]);
const SHOPS = ['kornblume.myshopify.com', 'ferro.myshopify.com'];
const SHOP = /^[a-z0-9][a-z0-9-]*[.]myshopify[.]com$/;
const REFRESH_TOKEN_SECONDS = 7_776_000;

/** A token of an app that a merchant made in the admin pages of the first shop. */
const ADMIN_TOKEN = 'shpat_emulated';

/** Any shop exists; it is known by the host that was asked. */
export function createShopify(origin: Origin): OAuthVendor {
  const issuer = createIssuer(origin, {
    vendor: 'shopify',
    tokens: {
      lifetimeSeconds: 3600,
      refresh: 'rotating',
      refreshLifetimeSeconds: REFRESH_TOKEN_SECONDS,
      overlap: 'until-used',
      spell: (kind) => `${kind === 'access' ? 'shpat_' : 'shprt_'}${randomBytes(16).toString('hex')}`,
    },
    codes: { pkce: 'none', redirectUriAtSwap: 'if-sent' },
    clientAuth: ['body'],
  });
  const { grants } = issuer;
  // A bucket of 2000 points that is refilled by 100 a second, as shops of the smallest plan have it.
  const limiter = createLimiter(issuer.clock.now, { units: 2000, perMs: 20_000 });
  const shops = new Map<string, Shop>();
  const shopOf = (account: string): Shop => {
    const shop = shops.get(account) ?? createShop(issuer.clock.now);
    shops.set(account, shop);
    return shop;
  };
  grants.adopt(ADMIN_TOKEN, { account: SHOPS[0] ?? '', scopes: SCOPES });
  const accounts = (call: Call) => {
    const shop = askedHost(call);
    return (shop === undefined ? SHOPS : [shop]).map((id) => ({ id, name: id.split('.', 1).join('') }));
  };

  const consent = createConsent(issuer, {
    title: 'Shopify',
    accounts,
    scopes: SCOPES,
    answered(params, { id, name }) {
      const host = Buffer.from(`admin.shopify.com/store/${name}`).toString('base64').replace(/=+$/, '');
      const timestamp = String(Math.floor(issuer.clock.now() / 1000));
      return signed({ ...params, host, shop: id, timestamp });
    },
  });
  const tokens = ({ accessToken, refreshToken, expiresIn, grant }: Minted) => ({
    access_token: accessToken,
    scope: grant.scopes.join(','),
    ...(expiresIn === null ? {} : { expires_in: expiresIn }),
    ...(refreshToken === null ? {} : { refresh_token: refreshToken, refresh_token_expires_in: REFRESH_TOKEN_SECONDS }),
  });
  const endpoints = createEndpoints(issuer, {
    lenient: true,
    tokens,
    defaultGrantType: (params) => (params.has('code') ? 'authorization_code' : undefined),
    // Only who asks for an expiring token gets one, and a refresh token with it.
    bend: (params) => (params.get('expiring') === '1' ? {} : { refreshable: false, lifetimeSeconds: null }),
    misplaced(params, call) {
      const [shop, owner] = [askedHost(call), issuer.ownerOf(params)];
      if (shop === undefined || owner === undefined || shop === owner) return undefined;
      return params.has('refresh_token') ? 'refresh_unknown' : 'code_unknown';
    },
    other: (grantType, _params, call) =>
      grantType === 'client_credentials'
        ? issuer.ownToken({ account: accounts(call)[0]?.id ?? '', scopes: SCOPES, lifetimeSeconds: 86_399 })
        : undefined,
  });

  const asCaller =
    (answer: (grant: Grant, call: Call) => Reply): Handler =>
    (call) => {
      const verdict = grants.judge(String(call.headers['x-shopify-access-token'] ?? ''));
      const shop = askedHost(call);
      const known = verdict.state === 'live' && (shop === undefined || shop === verdict.grant.account);
      return known ? answer(verdict.grant, call) : invalidToken();
    };
  const routes = router(
    [
      route('GET', '/admin/oauth/authorize', consent.show),
      route('POST', '/admin/oauth/authorize', consent.decide),
      route('POST', '/admin/oauth/access_token', endpoints.token),
      route(
        'POST',
        '/admin/api/:version/graphql.json',
        asCaller((grant, call) => answerGraphql({ grant, shop: shopOf(grant.account), limiter }, call)),
      ),
      route(
        'GET',
        '/admin/api/:version/shop.json',
        asCaller(({ account }) => json(200, { shop: restShop(account) })),
      ),
      route(
        'DELETE',
        '/admin/api_permissions/current.json',
        asCaller((grant) => {
          grants.end(grant);
          return json(200, {});
        }),
      ),
    ],
    () => json(404, { errors: 'Not Found' }),
  );

  return {
    handle(call) {
      // The shop may also stand in the path, for whoever cannot send the header: /shopify/<shop>/admin/…
      const [, named = '', rest = ''] = /^\/([^/]*)(.*)$/.exec(call.path) ?? [];
      if (SHOP.test(named))
        return routes({ ...call, path: rest, headers: { ...call.headers, 'x-forwarded-host': named } });
      const host = askedHost(call);
      return host === undefined || SHOP.test(host) ? routes(call) : json(404, { errors: 'Not Found' });
    },
    oauth: createOAuthControl(issuer, {
      accounts: SHOPS.map((id) => ({ id, name: id })),
      scopes: SCOPES,
      answer: tokens,
    }),
    now: issuer.clock.now,
    /** Those of the first shop. */
    records: {
      collections: Object.fromEntries(
        Object.entries(shopOf(SHOPS[0] ?? '')).map(([name, { control }]: [string, Shop[keyof Shop]]) => [
          name,
          control,
        ]),
      ),
      limiter: limiter.control,
      delivery: deliveryOf(shopOf(SHOPS[0] ?? ''), SHOPS[0] ?? '', issuer.clock.now),
    },
  };
}

/** The whole redirect is signed: hex HMAC-SHA256 over what else it says, sorted by name. */
function signed(params: Record<string, string>): Record<string, string> {
  const text = Object.entries(params)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  return { ...params, hmac: createHmac('sha256', CLIENT.secret).update(text).digest('hex') };
}

const invalidToken = (): Reply =>
  json(401, { errors: '[API] Invalid API key or access token (unrecognized login or wrong password)' });

const restShop = (shop: string) => ({ id: 690_933_842, name: shop, myshopify_domain: shop, currency: 'EUR' });
