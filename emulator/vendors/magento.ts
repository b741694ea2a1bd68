import { randomBytes } from 'node:crypto';
import { json, route, router, tokenIn, type Call, type Handler, type Reply } from '../http.ts';
import { createOAuthControl } from '../oauth/control.ts';
import type { Grant } from '../oauth/grants.ts';
import { createIssuer } from '../oauth/issuer.ts';
import { createGuard } from '../oauth1/guard.ts';
import type { Origin } from '../world.ts';
import type { OAuthVendor } from './oauth-vendor.ts';

const ACCOUNT = { id: 'kornblume', name: 'Kornblume Bakery' };
const SCOPES = [
  'Magento_Sales::sales',
  'Magento_Catalog::catalog',
  'Magento_Customer::customer',
  'Magento_Backend::store',
];

/** The third and fourth key of an integration that the merchant has activated; the first two are our app's. */
const TOKEN = { token: 'emulated-token', secret: 'emulated-token-secret' };

/** A store of 2.4.4 or newer: requests are signed, and a token alone is refused unless the merchant allows it. */
export function createMagento(origin: Origin): OAuthVendor {
  const issuer = createIssuer(origin, {
    vendor: 'magento',
    tokens: { lifetimeSeconds: null, refresh: 'none', spell: () => randomBytes(16).toString('hex') },
    codes: { pkce: 'none', redirectUriAtSwap: 'if-sent' },
    clientAuth: ['body'],
  });
  const { grants, clients, clock } = issuer;
  const guard = createGuard({ method: 'HMAC-SHA256', clients, now: clock.now });
  grants.adopt(TOKEN.token, { account: ACCOUNT.id, scopes: SCOPES, context: { tokenSecret: TOKEN.secret } });
  let bearerAllowed = false;

  const grantOf = (token: string | undefined): Grant | undefined => {
    const verdict = grants.judge(token ?? '');
    return verdict.state === 'live' ? verdict.grant : undefined;
  };
  const callerOf = (call: Call, resource: string): Grant | Reply => {
    const bearer = tokenIn(call, 'Bearer');
    if (bearer !== undefined) return (bearerAllowed ? grantOf(bearer) : undefined) ?? unauthorized(resource);
    const request = guard(call, (token) => grantOf(token)?.context['tokenSecret']);
    if (request === 'parameter_absent' || request === 'token_rejected') return unauthorized(resource);
    if (typeof request === 'string') return json(401, { message: `oauth_problem=${request}` });
    return grantOf(request.protocol['oauth_token']) ?? unauthorized(resource);
  };
  const asCaller =
    (resource: string, answer: (call: Call) => Reply): Handler =>
    (call) => {
      const caller = callerOf(call, resource);
      if ('status' in caller) return caller;
      return caller.scopes.includes(resource) ? answer(call) : unauthorized(resource);
    };
  const storeConfigs = asCaller('Magento_Backend::store', configs);

  return {
    handle: router(
      [
        route('GET', '/rest/V1/store/storeConfigs', storeConfigs),
        route('GET', '/rest/:store/V1/store/storeConfigs', storeConfigs),
        route('GET', '/magento_version', () => ({ status: 200, body: 'Magento/2.4 (Community)' })),
      ],
      () => json(404, { message: 'Request does not match any route.' }),
    ),
    oauth: createOAuthControl(issuer, {
      accounts: [ACCOUNT],
      scopes: SCOPES,
      context: () => ({ tokenSecret: randomBytes(16).toString('hex') }),
      answer: ({ accessToken, grant }) => ({
        oauth_token: accessToken,
        oauth_token_secret: grant.context['tokenSecret'],
      }),
      switches: { bearer: (on) => void (bearerAllowed = on) },
    }),
    now: clock.now,
  };
}

const unauthorized = (resources: string): Reply =>
  json(401, { message: "The consumer isn't authorized to access %resources.", parameters: { resources } });

const configs = ({ base }: Call): Reply =>
  json(200, [
    {
      id: 1,
      code: 'default',
      website_id: 1,
      locale: 'de_DE',
      base_currency_code: 'EUR',
      timezone: 'Europe/Berlin',
      weight_unit: 'kgs',
      base_url: `${base}/`,
      secure_base_url: `${base}/`,
    },
  ]);
