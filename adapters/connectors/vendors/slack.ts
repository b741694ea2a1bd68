import { z } from 'zod';
import { BEARER } from '../auth-methods.ts';
import { defineConnector } from '../manifest.ts';
import { clean } from '../plain-text.ts';

const OK = { at: 'ok', is: [true] };
const GONE = ['token_revoked', 'invalid_auth', 'account_inactive', 'not_authed', 'token_expired'];

export const slack = defineConnector({
  id: 'slack',
  title: 'Slack',
  category: 'communication',
  docs: 'https://docs.slack.dev/reference/methods',
  auth: [
    {
      id: 'oauth',
      title: 'By adding our app to your workspace',
      kind: 'oauth2_code',
      fields: [],
      use: BEARER,
      authorizeUrl: 'https://slack.com/oauth/v2/authorize',
      tokenUrl: 'https://slack.com/api/oauth.v2.access',
      scopes: [
        'channels:read',
        'channels:history',
        'groups:read',
        'groups:history',
        'users:read',
        'users:read.email',
        'chat:write',
        'team:read',
      ],
      scopeSeparator: ',',
      pkce: 'S256',
      clientAuth: 'basic',
      // Without token rotation the answer names no lifetime, and the token has no end.
      tokenLifetimeS: null,
      answer: {
        yes: OK,
        types: ['bot', 'user'],
        keep: { team_id: 'team.id', bot_user_id: 'bot_user_id', enterprise_id: 'enterprise.id' },
      },
      refusals: {
        codes: {
          invalid_code: 'grant_revoked',
          code_already_used: 'grant_revoked',
          invalid_refresh_token: 'grant_revoked',
          token_revoked: 'grant_revoked',
          token_expired: 'grant_revoked',
          invalid_auth: 'grant_revoked',
          account_inactive: 'grant_revoked',
          invalid_client_id: 'client_broken',
          bad_client_secret: 'client_broken',
          bad_redirect_uri: 'client_broken',
          ratelimited: 'provider_rate_limited',
          internal_error: 'provider_down',
          fatal_error: 'provider_down',
          service_unavailable: 'provider_down',
        },
      },
      revoke: { how: 'call', method: 'POST', url: 'https://slack.com/api/auth.revoke', yes: OK, gone: GONE },
    },
    {
      id: 'bot_token',
      title: 'With a bot token (xoxb-…)',
      kind: 'api_key',
      fields: [
        {
          name: 'access_token',
          title: 'Bot token',
          secret: true,
          kind: 'text',
          help: 'Your app at api.slack.com → OAuth & Permissions; it begins with xoxb-',
        },
      ],
      use: BEARER,
    },
  ],
  base: 'https://slack.com/api',
  verify: {
    method: 'POST',
    path: '/auth.test',
    query: {},
    account: z
      .object({ team_id: z.string().nullish(), enterprise_id: z.string().nullish(), team: z.string().nullish() })
      // An install for a whole enterprise has no team.
      .refine(({ team_id: team, enterprise_id: enterprise }) => Boolean(team ?? enterprise))
      .transform(({ team_id: id, enterprise_id: enterprise, team }) => ({
        accountId: id ?? enterprise ?? '',
        accountName: team ? clean(team) : `Slack ${id ?? enterprise ?? ''}`,
        settings: {},
      })),
  },
  errors: {
    code: 'error',
    yes: OK,
    rules: [
      {
        status: 200,
        is: GONE,
        fault: 'credential_rejected',
        message: 'does not take this token any more; connect it again',
      },
      {
        status: 200,
        is: ['missing_scope', 'not_in_channel', 'no_permission'],
        fault: 'credential_forbidden',
        message: 'the app lacks a permission; add it there and connect again',
      },
      { status: 200, is: ['ratelimited'], fault: 'provider_rate_limited', message: 'asks us to slow down' },
      {
        status: 200,
        is: ['channel_not_found', 'user_not_found', 'message_not_found'],
        fault: 'not_found',
        message: 'has nothing under this id',
      },
      { status: 200, is: ['internal_error', 'fatal_error'], fault: 'provider_down', message: 'is not working now' },
    ],
  },
  streams: {},
});
