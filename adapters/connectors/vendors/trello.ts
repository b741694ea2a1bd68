import { z } from 'zod';
import type { Use } from '../auth-methods.ts';
import { defineConnector } from '../manifest.ts';
import { clean } from '../plain-text.ts';

/** Calls are not signed: key and token are named in the header, and never in a URL, which proxies write down. */
const KEY_AND_TOKEN: Use = {
  in: 'header',
  name: 'authorization',
  template: 'OAuth oauth_consumer_key="{consumer_key}", oauth_token="{oauth_token}"',
};

export const trello = defineConnector({
  id: 'trello',
  title: 'Trello',
  category: 'tasks',
  docs: 'https://developer.atlassian.com/cloud/trello/rest/',
  auth: [
    {
      id: 'oauth',
      title: 'With your Trello account',
      kind: 'oauth1',
      fields: [],
      use: KEY_AND_TOKEN,
      algorithm: 'HMAC-SHA1',
      requestTokenUrl: 'https://trello.com/1/OAuthGetRequestToken',
      authorizeUrl: 'https://trello.com/1/OAuthAuthorizeToken',
      accessTokenUrl: 'https://trello.com/1/OAuthGetAccessToken',
      scopes: ['read', 'write', 'account'],
      scopeSeparator: ',',
      // Without it a token dies after thirty days, and nothing renews it.
      extraAuthorize: { name: 'BizOSaaS', expiration: 'never' },
      revoke: { how: 'call', method: 'DELETE', url: 'https://api.trello.com/1/tokens/{oauth_token}' },
    },
    {
      id: 'token',
      title: 'With a key and a token of your own',
      kind: 'api_key',
      fields: [
        {
          name: 'consumer_key',
          title: 'API key',
          secret: true,
          kind: 'text',
          help: 'Of your Power-Up at trello.com/power-ups/admin',
        },
        { name: 'oauth_token', title: 'Token', secret: true, kind: 'text', help: 'Made with that key, beside it' },
      ],
      use: KEY_AND_TOKEN,
    },
  ],
  base: 'https://api.trello.com/1',
  verify: {
    path: '/members/me',
    query: { fields: 'id,username,fullName' },
    account: z
      .object({ id: z.string().min(1), username: z.string(), fullName: z.string().nullish() })
      .transform(({ id, username, fullName }) => ({
        accountId: id,
        accountName: clean(fullName ? `${fullName} (${username})` : username),
        settings: {},
      })),
  },
  errors: { code: 'error', rules: [] },
  streams: {},
});
