import { z } from 'zod';
import { BEARER } from '../auth-methods.ts';
import { defineConnector } from '../manifest.ts';
import type { ErrorRule } from '../manifest.ts';
import { clean } from '../plain-text.ts';

const VERSION = 'v25.0';
const GRAPH = `https://graph.facebook.com/${VERSION}`;
const LIMITED = [4, 17, 32, 613, ...Array.from({ length: 15 }, (_, index) => 80_000 + index)];

/** Meta tells by the code in the body, and its statuses vary: the same rule for each of them. */
const whatever = (rule: Omit<ErrorRule, 'status'>): ErrorRule[] =>
  [400, 401, 403].map((status) => ({ ...rule, status }));

export const metaAds = defineConnector({
  id: 'meta-ads',
  title: 'Meta Ads',
  category: 'ads',
  docs: 'https://developers.facebook.com/docs/marketing-apis',
  auth: [
    {
      id: 'oauth',
      title: 'With your Facebook account',
      kind: 'oauth2_code',
      fields: [],
      use: BEARER,
      authorizeUrl: `https://www.facebook.com/${VERSION}/dialog/oauth`,
      tokenUrl: `${GRAPH}/oauth/access_token`,
      scopes: ['ads_read', 'ads_management', 'business_management'],
      scopeSeparator: ',',
      pkce: 'S256',
      clientAuth: 'body',
      tokenLifetimeS: 5_184_000,
      exchange: {
        url: `${GRAPH}/oauth/access_token`,
        grantType: 'fb_exchange_token',
        tokenParam: 'fb_exchange_token',
      },
      refusals: {
        at: 'error.code',
        codes: {
          100: 'grant_revoked',
          102: 'grant_revoked',
          190: 'grant_revoked',
          1: 'client_broken',
          101: 'client_broken',
          2: 'provider_down',
          ...Object.fromEntries(LIMITED.map((code) => [code, 'provider_rate_limited' as const])),
        },
      },
      revoke: {
        how: 'call',
        method: 'DELETE',
        url: `${GRAPH}/{accountId}/permissions`,
        code: 'error.code',
        gone: [190, 102],
      },
    },
    {
      id: 'system_user',
      title: 'With a system user’s token',
      kind: 'api_key',
      fields: [
        {
          name: 'access_token',
          title: 'System user token',
          secret: true,
          kind: 'text',
          help: 'Business settings → System users → Generate token, with ads_read',
        },
      ],
      use: BEARER,
    },
  ],
  base: GRAPH,
  verify: {
    path: '/me',
    query: { fields: 'id,name' },
    account: z.object({ id: z.string().min(1), name: z.string() }).transform(({ id, name }) => ({
      accountId: id,
      accountName: clean(name),
      settings: {},
    })),
  },
  errors: {
    code: 'error.code',
    rules: [
      ...whatever({
        is: [190, 102],
        fault: 'credential_rejected',
        message: 'does not take this token any more; connect it again',
      }),
      ...whatever({ is: LIMITED, fault: 'provider_rate_limited', message: 'asks us to slow down' }),
      ...whatever({ is: [1, 2], fault: 'provider_down', message: 'is not working now' }),
      ...whatever({
        is: [10, ...Array.from({ length: 100 }, (_, index) => 200 + index)],
        fault: 'credential_forbidden',
        message: 'the connection lacks a permission; connect it again and grant it',
      }),
      {
        status: 400,
        at: 'error.error_subcode',
        is: [33],
        fault: 'not_found',
        message: 'has nothing under this id, or does not show it to this account',
      },
    ],
  },
  streams: {},
});
