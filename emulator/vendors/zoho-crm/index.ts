import { randomBytes } from 'node:crypto';
import {
  askedHost,
  json,
  route,
  router,
  tokenIn,
  type Call,
  type Handler,
  type Reply,
  type Route,
} from '../../http.ts';
import { createConsent } from '../../oauth/consent.ts';
import { createOAuthControl } from '../../oauth/control.ts';
import { createEndpoints } from '../../oauth/endpoints.ts';
import type { Minted } from '../../oauth/grants.ts';
import { createIssuer } from '../../oauth/issuer.ts';
import type { Reason } from '../../oauth/refusal.ts';
import type { Origin } from '../../world.ts';
import type { OAuthVendor } from '../oauth-vendor.ts';
import { createDeliveries } from './delivery.ts';
import { MODULES } from './modules.ts';
import { getRecord, listRecords, searchRecords } from './reads.ts';
import { problem } from './replies.ts';
import { openAccount, type Account, type Store } from './store.ts';
import { createRecords, deleteRecord, updateRecord } from './writes.ts';

/** Each customer lives in one data centre, which neither gives nor takes another one's tokens. */
const ACCOUNTS = [
  { id: '20091234501', name: 'Kornblume Bakery', centre: 'eu', accounts: 'accounts.zoho.eu', api: 'www.zohoapis.eu' },
  { id: '50021234502', name: 'Ferro Inc', centre: 'us', accounts: 'accounts.zoho.com', api: 'www.zohoapis.com' },
  { id: '60031234503', name: 'Monsoon Pvt', centre: 'in', accounts: 'accounts.zoho.in', api: 'www.zohoapis.in' },
  { id: '90011234504', name: 'Maple Ltd', centre: 'ca', accounts: 'accounts.zohocloud.ca', api: 'www.zohoapis.ca' },
];
const ENTRANCE = 'accounts.zoho.com';

const SCOPES = [
  ...['modules', 'org', 'users', 'settings', 'settings.modules', 'settings.fields', 'notifications'].flatMap((area) => [
    `ZohoCRM.${area}.ALL`,
    `ZohoCRM.${area}.READ`,
  ]),
  'ZohoSearch.securesearch.READ',
];

const WORDS: Partial<Record<Reason, string>> = {
  request: 'invalid_request',
  client_unknown: 'invalid_client',
  client_disabled: 'invalid_client',
  client_secret: 'invalid_client_secret',
  redirect_mismatch: 'invalid_redirect_uri',
  grant_type_unknown: 'unsupported_grant_type',
};

const accountOf = (id: string) => ACCOUNTS.find((account) => account.id === id);

