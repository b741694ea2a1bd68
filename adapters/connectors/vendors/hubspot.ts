import { z } from 'zod';
import { CrmContact } from '../../../ports/connectors.ts';
import { BEARER } from '../auth-methods.ts';
import { defineConnector, stream } from '../manifest.ts';
import { clean } from '../plain-text.ts';

// HubSpot dates its APIs; each date is served for at least 18 months.
const CRM = '2026-09';
const OAUTH = '2026-03';
const CONTACTS = `/crm/objects/${CRM}/contacts`;
const PROPERTIES = ['firstname', 'lastname', 'email', 'phone', 'company', 'lastmodifieddate'];

const text = z
  .string()
  .nullish()
  .transform((value) => (value ? clean(value) : null));

export const hubspot = defineConnector({
  id: 'hubspot',
  title: 'HubSpot',
  category: 'crm',
  docs: 'https://developers.hubspot.com/docs/api-reference/latest/overview',
  auth: [
    {
      id: 'oauth',
      title: 'With your HubSpot account',
      kind: 'oauth2_code',
      fields: [],
      use: BEARER,
      authorizeUrl: 'https://app.hubspot.com/oauth/authorize',
      tokenUrl: `https://api.hubapi.com/oauth/${OAUTH}/token`,
      scopes: ['oauth', 'crm.objects.contacts.read'],
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
      settings: {},
    })),
  },
  errors: {
    code: 'category',
    rules: [
      {
        status: 403,
        is: ['MISSING_SCOPES'],
        fault: 'credential_forbidden',
        message: 'the connection lacks a permission; connect it again and grant it',
      },
    ],
  },
  streams: {
    contacts: stream({
      title: 'Contacts',
      text: false,
      path: CONTACTS,
      query: { properties: PROPERTIES.join(',') },
      filters: { search: { param: 'query' } },
      items: 'results',
      paging: {
        kind: 'cursor',
        size: 'limit',
        sizeMax: 100,
        cursor: 'after',
        next: 'paging.next.after',
        search: {
          path: `${CONTACTS}/search`,
          // The search index runs some seconds behind the records.
          lookBackMs: 60_000,
          rowsMax: 10_000,
          body: ({ fromMs, after, limit, filter }) => ({
            ...filter,
            properties: PROPERTIES,
            limit,
            ...(after !== null && { after }),
            ...(fromMs !== null && {
              filterGroups: [
                { filters: [{ propertyName: 'lastmodifieddate', operator: 'GTE', value: String(fromMs) }] },
              ],
              sorts: [{ propertyName: 'lastmodifieddate', direction: 'ASCENDING' }],
            }),
          }),
        },
      },
      id: /^\d{1,20}$/,
      removes: false,
      raw: z.object({
        id: z.string().regex(/^\d{1,20}$/),
        updatedAt: z.iso.datetime(),
        properties: z.object({
          email: text,
          firstname: text,
          lastname: text,
          phone: text,
          company: text,
          lastmodifieddate: z.iso.datetime().nullish(),
        }),
      }),
      row: CrmContact,
      map: ({ id, updatedAt, properties }) => ({
        externalId: id,
        modifiedAt: properties.lastmodifieddate ?? updatedAt,
        email: properties.email,
        firstName: properties.firstname,
        lastName: properties.lastname,
        phone: properties.phone,
        company: properties.company,
      }),
    }),
  },
});
