import { z } from 'zod';
import { BEARER } from '../../auth-methods.ts';
import { defineConnector } from '../../manifest.ts';
import { companies, contacts, deals, owners, tickets } from './objects.ts';
import { CRM } from './records.ts';

const OAUTH = '2026-03';
export const hubspot = defineConnector({
  id: 'hubspot',
  title: 'HubSpot',
  category: 'crm',
  docs: 'https://developers.hubspot.com/docs/api-reference/latest/overview',
  notes: [
    'A company, deal or ticket that is made may be there twice if an answer is lost: HubSpot knows no key that would tell, so people are asked.',
    'A contact needs an e-mail address here: it is what keeps HubSpot, and us, from making the same one twice.',
    'What changed is read from a search index that runs some seconds behind the records.',
    'Rules that an admin of the account defines bind what is written from here, too.',
    'Not confirmed by a source: the category names of lapsed and withdrawn tokens, and 110 calls in 10 s for public apps; 100 are kept to.',
  ],
  auth: [
    {
      id: 'oauth',
      title: 'With your HubSpot account',
      kind: 'oauth2_code',
      fields: [],
      use: BEARER,
      authorizeUrl: 'https://app.hubspot.com/oauth/authorize',
      tokenUrl: `https://api.hubapi.com/oauth/${OAUTH}/token`,
      scopes: [
        'oauth',
        ...['contacts', 'companies', 'deals'].flatMap((name) => [
          `crm.objects.${name}.read`,
          `crm.objects.${name}.write`,
        ]),
        'tickets',
        'crm.objects.owners.read',
      ],
      scopeSeparator: ' ',
      pkce: 'S256',
      clientAuth: 'body',
      tokenLifetimeS: 1800,
      revoke: {
        how: 'rfc7009',
        url: `https://api.hubapi.com/oauth/${OAUTH}/token/revoke`,
        token: 'refresh_token',
      },
    },
    {
      id: 'token',
      title: 'With a private app’s token',
      kind: 'api_key',
      fields: [
        {
          name: 'access_token',
          title: 'Access token',
          secret: true,
          kind: 'text',
          help: 'Settings → Integrations → Private apps, or a Service Key; it begins with pat-',
        },
      ],
      use: BEARER,
    },
  ],
  base: 'https://api.hubapi.com',
  verify: {
    path: `/account-info/${CRM}/details`,
    query: {},
    account: z.object({ portalId: z.int().positive() }).transform(({ portalId }) => ({
      accountId: String(portalId),
      accountName: `HubSpot account ${portalId}`,
      // Events of the application's one webhook name the account by it.
      settings: { hub_id: String(portalId) },
    })),
  },
  errors: {
    code: 'category',
    // Each error names its property in one of two ways.
    fieldsOf: (json) =>
      REFUSED.safeParse(json).data?.errors.flatMap(({ in: where, context }) =>
        [where ?? [], context?.propertyName ?? []]
          .flat()
          .map((path) => ({ path, message: 'HubSpot does not accept this value' })),
      ) ?? [],
    rules: [
      {
        status: 403,
        is: ['MISSING_SCOPES'],
        fault: 'credential_forbidden',
        message: 'the connection lacks a permission; connect it again and grant it',
      },
      {
        status: 409,
        is: ['CONFLICT'],
        fault: 'conflict',
        message: 'there is one like it already; look for it there, and change that one',
      },
    ],
  },
  limits: [
    { name: 'calls', scope: 'connection', units: 100, perSeconds: 10 },
    { name: 'search', scope: 'connection', units: 5, perSeconds: 1 },
  ],
  narrow: ['search'],
  tells: ({ headers }) => {
    const told = (name: string) => Number(headers.get(`x-hubspot-ratelimit-${name}`) ?? Number.NaN);
    const [units, remaining, resetMs] = [told('max'), told('remaining'), told('interval-milliseconds')];
    // Replies of the search tell nothing.
    return Number.isNaN(units + remaining + resetMs) ? [] : [{ limit: 'calls', units, remaining, resetMs }];
  },
  webhooks: {
    signature: {
      scheme: 'hmac',
      header: 'x-hubspot-signature-v3',
      algorithm: 'sha256',
      encoding: 'base64',
      signed: '{method}{url}{body}{timestamp}',
      timestamp: { header: 'x-hubspot-request-timestamp', unit: 'ms', toleranceS: 300 },
    },
    secret: 'app',
    // The number of an event may come twice for two of them; what it is about does not.
    read: (json) =>
      EVENTS.parse(json).map(({ eventId, subscriptionId, subscriptionType: type, objectId, occurredAt, portalId }) => ({
        id: [eventId, subscriptionId, objectId, occurredAt].join('/'),
        type,
        at: occurredAt,
        account: String(portalId),
        record: String(objectId),
      })),
    account: { from: { at: 'portalId' }, setting: 'hub_id' },
    events: { 'contact.*': ['contacts'], 'company.*': ['companies'], 'deal.*': ['deals'], 'ticket.*': ['tickets'] },
    deletes: ['contact.deletion', 'contact.privacyDeletion', 'company.deletion', 'deal.deletion', 'ticket.deletion'],
    setUp:
      'In your HubSpot app, under Webhooks, set this URL as the target and subscribe to creation, propertyChange and deletion of contacts, companies, deals and tickets. An app has one target URL for all accounts.',
  },
  streams: { contacts, companies, deals, tickets, owners },
});

const REFUSED = z.object({
  errors: z.array(
    z.object({
      in: z.string().nullish(),
      context: z.object({ propertyName: z.array(z.string()).nullish() }).nullish(),
    }),
  ),
});

const EVENTS = z.array(
  z.object({
    eventId: z.union([z.number(), z.string()]),
    subscriptionId: z.number(),
    subscriptionType: z.string(),
    objectId: z.number(),
    occurredAt: z.number(),
    portalId: z.number(),
  }),
);