export function createZohoCrm(origin: Origin): OAuthVendor {
  const issuer = createIssuer(origin, {
    vendor: 'zoho-crm',
    tokens: {
      lifetimeSeconds: 3600,
      refresh: 'fixed',
      spell: () => `1000.${randomBytes(16).toString('hex')}.${randomBytes(16).toString('hex')}`,
    },
    codes: { pkce: 'none', redirectUriAtSwap: 'required' },
    clientAuth: ['body'],
  });
  const { grants } = issuer;
  const books = new Map<string, Account>();
  const booksOf = (account: string): Account => {
    const found = books.get(account) ?? openAccount(issuer.clock.now);
    books.set(account, found);
    return found;
  };
  const first = booksOf(ACCOUNTS[0]?.id ?? '');
  const elsewhere = (call: Call, account: string | undefined, door: 'accounts' | 'api'): boolean => {
    const host = askedHost(call);
    return host !== undefined && account !== undefined && accountOf(account)?.[door] !== host;
  };

  const consent = createConsent(issuer, {
    title: 'Zoho CRM',
    // The first door leads everybody to the data centre they live in.
    accounts: (call) => ACCOUNTS.filter(({ accounts }) => [undefined, ENTRANCE, accounts].includes(askedHost(call))),
    scopes: SCOPES,
    refreshable: (asked, _scopes, { id }) =>
      asked.get('access_type') === 'offline' && (asked.get('prompt') === 'consent' || !grants.consented(id)),
    answered(params, { id }) {
      const { centre = '', accounts = '' } = accountOf(id) ?? {};
      return { ...params, location: centre, 'accounts-server': `https://${accounts}` };
    },
  });
  const tokens = ({ accessToken, refreshToken, refreshTokenIsNew, expiresIn, grant }: Minted) => ({
    access_token: accessToken,
    ...(refreshTokenIsNew ? { refresh_token: refreshToken } : {}),
    scope: grant.scopes.join(','),
    api_domain: `https://${accountOf(grant.account)?.api ?? ''}`,
    token_type: 'Bearer',
    expires_in: expiresIn,
  });
  const endpoints = createEndpoints(issuer, {
    lenient: true,
    tokens,
    // A refusal comes with status 200 here: a client that looks at the status alone stores an empty token.
    refused: ({ reason }) => json(200, { error: WORDS[reason] ?? 'invalid_code' }),
    misplaced: (params, call) => (elsewhere(call, issuer.ownerOf(params), 'accounts') ? 'code_unknown' : undefined),
  });

  const asCaller =
    (scopes: string[], answer: (account: string, call: Call, id: string) => Reply): Handler =>
    (call, id = '') => {
      const verdict = grants.judge(tokenIn(call, 'Zoho-oauthtoken', 'Bearer') ?? '');
      if (verdict.state !== 'live' || elsewhere(call, verdict.grant.account, 'api'))
        return problem(401, 'INVALID_TOKEN', 'invalid oauth token');
      if (!scopes.some((scope) => verdict.grant.scopes.includes(scope)))
        return problem(401, 'OAUTH_SCOPE_MISMATCH', 'invalid oauth scope to access this URL');
      const { limiter } = booksOf(verdict.grant.account);
      const left = limiter.take();
      if (left?.ok === false) return problem(429, 'TOO_MANY_REQUESTS', 'too many requests fired in this minute');
      const reply = answer(verdict.grant.account, call, id);
      return left
        ? { ...reply, headers: { ...reply.headers, 'x-api-credits-remaining': String(left.remaining) } }
        : reply;
    };
  const MAY_READ = ['ZohoCRM.modules.ALL', 'ZohoCRM.modules.READ'];
  const MAY_WRITE = ['ZohoCRM.modules.ALL'];
  const module = ({ path, collection }: (typeof MODULES)[number]): Route[] => {
    const by = (scopes: string[], act: (books: Account, store: Store, call: Call, id: string) => Reply) =>
      asCaller(scopes, (account, call, id) => {
        const books = booksOf(account);
        const store = books.stores.find((one) => one.module.collection === collection);
        return store ? act(books, store, call, id) : problem(400, 'INVALID_MODULE', 'the module name is invalid');
      });
    const base = `/crm/v8/${path}`;
    return [
      route(
        'GET',
        base,
        by(MAY_READ, (books, store, call) => listRecords(books, store, call)),
      ),
      route(
        'GET',
        `${base}/search`,
        by(['ZohoSearch.securesearch.READ'], (_books, store, call) => searchRecords(store, call)),
      ),
      route(
        'GET',
        `${base}/:id`,
        by(MAY_READ, (_books, store, call, id) => getRecord(store, call, id)),
      ),
      route(
        'POST',
        base,
        by(MAY_WRITE, (_books, store, call) => createRecords(store, call)),
      ),
      route(
        'PUT',
        `${base}/:id`,
        by(MAY_WRITE, (_books, store, call, id) => updateRecord(store, call, id)),
      ),
      route(
        'DELETE',
        `${base}/:id`,
        by(MAY_WRITE, (_books, store, call, id) => deleteRecord(store, call, id)),
      ),
    ];
  };
  const org = (id: string) =>
    json(200, { org: [{ zgid: id, company_name: accountOf(id)?.name, country_code: 'DE', currency: 'EUR' }] });
  const users = (id: string) =>
    json(200, { users: [{ id: `${id}411001`, email: 'owner@kornblume.example', full_name: 'Mara Kornblum' }] });

  return {
    handle: router(
      [
        route('GET', '/oauth/v2/auth', consent.show),
        route('POST', '/oauth/v2/auth', consent.decide),
        route('POST', '/oauth/v2/token', endpoints.token),
        route('POST', '/oauth/v2/token/revoke', ({ query, body }) => {
          const token = query.get('token') ?? new URLSearchParams(body.toString('utf8')).get('token') ?? '';
          return json(200, grants.revoke(token) ? { status: 'success' } : { error: 'invalid_code' });
        }),
        ...MODULES.flatMap(module),
        route('GET', '/crm/v8/org', asCaller(['ZohoCRM.org.READ', 'ZohoCRM.org.ALL'], org)),
        route('GET', '/crm/v8/users', asCaller(['ZohoCRM.users.READ', 'ZohoCRM.users.ALL'], users)),
      ],
      () => problem(404, 'INVALID_URL_PATTERN', 'Please check if the URL trying to access is a correct one'),
    ),
    oauth: createOAuthControl(issuer, {
      accounts: ACCOUNTS,
      scopes: ['ZohoCRM.modules.ALL', 'ZohoCRM.org.READ', 'ZohoCRM.users.READ', 'ZohoSearch.securesearch.READ'],
      answer: tokens,
    }),
    now: issuer.clock.now,
    records: {
      collections: Object.fromEntries(first.stores.map(({ module: { collection }, control }) => [collection, control])),
      limiter: first.limiter.control,
      delivery: createDeliveries(issuer.clock.now),
    },
  };
}
