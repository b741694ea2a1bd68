import { randomBytes, randomUUID } from 'node:crypto';
import { json, route, router, type Call, type Handler, type Reply } from '../../http.ts';
import type { Origin } from '../../world.ts';
import { createConsent } from '../../oauth/consent.ts';
import { createOAuthControl, type OAuthControl } from '../../oauth/control.ts';
import { createEndpoints } from '../../oauth/endpoints.ts';
import { createIssuer } from '../../oauth/issuer.ts';
import type { OAuthVendor } from '../oauth-vendor.ts';
import { ACCOUNTS, FIRST_ACCOUNT, SCOPES, STATIC_TOKEN } from './app.ts';
import { callerOf, scopeMissing } from './bearer.ts';
import { createContactStore, type ContactStore } from './contact-store.ts';
import { archiveContact, createContact, getContact, listContacts, updateContact } from './contacts.ts';
import { apiError } from './errors.ts';
import { createLimits, type Limit } from './limits.ts';
import { searchContacts } from './search.ts';
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

const CONTACTS = '/crm/objects/2026-09/contacts';
const DEFAULT_CONTACTS = 25;

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
  const limits = createLimits(now);
  const stores = new Map<number, ContactStore>();

  const storeOf = (hubId: number): ContactStore => {
    const found = stores.get(hubId) ?? createContactStore({ seed: seed + hubId, count: DEFAULT_CONTACTS, now });
    stores.set(hubId, found);
    return found;
  };

  const asCaller = (scope: string, answer: (hubId: number, call: Call, ...params: string[]) => Reply): Handler => {
    const search = answer === searchOf;
    return (call, ...params) => {
      const caller = callerOf(grants, call);
      if ('status' in caller) return caller;
      return limits.within(caller.hubId, search, () =>
        caller.scopes.includes(scope) ? answer(caller.hubId, call, ...params) : scopeMissing(scope),
      );
    };
  };
  const searchOf = (hubId: number, call: Call) => searchContacts(storeOf(hubId), call);
  const reads = (answer: (store: ContactStore, call: Call, id: string) => Reply) =>
    asCaller('crm.objects.contacts.read', (hubId, call, id = '') => answer(storeOf(hubId), call, id));
  const writes = (answer: (store: ContactStore, call: Call, id: string) => Reply) =>
    asCaller('crm.objects.contacts.write', (hubId, call, id = '') => answer(storeOf(hubId), call, id));

  return {
    handle: router(
      [
        route('GET', '/oauth/authorize', consent.show),
        route('POST', '/oauth/authorize', consent.decide),
        route('POST', '/oauth/2026-03/token', endpoints.token),
        route('POST', '/oauth/2026-03/token/revoke', endpoints.revoke),
        route('POST', '/oauth/2026-03/token/introspect', endpoints.introspect),
        route('GET', '/account-info/2026-09/details', asCaller('oauth', account)),
        route('GET', CONTACTS, reads(listContacts)),
        route('POST', `${CONTACTS}/search`, asCaller('crm.objects.contacts.read', searchOf)),
        route('GET', `${CONTACTS}/:id`, reads(getContact)),
        route('POST', CONTACTS, writes(createContact)),
        route('PATCH', `${CONTACTS}/:id`, writes(updateContact)),
        route('DELETE', `${CONTACTS}/:id`, writes(archiveContact)),
      ],
      ({ path }) => apiError(404, 'OBJECT_NOT_FOUND', `No resource at ${path}`),
    ),
    oauth,
    now,
    control: {
      contacts: (count, hubId = FIRST_ACCOUNT.hubId) => storeOf(hubId).fill(count),
      expireTokens: oauth.expireTokens,
      revoke: oauth.revoke,
      tokenLifetime: oauth.tokenLifetime,
      rotate: oauth.rotate,
      tokenCalls: () => ({
        authorization_code: { ...calls.of('authorization_code') },
        refresh_token: { ...calls.of('refresh_token') },
      }),
      rateLimit: limits.enforce,
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
