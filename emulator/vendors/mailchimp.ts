import { randomBytes, randomUUID } from 'node:crypto';
import { askedHost, json, route, router, tokenIn, type Call, type Handler, type Reply } from '../http.ts';
import { createConsent } from '../oauth/consent.ts';
import { createOAuthControl } from '../oauth/control.ts';
import { createEndpoints } from '../oauth/endpoints.ts';
import type { Grant } from '../oauth/grants.ts';
import { createIssuer } from '../oauth/issuer.ts';
import type { Origin } from '../world.ts';
import type { OAuthVendor } from './oauth-vendor.ts';

const ACCOUNTS = [
  { id: '8d3a3db4d97663a9074efcc16', name: 'Kornblume Bakery', dc: 'us6' },
  { id: '1fe26a0a4ab2cb0f4c41b5f01', name: 'Ferro SL', dc: 'us21' },
];
const FIRST = ACCOUNTS[0] ?? { id: '', name: '', dc: '' };

/** A key as a person makes one in the first account; its last part is the data centre. */
const API_KEY = 'c0ffee00c0ffee00c0ffee00c0ffee00-us6';

const accountOf = (id: string) => ACCOUNTS.find((account) => account.id === id) ?? FIRST;

export function createMailchimp(origin: Origin): OAuthVendor {
  const issuer = createIssuer(origin, {
    vendor: 'mailchimp',
    tokens: { lifetimeSeconds: null, refresh: 'none', spell: () => randomBytes(16).toString('hex') },
    codes: { pkce: 'none', redirectUriAtSwap: 'required' },
    clientAuth: ['body'],
  });
  const { grants } = issuer;
  grants.adopt(API_KEY, { account: FIRST.id, scopes: [] });

  const consent = createConsent(issuer, { title: 'Mailchimp', accounts: () => ACCOUNTS });
  // The zero means that there is no end.
  const tokens = ({ accessToken }: { accessToken: string }) => ({
    access_token: accessToken,
    expires_in: 0,
    scope: null,
  });
  const endpoints = createEndpoints(issuer, { tokens });

  const grantOf = (token: string | undefined): Grant | undefined => {
    const verdict = grants.judge(token ?? '');
    return verdict.state === 'live' ? verdict.grant : undefined;
  };
  const metadata = (call: Call): Reply => {
    const grant = grantOf(tokenIn(call, 'OAuth', 'Bearer'));
    if (!grant) return json(401, { error: 'invalid_token' });
    const { id, name, dc } = accountOf(grant.account);
    return json(200, {
      dc,
      role: 'owner',
      accountname: name,
      user_id: 15_443_219,
      login: { email: 'owner@kornblume.example', login_id: 15_443_219, login_name: 'kornblume' },
      login_url: 'https://login.mailchimp.com',
      api_endpoint: `https://${dc}.api.mailchimp.com`,
      account_id: id,
    });
  };
  const asCaller =
    (answer: (account: string) => Reply): Handler =>
    (call) => {
      const grant = grantOf(tokenIn(call, 'Bearer', 'OAuth') ?? basicPassword(call));
      const host = askedHost(call);
      const here = grant && [undefined, `${accountOf(grant.account).dc}.api.mailchimp.com`].includes(host);
      if (here) return answer(grant.account);
      const detail = "Your API key may be invalid, or you've attempted to access the wrong datacenter.";
      return problem(401, 'API Key Invalid', detail);
    };

  return {
    handle: router(
      [
        route('GET', '/oauth2/authorize', consent.show),
        route('POST', '/oauth2/authorize', consent.decide),
        route('POST', '/oauth2/token', endpoints.token),
        route('GET', '/oauth2/metadata', metadata),
        route('GET', '/3.0', asCaller(root)),
        route(
          'GET',
          '/3.0/ping',
          asCaller(() => json(200, { health_status: "Everything's Chimpy!" })),
        ),
      ],
      () => problem(404, 'Resource Not Found', 'The requested resource could not be found.'),
    ),
    oauth: createOAuthControl(issuer, { accounts: ACCOUNTS, scopes: [], answer: tokens }),
    now: issuer.clock.now,
  };
}

/** An API key is the password of any user name. */
function basicPassword(call: Call): string | undefined {
  const pair = Buffer.from(tokenIn(call, 'Basic') ?? '', 'base64').toString('utf8');
  return pair.includes(':') ? pair.slice(pair.indexOf(':') + 1) : undefined;
}

function root(id: string): Reply {
  const { name } = accountOf(id);
  return json(200, {
    account_id: id,
    login_id: '15443219',
    account_name: name,
    email: 'owner@kornblume.example',
    role: 'owner',
    total_subscribers: 1820,
  });
}

const problem = (status: number, title: string, detail: string): Reply =>
  json(
    status,
    { type: 'https://mailchimp.com/developer/marketing/docs/errors/', title, status, detail, instance: randomUUID() },
    { 'content-type': 'application/problem+json; charset=utf-8' },
  );
