import { z } from 'zod';
import { defineConnector } from '../manifest.ts';
import { clean } from '../plain-text.ts';

const API = 'https://business-api.tiktok.com/open_api/v1.3';
const ZERO = { at: 'code', is: [0] };

export const tiktokAds = defineConnector({
  id: 'tiktok-ads',
  title: 'TikTok Ads',
  category: 'ads',
  docs: 'https://business-api.tiktok.com/portal/docs',
  auth: [
    {
      id: 'oauth',
      title: 'With your TikTok for Business account',
      kind: 'oauth2_code',
      fields: [],
      use: { in: 'header', name: 'access-token', template: '{access_token}' },
      authorizeUrl: 'https://business-api.tiktok.com/portal/auth',
      authorize: { names: { client_id: 'app_id' }, omit: ['response_type', 'scope'] },
      codeParam: 'auth_code',
      tokenUrl: `${API}/oauth2/access_token/`,
      request: {
        json: true,
        names: { client_id: 'app_id', client_secret: 'secret', code: 'auth_code' },
        omit: ['grant_type', 'redirect_uri'],
      },
      // Permissions are ticked on the app, and the answer lists their numbers.
      scopes: [],
      scopeSeparator: ',',
      pkce: 'none',
      clientAuth: 'body',
      tokenLifetimeS: null,
      answer: { yes: ZERO, at: 'data' },
      refusals: {
        at: 'code',
        codes: {
          40110: 'grant_revoked',
          40102: 'grant_revoked',
          40105: 'grant_revoked',
          40001: 'client_broken',
          40002: 'client_broken',
          40100: 'provider_rate_limited',
          40133: 'provider_rate_limited',
        },
        down: /^5\d{4}$/,
        waitMs: 300_000,
      },
      revoke: {
        how: 'call',
        method: 'POST',
        url: `${API}/oauth2/revoke_token/`,
        json: { app_id: '{client_id}', secret: '{client_secret}', access_token: '{access_token}' },
        yes: ZERO,
        code: 'code',
        gone: [40102, 40105],
      },
    },
  ],
  base: API,
  verify: {
    path: '/user/info/',
    query: {},
    account: z
      .object({
        data: z.object({
          core_user_id: z.union([z.string().min(1), z.int().transform(String)]),
          display_name: z.string().nullish(),
        }),
      })
      .transform(({ data: { core_user_id: id, display_name: name } }) => ({
        accountId: id,
        accountName: name ? clean(name) : `TikTok user ${id}`,
        settings: {},
      })),
  },
  errors: {
    code: 'code',
    yes: ZERO,
    rules: [
      {
        status: 200,
        is: [40102, 40104, 40105],
        fault: 'credential_rejected',
        message: 'does not take this token any more; connect it again',
      },
      { status: 200, is: [40100, 40133], fault: 'provider_rate_limited', message: 'asks us to slow down' },
      { status: 200, is: [40001], fault: 'credential_forbidden', message: 'does not allow this account to do that' },
      { status: 200, is: [40007], fault: 'not_found', message: 'has nothing under this id' },
      { status: 200, is: [50000, 50002], fault: 'provider_down', message: 'is not working now' },
    ],
  },
  streams: {},
});
