import { z } from 'zod';
import { defineConnector } from '../../manifest.ts';
import { at } from '../../paths.ts';
import { companies, contacts, deals, leads } from './modules.ts';

/** A customer lives in one data centre, and everything of theirs is asked there. */
const CENTRES: Record<string, string> = {
  com: 'https://accounts.zoho.com',
  eu: 'https://accounts.zoho.eu',
  in: 'https://accounts.zoho.in',
  'com.au': 'https://accounts.zoho.com.au',
  jp: 'https://accounts.zoho.jp',
  'com.cn': 'https://accounts.zoho.com.cn',
  ca: 'https://accounts.zohocloud.ca',
  sa: 'https://accounts.zoho.sa',
};

export const zohoCrm = defineConnector({
  id: 'zoho-crm',
  title: 'Zoho CRM',
  category: 'crm',
  docs: 'https://www.zoho.com/crm/developer/docs/api/v8/',
  notes: [
    'You live in one of eight data centres; Zoho tells which one when you agree. One outside the United States works only where the application has multi-DC switched on.',
    'Connecting one person more than twenty times ends their oldest connections without a word.',
    'A record that is made may be there twice if an answer is lost: a search would not show the first one at once, so people are asked.',
    'Notification channels last a week at most and end silently; the scheduled syncs find what they missed.',
    'Not confirmed by a source: the code of a withdrawn token, the lifetimes of channels, the API host of the Saudi data centre.',
  ],
  hosts: {
    accounts_server: /^https:\/\/accounts\.(zoho\.(com|eu|in|com\.au|jp|com\.cn|sa)|zohocloud\.ca)$/,
    api_domain: /^https:\/\/(www|sandbox)\.zohoapis\.(com|eu|in|com\.au|jp|com\.cn|ca|sa)$/,
  },
  auth: [
    {
      id: 'oauth',
      title: 'With your Zoho account',
      kind: 'oauth2_code',
      fields: [
        {
          name: 'dc',
          title: 'Data centre',
          secret: false,
          kind: 'choice',
          options: Object.keys(CENTRES),
          fallback: 'com',
          help: 'The end of the address that you log in at, such as eu for accounts.zoho.eu',
          implies: (dc) => ({ settings: { accounts_server: CENTRES[dc] ?? '' } }),
        },
      ],
      use: { in: 'header', name: 'authorization', template: 'Zoho-oauthtoken {access_token}' },
      authorizeUrl: '{accounts_server}/oauth/v2/auth',
      tokenUrl: '{accounts_server}/oauth/v2/token',
      scopes: [
        'ZohoCRM.modules.ALL',
        'ZohoCRM.settings.modules.READ',
        'ZohoCRM.settings.fields.READ',
        'ZohoCRM.users.READ',
        'ZohoCRM.org.READ',
        // The search asks for one of its own.
        'ZohoSearch.securesearch.READ',
      ],
      scopeSeparator: ',',
      pkce: 'none',
      // Without both no refresh token comes, or none the second time.
      extraAuthorize: { access_type: 'offline', prompt: 'consent' },
      clientAuth: 'body',
      tokenLifetimeS: 3600,
      fromCallback: { accounts_server: 'accounts-server' },
      answer: { keep: { api_domain: 'api_domain' } },
      refusals: {
        codes: {
          invalid_code: 'grant_revoked',
          invalid_client_secret: 'client_broken',
          invalid_redirect_uri: 'client_broken',
          // More than ten access tokens of one refresh token in ten minutes.
          Access_Denied: 'provider_rate_limited',
        },
        waitMs: 600_000,
      },
      revoke: { how: 'rfc7009', url: '{accounts_server}/oauth/v2/token/revoke', token: 'refresh_token' },
    },
  ],
  base: '{api_domain}',
  verify: {
    path: '/crm/v8/org',
    query: {},
    account: z
      .object({ org: z.array(z.object({ zgid: z.string().min(1), company_name: z.string().nullish() })).min(1) })
      .transform(({ org: [{ zgid, company_name: name } = { zgid: '', company_name: null }] }) => ({
        accountId: zgid,
        accountName: name ?? `Zoho organisation ${zgid}`,
        settings: {},
      })),
  },
  errors: {
    code: ['code', 'data.0.code'],
    // Each record of a write has a verdict of its own, also where the whole was accepted.
    refusedBy: (json) => at(json, 'data.0.status') === 'error' && typeof at(json, 'data.0.code') === 'string',
    fieldsOf: (json) =>
      ['data.0.details.api_name', 'details.api_name', 'details.param_name']
        .map((path) => at(json, path))
        .filter((name) => typeof name === 'string')
        .filter((name) => /^\w{1,100}$/.test(name))
        .map((path) => ({ path, message: 'Zoho CRM does not accept this value' })),
    rules: [
      {
        status: 401,
        is: ['OAUTH_SCOPE_MISMATCH'],
        fault: 'credential_forbidden',
        message: 'the connection lacks a permission; connect it again and grant it',
      },
      // Nothing but the sentence tells an unknown id from an unfit value.
      ...['data.0.message', 'message'].map((where) => ({
        status: 400,
        at: where,
        is: ['the id given seems to be invalid', 'the related id given seems to be invalid'],
        fault: 'not_found' as const,
        message: 'there is nothing under this id',
      })),
      {
        is: ['DUPLICATE_DATA'],
        fault: 'conflict',
        message: 'there is one with this value already; look for it there, and change that one',
      },
    ],
  },
  // Of the free edition; the others tell by what is left.
  limits: [{ name: 'credits', scope: 'connection', units: 5000, perSeconds: 86_400 }],
  inFlightMax: 5,
  tells: ({ headers }) => {
    const left = headers.get('x-api-credits-remaining');
    return left !== undefined && /^\d{1,9}$/.test(left) ? [{ limit: 'credits', remaining: Number(left) }] : [];
  },
  webhooks: {
    // Nothing is signed; the token that was chosen for the channel comes back in each of its notifications.
    signature: { scheme: 'echo', at: 'token' },
    secret: 'endpoint',
    // Ids only: what they hold is read from the source.
    read(json) {
      const { data } = NOTIFICATION.safeParse(json);
      if (!data) return [];
      const { module, operation, ids, server_time: at } = data;
      return ids.map((record) => ({
        id: [at, module, operation, record].join('/'),
        type: `${module}.${operation}`,
        record,
        ...(at && { at }),
      }));
    },
    events: { 'Contacts.*': ['contacts'], 'Leads.*': ['leads'], 'Accounts.*': ['companies'], 'Deals.*': ['deals'] },
    deletes: ['Contacts.delete', 'Leads.delete', 'Accounts.delete', 'Deals.delete'],
    setUp:
      'With a token of yours, POST /crm/v8/actions/watch with a channel for Contacts.all, Leads.all, Accounts.all and Deals.all: this URL as notify_url, the secret (at most 50 characters) as token, channel_expiry in a week; and renew it by PATCH before it ends.',
  },
  streams: { contacts, leads, companies, deals },
});

const NOTIFICATION = z.object({
  module: z.string(),
  operation: z.string(),
  ids: z.array(z.string()),
  server_time: z.number().nullish(),
});
