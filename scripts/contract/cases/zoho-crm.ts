import { granted } from '../case.ts';
import type { ContractCase } from '../case.ts';

const problem = (code: string, message = 'x') => ({ code, details: {}, message, status: 'error' });

export const zohoCrm: ContractCase = {
  connector: 'zoho-crm',
  vendor: 'zoho-crm',
  faultsAt: '/crm',
  method: 'oauth',
  settings: () => ({ accounts_server: 'https://accounts.zoho.eu', api_domain: 'https://www.zohoapis.eu' }),
  credential: granted('zoho-crm'),
  wrong: { access_token: '1000.a-token-that-nobody-gave' },
  streams: {
    contacts: {
      collection: 'contacts',
      create: { firstName: 'Nora', lastName: 'Klee', email: 'nora@example.com', companyId: '5725767000000524001' },
      update: { phone: '+49301234567', native: { Mobile: '+491701234567' } },
    },
    leads: {
      collection: 'leads',
      create: { lastName: 'Klee', company: 'Klee GmbH', status: 'Contacted' },
      update: { status: 'Lost Lead' },
    },
    companies: {
      collection: 'accounts',
      create: { name: 'Klee GmbH', website: 'https://klee.example', city: 'Graz' },
      update: { industry: 'Manufacturing' },
    },
    deals: {
      collection: 'deals',
      create: { name: 'Autumn order', stage: 'Qualification', amount: '1250.50', closesAt: '2026-12-31' },
      update: { stage: 'Closed Won' },
    },
  },
  errors: [
    { name: 'expired', status: 401, body: problem('INVALID_TOKEN'), fault: 'credential_rejected' },
    { name: 'revoked', status: 401, body: problem('AUTHENTICATION_FAILURE'), fault: 'credential_rejected' },
    { name: 'missing scope', status: 401, body: problem('OAUTH_SCOPE_MISMATCH'), fault: 'credential_forbidden' },
    { name: 'forbidden', status: 403, body: problem('NO_PERMISSION'), fault: 'credential_forbidden' },
    { name: 'missing', status: 404, body: problem('INVALID_URL_PATTERN'), fault: 'not_found' },
    {
      name: 'bad id',
      status: 400,
      body: problem('INVALID_DATA', 'the related id given seems to be invalid'),
      fault: 'not_found',
    },
    { name: 'invalid', status: 400, body: problem('REQUIRED_PARAM_MISSING'), fault: 'provider_rejected' },
    { name: 'conflict', status: 202, body: { data: [problem('DUPLICATE_DATA')] }, fault: 'conflict' },
    { name: 'throttled', status: 429, body: problem('TOO_MANY_REQUESTS'), fault: 'provider_rate_limited' },
  ],
  webhook: { collection: 'deals', kind: 'update', streams: ['deals'] },
};
