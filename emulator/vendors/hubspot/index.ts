import { json, route, router, type Call, type Handler, type Reply } from '../../http.ts';
import type { Origin } from '../../world.ts';
import { FIRST_ACCOUNT } from './app.ts';
import { decideConsent, showConsent } from './authorize.ts';
import { callerOf, scopeMissing } from './bearer.ts';
import { createCodes } from './codes.ts';
import { createContactStore, type ContactStore } from './contact-store.ts';
import { archiveContact, createContact, getContact, listContacts, updateContact } from './contacts.ts';
import { apiError } from './errors.ts';
import { createGrants } from './grants.ts';
import { createLimits, type Limit } from './limits.ts';
import { searchContacts } from './search.ts';
import { createTokenEndpoint, type TokenCalls } from './token.ts';

export interface HubspotControl {
  /** Starts an account over with so many generated contacts; the first account unless another is named. */
  contacts: (count: number, hubId?: number) => void;
  /** Lapses every live access token now; refresh tokens still work. Says how many. */
  expireTokens: () => number;
  /** The app is uninstalled everywhere: access and refresh tokens are refused. Says how many grants. */
  revoke: () => number;
  /** For access tokens minted from now on; 1800 at start. */
  tokenLifetime: (seconds: number) => void;
  /** Each refresh gives a new refresh token, and using an old one revokes its family. */
  rotate: (on: boolean) => void;
  tokenCalls: () => TokenCalls;
  /** Enforces the documented limits (110 calls in 10 s, 5 searches in 1 s), or `limit` for calls. */
  rateLimit: (on: boolean, limit?: Limit) => void;
}

export interface Hubspot {
  handle: Handler;
  control: HubspotControl;
}

const CONTACTS = '/crm/objects/2026-09/contacts';
const DEFAULT_CONTACTS = 25;

export function createHubspot({ seed, now, memory }: Origin): Hubspot {
  const grants = createGrants(now, memory);
  const codes = createCodes(now);
  const endpoint = createTokenEndpoint({ codes, grants });
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
        route('GET', '/oauth/authorize', showConsent),
        route('POST', '/oauth/authorize', decideConsent(codes)),
        route('POST', '/oauth/2026-03/token', endpoint.token),
        route('POST', '/oauth/2026-03/token/revoke', endpoint.revoke),
        route('POST', '/oauth/2026-03/token/introspect', endpoint.introspect),
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
    control: {
      contacts: (count, hubId = FIRST_ACCOUNT.hubId) => storeOf(hubId).fill(count),
      expireTokens: grants.expireAll,
      revoke: grants.revokeAll,
      tokenLifetime: grants.setLifetime,
      rotate: grants.setRotating,
      tokenCalls: () => structuredClone(endpoint.calls),
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
