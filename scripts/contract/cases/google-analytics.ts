import { granted } from '../case.ts';
import type { ContractCase } from '../case.ts';

const SCOPES = ['readonly', 'edit'].map((name) => `https://www.googleapis.com/auth/analytics.${name}`);
const failed = (code: number, status: string) => ({ error: { code, message: 'Google’s words', status } });
const PROPERTY = 'properties/331204877';

export const googleAnalytics: ContractCase = {
  connector: 'google-analytics',
  vendor: 'google-analytics',
  faultsAt: '/v1beta',
  method: 'oauth',
  settings: () => ({}),
  credential: granted('google-analytics', { scopes: SCOPES }),
  wrong: { access_token: 'ya29.nobody' },
  streams: {
    accounts: { collection: 'accounts', update: { name: 'Harbor' } },
    properties: {
      collection: 'properties',

      probe: { accountId: 'accounts/104482913' },
      create: { accountId: 'accounts/104482913', name: 'shop.example', timezone: 'Europe/Berlin', currency: 'EUR' },
      update: { name: 'shop-2.example' },
    },
    data_streams: {
      collection: 'data-streams',
      probe: { propertyId: PROPERTY },
      create: { propertyId: PROPERTY, name: 'Shop', link: 'https://shop.example' },
      update: { name: 'Shop web' },
    },
    key_events: {
      collection: 'key-events',
      probe: { propertyId: PROPERTY },
      create: { propertyId: PROPERTY, name: 'newsletter', counting: 'ONCE_PER_SESSION' },
      update: { counting: 'ONCE_PER_EVENT' },
    },
    reports: {
      filter: { propertyId: PROPERTY },
      probe: { from: '7daysAgo', to: 'today', dimensions: 'date,country', metrics: 'sessions' },
    },
  },
  errors: [
    { name: 'expired', status: 401, body: failed(401, 'UNAUTHENTICATED'), fault: 'credential_rejected' },
    { name: 'forbidden', status: 403, body: failed(403, 'PERMISSION_DENIED'), fault: 'credential_forbidden' },
    { name: 'missing', status: 404, body: failed(404, 'NOT_FOUND'), fault: 'not_found' },
    { name: 'throttled', status: 429, body: failed(429, 'RESOURCE_EXHAUSTED'), fault: 'provider_rate_limited' },
    { name: 'throttled by 403', status: 403, body: failed(403, 'RESOURCE_EXHAUSTED'), fault: 'provider_rate_limited' },
    { name: 'invalid', status: 400, body: failed(400, 'INVALID_ARGUMENT'), fault: 'provider_rejected' },
    { name: 'conflict', status: 409, body: failed(409, 'ALREADY_EXISTS'), fault: 'conflict' },
    { name: 'out of order', status: 503, body: failed(503, 'UNAVAILABLE'), fault: 'provider_down' },
  ],
};
