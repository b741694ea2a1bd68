import { randomBytes, randomUUID } from 'node:crypto';
import { json, route, router, type Call, type Handler, type Reply, type Route } from '../../http.ts';
import type { Origin } from '../../world.ts';
import { createConsent } from '../../oauth/consent.ts';
import { createOAuthControl, type OAuthControl } from '../../oauth/control.ts';
import { createEndpoints } from '../../oauth/endpoints.ts';
import { createIssuer } from '../../oauth/issuer.ts';
import type { OAuthVendor } from '../oauth-vendor.ts';
import { ACCOUNTS, FIRST_ACCOUNT, SCOPES, STATIC_TOKEN } from './app.ts';
import { callerOf, scopeMissing } from './bearer.ts';
import { createDeliveries } from './delivery.ts';
import { apiError } from './errors.ts';
import { KINDS, type Kind } from './kinds.ts';
import { createLimits, type Limit } from './limits.ts';
import { archiveObject, createObject, getObject, listObjects, readBatch, updateObject } from './objects.ts';
import { createOwners } from './owners.ts';
import { searchObjects } from './search.ts';
import { createStore, type Store } from './store.ts';
import { DRESS, tokensOf } from './token.ts';

/** How often the token endpoint was asked for each grant, and how often it gave tokens, lost answers included. */
type HubspotTokenCalls = Record<'authorization_code' | 'refresh_token', { calls: number; succeeded: number }>;

export interface HubspotControl extends Pick<OAuthControl, 'expireTokens' | 'revoke' | 'tokenLifetime' | 'rotate'> {
  /** Starts an account over with so many generated contacts; the first account unless another is named. */
  contacts: (count: number, hubId?: number) => void;
  tokenCalls: () => HubspotTokenCalls;
  /** Enforces the documented limits (110 calls in 10 s, 5 searches in 1 s), or `limit` for calls. */
  rateLimit: (on: boolean, limit?: Limit) => void;
}

export interface Hubspot extends OAuthVendor {
  control: HubspotControl;
}

/** Of one kind, by the account's own records. */
type Act = (store: Store, call: Call, id: string) => Reply;

export function createHubspot(origin: Origin): Hubspot {
  const { seed } = origin;
  const accounts = ACCOUNTS.map(({ hubId, name }) => ({ id: String(hubId), name }));
  const issuer = createIssuer(origin, {
    vendor: 'hubspot',
    // Access tokens as long as the vendor's own can get, for columns that hold 255 characters.
    tokens: {
      lifetimeSeconds: 1800,
      refresh: 'fixed',
      spell: (kind) => (kind === 'access' ? `C${randomBytes(240).toString('base64url')}` : `eu1-${randomUUID()}`),
    },
    codes: { pkce: 'optional', redirectUriAtSwap: 'required' },
    clientAuth: ['body'],
  });
  const { grants, calls } = issuer;
  const { now } = issuer.clock;
  grants.adopt(STATIC_TOKEN, { account: String(FIRST_ACCOUNT.hubId), scopes: SCOPES });
  const consent = createConsent(issuer, { title: 'HubSpot', accounts: () => accounts, scopes: SCOPES });
  const endpoints = createEndpoints(issuer, DRESS);
  const oauth = createOAuthControl(issuer, { accounts, scopes: SCOPES, answer: tokensOf });
  const kept = new Map<number, ReturnType<typeof openAccount>>();
  const openAccount = (hubId: number) => ({
    stores: new Map(KINDS.map((kind) => [kind.name, createStore(kind, { seed: seed + hubId, now })])),
    owners: createOwners(now),
    limits: createLimits(now),
  });
  const accountOf = (hubId: number) => {
    const found = kept.get(hubId) ?? openAccount(hubId);
    kept.set(hubId, found);
    return found;
  };
  const first = accountOf(FIRST_ACCOUNT.hubId);

  const asCaller =
    (scope: string, answer: (hubId: number, call: Call, ...params: string[]) => Reply, search = false): Handler =>
    (call, ...params) => {
      const caller = callerOf(grants, call);
      if ('status' in caller) return caller;
      return accountOf(caller.hubId).limits.within(search, () =>
        caller.scopes.includes(scope) ? answer(caller.hubId, call, ...params) : scopeMissing(scope),
      );
    };
  const objects = (kind: Kind): Route[] => {
    const path = `/crm/objects/2026-09/${kind.name}`;
    const by = (scope: string, act: Act, search = false) =>
      asCaller(
        scope,
        (hubId, call, id = '') => {
          const store = accountOf(hubId).stores.get(kind.name);
          return store ? act(store, call, id) : apiError(404, 'OBJECT_NOT_FOUND', `No such objects: ${kind.name}`);
        },
        search,
      );
    const { read, write } = kind.scopes;
    return [
      route('GET', path, by(read, listObjects)),
      route('POST', `${path}/search`, by(read, searchObjects, true)),
      route('POST', `${path}/batch/read`, by(read, readBatch)),
      route('GET', `${path}/:id`, by(read, getObject)),
      route('POST', path, by(write, createObject)),
      route('PATCH', `${path}/:id`, by(write, updateObject)),
      route('DELETE', `${path}/:id`, by(write, archiveObject)),
    ];
  };

  return {
    handle: router(
      [
        route('GET', '/oauth/authorize', consent.show),
        route('POST', '/oauth/authorize', consent.decide),
        route('POST', '/oauth/2026-03/token', endpoints.token),
        route('POST', '/oauth/2026-03/token/revoke', endpoints.revoke),
        route('POST', '/oauth/2026-03/token/introspect', endpoints.introspect),
        route('GET', '/account-info/2026-09/details', asCaller('oauth', account)),
        ...KINDS.flatMap(objects),
        route(
          'GET',
          '/crm/owners/2026-09',
          asCaller('crm.objects.owners.read', (hubId, call) => accountOf(hubId).owners.list(call)),
        ),
        route(
          'GET',
          '/crm/owners/2026-09/:id',
          asCaller('crm.objects.owners.read', (hubId, call, id = '') => accountOf(hubId).owners.one(call, id)),
        ),
      ],
      ({ path }) => apiError(404, 'OBJECT_NOT_FOUND', `No resource at ${path}`),
    ),
    oauth,
    now,
    records: {
      collections: {
        ...Object.fromEntries([...first.stores].map(([name, { control }]) => [name, control])),
        owners: first.owners.control,
      },
      limiter: first.limits.control,
      delivery: createDeliveries(KINDS, FIRST_ACCOUNT.hubId, now),
    },
    control: {
      contacts: (count, hubId = FIRST_ACCOUNT.hubId) => accountOf(hubId).stores.get('contacts')?.control.seed(count),
      expireTokens: oauth.expireTokens,
      revoke: oauth.revoke,
      tokenLifetime: oauth.tokenLifetime,
      rotate: oauth.rotate,
      tokenCalls: () => ({
        authorization_code: { ...calls.of('authorization_code') },
        refresh_token: { ...calls.of('refresh_token') },
      }),
      rateLimit: first.limits.enforce,
    },
  };
}

const account = (hubId: number): Reply =>
  json(200, {
    portalId: hubId,
    accountType: 'STANDARD',
    timeZone: 'Europe/Berlin',
    companyCurrency: 'EUR',
    additionalCurrencies: [],
    utcOffset: '+02:00',
    utcOffsetMilliseconds: 7_200_000,
    uiDomain: 'app-eu1.hubspot.com',
    dataHostingLocation: 'eu1',
  });
