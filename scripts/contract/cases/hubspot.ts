import { granted } from '../case.ts';
import type { ContractCase } from '../case.ts';

const problem = (category: string) => ({ status: 'error', message: 'x', correlationId: 'y', category });

export const hubspot: ContractCase = {
  connector: 'hubspot',
  vendor: 'hubspot',
  faultsAt: '/crm',
  method: 'oauth',
  settings: () => ({}),
  credential: granted('hubspot'),
  wrong: { access_token: 'a-token-that-nobody-gave' },
  streams: {
    contacts: {
      collection: 'contacts',
      create: { email: 'nora@example.com', firstName: 'Nora', lastName: 'Klee' },
      update: { phone: '+49301234567', native: { city: 'Graz' } },
    },
    companies: {
      collection: 'companies',
      create: { name: 'Klee GmbH', domain: 'klee.example' },
      update: { city: 'Graz' },
    },
    deals: {
      collection: 'deals',
      create: { name: 'Autumn order', amount: '1250.50', stage: 'contractsent', closesAt: '2026-12-31T00:00:00Z' },
      update: { stage: 'closedwon' },
    },
    tickets: {
      collection: 'tickets',
      create: { subject: 'Late delivery', text: 'Box 3 is missing', stage: '1' },
      update: { priority: 'HIGH' },
    },
    owners: { collection: 'owners' },
  },
  errors: [
    { name: 'expired', status: 401, body: problem('EXPIRED_AUTHENTICATION'), fault: 'credential_rejected' },
    { name: 'revoked', status: 401, body: problem('INVALID_AUTHENTICATION'), fault: 'credential_rejected' },
    { name: 'forbidden', status: 403, body: problem('MISSING_SCOPES'), fault: 'credential_forbidden' },
    { name: 'missing', status: 404, body: problem('OBJECT_NOT_FOUND'), fault: 'not_found' },
    { name: 'invalid', status: 400, body: problem('VALIDATION_ERROR'), fault: 'provider_rejected' },
    { name: 'conflict', status: 409, body: problem('CONFLICT'), fault: 'conflict' },
    // The last one: whoever shares the limit waits that long.
    {
      name: 'throttled',
      status: 429,
      headers: { 'retry-after': '120' },
      body: { status: 'error', errorType: 'RATE_LIMIT', policyName: 'DAILY', correlationId: 'y' },
      fault: 'provider_rate_limited',
      retryAfterMs: 120_000,
    },
  ],
  webhook: { collection: 'deals', kind: 'update', streams: ['deals'] },
};
