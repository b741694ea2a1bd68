import { z } from 'zod';
import { defineConnector } from '../manifest.ts';

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
        'ZohoCRM.modules.READ',
        'ZohoCRM.settings.modules.READ',
        'ZohoCRM.settings.fields.READ',
        'ZohoCRM.users.READ',
        'ZohoCRM.org.READ',
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
    code: 'code',
    rules: [
      {
        status: 401,
        is: ['OAUTH_SCOPE_MISMATCH'],
        fault: 'credential_forbidden',
        message: 'the connection lacks a permission; connect it again and grant it',
      },
      { status: 429, is: ['TOO_MANY_REQUESTS'], fault: 'provider_rate_limited', message: 'asks us to slow down' },
    ],
  },
  streams: {},
});
