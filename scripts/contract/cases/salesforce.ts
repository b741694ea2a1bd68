import { granted } from '../case.ts';
import type { ContractCase } from '../case.ts';

const problem = (errorCode: string, fields?: string[]) => [{ message: 'x', errorCode, ...(fields && { fields }) }];

export const salesforce: ContractCase = {
  connector: 'salesforce',
  vendor: 'salesforce',
  faultsAt: '/services/data',
  method: 'oauth',
  settings: () => ({ login_host: 'login.salesforce.com', instance_url: 'https://kornblume.my.salesforce.com' }),
  credential: granted('salesforce'),
  wrong: { access_token: '00Dxx!a-token-that-nobody-gave' },
  streams: {
    contacts: {
      collection: 'contacts',
      create: { firstName: 'Nora', lastName: "O'Klee", email: 'nora@example.com', companyId: '001xx0000000000AAA' },
      update: { phone: '+49301234567', native: { Description: 'Likes rye' } },
    },
    leads: {
      collection: 'leads',
      create: { lastName: 'Klee', company: 'Klee GmbH', status: 'Open - Not Contacted' },
      update: { status: 'Closed - Converted' },
    },
    companies: {
      collection: 'accounts',
      create: { name: 'Klee GmbH', website: 'https://klee.example', city: 'Graz' },
      update: { industry: 'Retail' },
    },
    deals: {
      collection: 'opportunities',
      create: { name: 'Autumn order', stage: 'Qualification', amount: '1250.50', closesAt: '2026-12-31' },
      update: { stage: 'Closed Won' },
    },
  },
  errors: [
    { name: 'expired', status: 401, body: problem('INVALID_SESSION_ID'), fault: 'credential_rejected' },
    { name: 'forbidden', status: 403, body: problem('INSUFFICIENT_ACCESS'), fault: 'credential_forbidden' },
    { name: 'no API', status: 403, body: problem('API_DISABLED_FOR_ORG'), fault: 'credential_forbidden' },
    { name: 'missing', status: 404, body: problem('NOT_FOUND'), fault: 'not_found' },
    { name: 'deleted', status: 404, body: problem('ENTITY_IS_DELETED'), fault: 'not_found' },
    { name: 'invalid', status: 400, body: problem('REQUIRED_FIELD_MISSING', ['LastName']), fault: 'provider_rejected' },
    { name: 'hidden field', status: 400, body: problem('INVALID_FIELD'), fault: 'provider_rejected' },
    { name: 'conflict', status: 400, body: problem('DUPLICATES_DETECTED'), fault: 'conflict' },
    { name: 'throttled', status: 403, body: problem('REQUEST_LIMIT_EXCEEDED'), fault: 'provider_rate_limited' },
    { name: 'busy', status: 503, body: problem('SERVER_UNAVAILABLE'), fault: 'provider_rate_limited' },
  ],
};
