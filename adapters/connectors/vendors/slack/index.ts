import { z } from 'zod';
import { BEARER } from '../../auth-methods.ts';
import { defineConnector } from '../../manifest.ts';
import { clean } from '../../plain-text.ts';
import { channels, files, messages, users } from './streams.ts';

const OK = { at: 'ok', is: [true] };
const GONE = ['token_revoked', 'invalid_auth', 'account_inactive', 'not_authed', 'token_expired'];

export const slack = defineConnector({
  id: 'slack',
  title: 'Slack',
  category: 'communication',
  docs: 'https://docs.slack.dev/reference/methods',
  notes: [
    'The app sees the messages of channels that it was invited to; the others are passed by.',
    'An app that is sold outside Slack’s Marketplace may read one page of 15 messages a minute: take messages from events there. Slack’s pages disagree about installs from before 2026-03-03.',
    'Edits and replies in threads are not found by an incremental sync.',
    'Files are listed and deleted here, not uploaded: that takes three calls at two hosts.',
    'Slack knows no key of ours: when the answer to a new message is lost, a person looks before it is sent again.',
  ],
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
        'channels:manage',
        'files:read',
        'files:write',
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
        is: GONE,
        fault: 'credential_rejected',
        message: 'does not take this token any more; connect it again',
      },
      {
        is: ['missing_scope', 'no_permission', 'restricted_action', 'cant_delete_message', 'cant_update_message'],
        fault: 'credential_forbidden',
        message: 'the app lacks a permission; add it there and connect again',
      },
      { is: ['ratelimited', 'rate_limited'], fault: 'provider_rate_limited', message: 'asks us to slow down' },
      {
        is: ['not_in_channel'],
        fault: 'not_found',
        message: 'the app is not in this channel; invite it there (/invite)',
      },
      {
        // To archive what is archived has no further effect.
        is: [
          'channel_not_found',
          'user_not_found',
          'message_not_found',
          'file_not_found',
          'file_deleted',
          'already_archived',
        ],
        fault: 'not_found',
        message: 'has nothing under this id',
      },
      { is: ['name_taken'], fault: 'conflict', message: 'there is a channel of this name' },
      {
        is: ['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout'],
        fault: 'provider_down',
        message: 'is not working now',
      },
    ],
  },
  // Of the slowest methods that are used, the second tier; each method and workspace has its own count.
  limits: [{ name: 'tier_2', scope: 'connection', units: 20, perSeconds: 60 }],
  webhooks: {
    signature: {
      scheme: 'hmac',
      header: 'x-slack-signature',
      algorithm: 'sha256',
      encoding: 'hex',
      signed: 'v0:{timestamp}:{body}',
      prefix: 'v0=',
      timestamp: { header: 'x-slack-request-timestamp', unit: 's', toleranceS: 300 },
    },
    // The app has one signing secret for all workspaces.
    secret: 'app',
    handshake: 'slack',
    id: { at: 'event_id' },
    type: { at: 'event.type' },
    at: { at: 'event_time' },
    account: { from: { at: 'team_id' }, setting: 'accountId' },
    events: {
      message: ['messages'],
      app_mention: ['messages'],
      channel_created: ['channels'],
      channel_rename: ['channels'],
      member_joined_channel: ['channels'],
      team_join: ['users'],
      user_change: ['users'],
      reaction_added: [],
      app_uninstalled: [],
      tokens_revoked: [],
    },
    ends: ['app_uninstalled', 'tokens_revoked'],
    setUp:
      'Your app at api.slack.com → Event Subscriptions: switch them on, give our URL, and subscribe to message.channels, message.groups, app_mention, channel_created, channel_rename, member_joined_channel, team_join, user_change, app_uninstalled and tokens_revoked; hand us the signing secret of Basic Information',
  },
  streams: { channels, messages, users, files },
});
