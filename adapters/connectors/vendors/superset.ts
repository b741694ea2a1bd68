import { z } from 'zod';
import { BEARER } from '../auth-methods.ts';
import { defineConnector } from '../manifest.ts';

export const superset = defineConnector({
  id: 'superset',
  title: 'Apache Superset',
  category: 'analytics',
  docs: 'https://superset.apache.org/docs/api',
  auth: [
    {
      id: 'login',
      title: 'With a user name and password',
      kind: 'session',
      fields: [
        {
          name: 'base_url',
          title: 'Address',
          secret: false,
          kind: 'url',
          help: 'The address of Superset, like https://superset.example.com',
          tidy: (url) => url.replace(/\/(superset\/(welcome|dashboard|explore)(\/.*)?|login|api(\/v1.*)?)$/, ''),
        },
        {
          name: 'username',
          title: 'User name',
          secret: false,
          kind: 'text',
          help: 'A user who may see the dashboards',
        },
        { name: 'password', title: 'Password', secret: true, kind: 'text', help: 'Of that user' },
        {
          name: 'provider',
          title: 'Kind of login',
          secret: false,
          kind: 'choice',
          options: ['db', 'ldap'],
          fallback: 'db',
          help: 'db for users of Superset itself, ldap for those of your directory',
        },
      ],
      use: BEARER,
      login: {
        url: '{base_url}/api/v1/security/login',
        json: { username: '{username}', password: '{password}', provider: '{provider}', refresh: true },
      },
      refreshUrl: '{base_url}/api/v1/security/refresh',
      // The library's default; operators change it, and a 401 tells.
      tokenLifetimeS: 900,
      blame: 'password',
    },
  ],
  base: '{base_url}/api/v1',
  verify: {
    path: '/dashboard/',
    query: { q: '(page:0,page_size:1)' },
    account: z
      .object({ result: z.array(z.unknown()) })
      .transform(() => ({ accountId: '', accountName: '', settings: {} })),
    // It names no account: who logs in, and where, is the account.
    named: { accountId: '{base_url}#{username}', accountName: '{username} at {base_url}' },
  },
  errors: {
    code: 'errors.0.error_type',
    rules: [
      { status: 422, fault: 'credential_rejected', message: 'does not take this token any more; connect it again' },
    ],
  },
  streams: {},
});
