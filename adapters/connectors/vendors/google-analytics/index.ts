import { z } from 'zod';
import { BEARER } from '../../auth-methods.ts';
import { defineConnector } from '../../manifest.ts';
import { clean } from '../../plain-text.ts';
import { accounts, dataStreams, keyEvents, properties } from './admin.ts';
import { reports, tells } from './reports.ts';

const SCOPE = 'https://www.googleapis.com/auth/analytics.readonly';
const TOKEN_URL = 'https://oauth2.googleapis.com/token';

const ServiceAccount = z.object({ client_email: z.email(), private_key: z.string().includes('PRIVATE KEY') });

/** The parts of a service account's key file that are needed. Its `token_uri` is not: a file must not say where keys are sent. */
function keyFile(text: string) {
  try {
    const { client_email: email, private_key: key } = ServiceAccount.parse(JSON.parse(text));
    return { settings: { client_email: email }, secret: { private_key: key } };
  } catch {
    return { problem: 'this is not the JSON key file of a service account; paste all of it' };
  }
}

export const googleAnalytics = defineConnector({
  id: 'google-analytics',
  title: 'Google Analytics 4',
  category: 'analytics',
  docs: 'https://developers.google.com/analytics/devguides/reporting/data/v1',
  notes: [
    'Both the Google Analytics Admin API and the Data API must be switched on in the Cloud project, or calls are forbidden.',
    'Writes need the scope analytics.edit: add it to the OAuth application, and connect again.',
    'Reports of the last three days still change (an advice that Google does not promise), and are read again each time.',
    'A login of a Cloud project in testing dies after 7 days, one that nobody uses after 6 months.',
    'Rows may be sampled or held back below a threshold, and Google says so only beside them.',
  ],
  auth: [
    {
      id: 'oauth',
      title: 'With your Google account',
      kind: 'oauth2_code',
      fields: [],
      use: BEARER,
      authorizeUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
      tokenUrl: TOKEN_URL,
      scopes: [SCOPE],
      scopeSeparator: ' ',
      pkce: 'S256',
      // Without both no refresh token comes, or none the second time.
      extraAuthorize: { access_type: 'offline', prompt: 'consent', include_granted_scopes: 'true' },
      issuer: { id: 'https://accounts.google.com', always: false },
      clientAuth: 'body',
      tokenLifetimeS: 3600,
      revoke: { how: 'rfc7009', url: 'https://oauth2.googleapis.com/revoke', token: 'refresh_token' },
    },
    {
      id: 'service_account',
      title: 'With a service account',
      kind: 'oauth2_jwt_bearer',
      fields: [
        {
          name: 'service_account_json',
          title: 'Key file',
          secret: true,
          kind: 'multiline',
          help: 'The JSON key of a service account whose address was added as a user of the property',
          implies: keyFile,
          kept: false,
        },
      ],
      use: BEARER,
      tokenUrl: TOKEN_URL,
      scopes: [SCOPE],
      clientAuth: 'body',
      tokenLifetimeS: 3600,
      assertion: {
        key: '{private_key}',
        claims: { iss: '{client_email}', aud: TOKEN_URL, scope: SCOPE },
        lifetimeS: 3600,
      },
    },
  ],
  base: 'https://analyticsadmin.googleapis.com',
  verify: {
    path: '/v1beta/accountSummaries',
    query: { pageSize: '1' },
    account: z
      .object({
        accountSummaries: z.tuple(
          [z.object({ account: z.string().min(1), displayName: z.string().nullish() })],
          z.unknown(),
        ),
      })
      .transform(({ accountSummaries: [{ account, displayName }] }) => ({
        accountId: account,
        accountName: displayName ? clean(displayName) : account,
        settings: {},
      })),
    nobody: 'this login sees no Analytics account; add it as a user of the property, then connect again',
  },
  errors: {
    code: 'error.status',
    rules: [
      // The Admin API is exhausted by 403, the Data API by 429.
      { is: ['RESOURCE_EXHAUSTED'], fault: 'provider_rate_limited', message: 'asks us to slow down' },
      {
        status: 403,
        is: ['PERMISSION_DENIED'],
        fault: 'credential_forbidden',
        message: 'this login may not do that there, or the API is not switched on in the Cloud project',
      },
      { is: ['ALREADY_EXISTS'], fault: 'conflict', message: 'there is one already' },
    ],
  },
  limits: [
    { name: 'admin_project', scope: 'app', units: 1200, perSeconds: 60 },
    { name: 'admin_user', scope: 'connection', units: 600, perSeconds: 60 },
    { name: 'property_hour', scope: 'connection', units: 14_000, perSeconds: 3600 },
  ],
  tells,
  streams: { accounts, properties, data_streams: dataStreams, key_events: keyEvents, reports },
});
