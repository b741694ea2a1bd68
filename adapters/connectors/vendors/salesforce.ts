import { z } from 'zod';
import { BEARER } from '../auth-methods.ts';
import type { Field } from '../auth-methods.ts';
import { defineConnector } from '../manifest.ts';
import { clean } from '../plain-text.ts';

const TOKEN_URL = 'https://{login_host}/services/oauth2/token';
const KEEP = { instance_url: 'instance_url' };

const loginHost = (help: string, fallback?: string): Field => ({
  name: 'login_host',
  title: 'Login host',
  secret: false,
  kind: 'host',
  help,
  ...(fallback !== undefined && { fallback }),
});

const ANY_HOST = loginHost(
  'login.salesforce.com, test.salesforce.com for a sandbox, or your My Domain like acme.my.salesforce.com',
  'login.salesforce.com',
);

const consumerKey: Field = {
  name: 'client_id',
  title: 'Consumer key',
  secret: false,
  kind: 'text',
  help: 'Of the External Client App that was made in your org',
};

export const salesforce = defineConnector({
  id: 'salesforce',
  title: 'Salesforce',
  category: 'crm',
  docs: 'https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/',
  hosts: {
    login_host: /^(login|test|[a-z0-9-]+(\.[a-z]+)?\.my)\.salesforce\.com$/,
    instance_url: /^https:\/\/[a-z0-9-]+(\.[a-z0-9-]+)*\.salesforce\.com$/,
  },
  auth: [
    {
      id: 'oauth',
      title: 'With your Salesforce login',
      kind: 'oauth2_code',
      fields: [ANY_HOST],
      use: BEARER,
      authorizeUrl: 'https://{login_host}/services/oauth2/authorize',
      tokenUrl: TOKEN_URL,
      scopes: ['api', 'refresh_token', 'openid'],
      scopeSeparator: ' ',
      pkce: 'S256',
      extraAuthorize: { prompt: 'consent' },
      clientAuth: 'body',
      // The org's session timeout, which the answer does not tell: 401 is the sign to renew.
      tokenLifetimeS: null,
      answer: { keep: KEEP },
      revoke: { how: 'rfc7009', url: 'https://{login_host}/services/oauth2/revoke', token: 'refresh_token' },
    },
    {
      id: 'jwt',
      title: 'With a certificate of your own app',
      kind: 'oauth2_jwt_bearer',
      fields: [
        ANY_HOST,
        {
          name: 'environment',
          title: 'Environment',
          secret: false,
          kind: 'choice',
          options: ['production', 'sandbox'],
          fallback: 'production',
          help: 'Whether this is the live org or a sandbox of it',
          implies: (which) => ({
            settings: { audience: `https://${which === 'sandbox' ? 'test' : 'login'}.salesforce.com` },
          }),
        },
        { name: 'username', title: 'User name', secret: false, kind: 'text', help: 'Whom the app acts for' },
        consumerKey,
        {
          name: 'private_key',
          title: 'Private key',
          secret: true,
          kind: 'multiline',
          help: 'The key of the certificate that the app knows, in PEM (PKCS#8)',
        },
      ],
      use: BEARER,
      tokenUrl: TOKEN_URL,
      scopes: [],
      clientAuth: 'body',
      tokenLifetimeS: null,
      assertion: {
        key: '{private_key}',
        claims: { iss: '{client_id}', sub: '{username}', aud: '{audience}' },
        lifetimeS: 180,
      },
      answer: { keep: KEEP },
    },
    {
      id: 'client_credentials',
      title: 'With client id and secret of your own app',
      kind: 'oauth2_client_credentials',
      fields: [
        loginHost('Your My Domain, like acme.my.salesforce.com; login.salesforce.com does not take this'),
        consumerKey,
        {
          name: 'client_secret',
          title: 'Consumer secret',
          secret: true,
          kind: 'text',
          help: 'Beside the consumer key',
        },
      ],
      use: BEARER,
      tokenUrl: TOKEN_URL,
      scopes: [],
      clientAuth: 'body',
      tokenLifetimeS: null,
      answer: { keep: KEEP },
    },
  ],
  base: '{instance_url}',
  verify: {
    path: '/services/oauth2/userinfo',
    query: {},
    account: z
      .object({ organization_id: z.string().min(1), name: z.string().nullish() })
      .transform(({ organization_id: id, name }) => ({
        accountId: id,
        accountName: name ? `${clean(name)} (${id})` : `Salesforce org ${id}`,
        settings: {},
      })),
  },
  errors: {
    code: '0.errorCode',
    rules: [
      { status: 403, is: ['REQUEST_LIMIT_EXCEEDED'], fault: 'provider_rate_limited', message: 'asks us to slow down' },
      { status: 503, fault: 'provider_rate_limited', message: 'asks us to slow down' },
      {
        status: 403,
        is: ['API_DISABLED_FOR_ORG'],
        fault: 'credential_forbidden',
        message: 'this edition has no API; ask Salesforce for it',
      },
    ],
  },
  streams: {},
});
