import { BEARER } from '../../auth-methods.ts';
import type { DeclaredMethod, Field } from '../../auth-methods.ts';

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

/** As a person of the org, or as an app of its own by certificate or secret. */
export const auth: [DeclaredMethod, ...DeclaredMethod[]] = [
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
];
