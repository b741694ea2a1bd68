import { z } from 'zod';
import { BEARER } from '../auth-methods.ts';
import { defineConnector } from '../manifest.ts';
import { clean } from '../plain-text.ts';

export const mailchimp = defineConnector({
  id: 'mailchimp',
  title: 'Mailchimp',
  category: 'email',
  docs: 'https://mailchimp.com/developer/marketing/api/',
  hosts: { dc: /^[a-z]{2,4}\d{1,4}$/ },
  auth: [
    {
      id: 'oauth',
      title: 'With your Mailchimp account',
      kind: 'oauth2_code',
      fields: [],
      use: BEARER,
      authorizeUrl: 'https://login.mailchimp.com/oauth2/authorize',
      tokenUrl: 'https://login.mailchimp.com/oauth2/token',
      scopes: [],
      scopeSeparator: ' ',
      pkce: 'none',
      clientAuth: 'body',
      tokenLifetimeS: null,
      answer: { zeroIsNever: true },
      afterToken: {
        url: 'https://login.mailchimp.com/oauth2/metadata',
        header: 'authorization',
        template: 'OAuth {access_token}',
        keep: { dc: 'dc', login_url: 'login_url' },
      },
    },
    {
      id: 'api_key',
      title: 'With an API key',
      kind: 'api_key',
      fields: [
        {
          name: 'api_key',
          title: 'API key',
          secret: true,
          kind: 'text',
          help: 'Account → Extras → API keys; it ends with a dash and the data centre, like -us6',
          implies: (key) => {
            const dc = /-([a-z]{2,4}\d{1,4})$/.exec(key)?.[1];
            return dc === undefined
              ? { problem: 'an API key ends with a dash and the data centre, like -us6; copy all of it' }
              : { settings: { dc } };
          },
        },
      ],
      use: { in: 'basic', user: 'key', password: '{api_key}' },
    },
  ],
  base: 'https://{dc}.api.mailchimp.com/3.0',
  verify: {
    path: '/',
    query: {},
    account: z
      .object({ account_id: z.string().min(1), account_name: z.string() })
      .transform(({ account_id: id, account_name: name }) => ({
        accountId: id,
        accountName: clean(name),
        settings: {},
      })),
  },
  errors: { code: 'title', rules: [] },
  streams: {},
});
