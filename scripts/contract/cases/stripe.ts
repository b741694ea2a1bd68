import type { ContractCase } from '../case.ts';

const KEY = 'rk_test_51emulatedKornb';
const refused = (type: string, code?: string) => ({
  error: { type, message: 'the vendor’s words', ...(code && { code }) },
});
const note = { description: 'by hand' };

export const stripe: ContractCase = {
  connector: 'stripe',
  vendor: 'stripe',
  method: 'api_key',
  settings: () => ({}),
  credential: () => ({ api_key: KEY }),
  wrong: { api_key: 'rk_test_nobody' },
  description: 'stripe.yaml',
  streams: {
    payers: {
      collection: 'customers',
      create: { name: 'Ana Lima', email: 'ana@example.com' },
      update: { name: 'Ana' },
    },
    payments: { collection: 'payment_intents', create: { amount: '25.99', currency: 'EUR' }, update: note },
    charges: { collection: 'charges', update: note },
    refunds: {
      collection: 'refunds',
      create: { paymentId: 'pi_Emu00000000000', amount: '5.00', currency: 'EUR' },
      update: { metadata: { why: 'asked' } },
    },
    invoices: {
      collection: 'invoices',
      create: { payerId: 'cus_Emu00000000000', daysUntilDue: 14 },
      update: note,
      // Since 2025-03-31: payments are a list of their own, and taxes are `total_taxes`.
      gone: ['paid', 'paid_out_of_band', 'total_tax_amounts'],
    },
    subscriptions: {
      collection: 'subscriptions',
      create: { payerId: 'cus_Emu00000000000', priceId: 'price_1' },
      update: { cancelsAtEnd: true },
      // Since 2025-03-31 each item has its own period.
      gone: ['current_period_start', 'current_period_end'],
      keepsDeleted: true,
    },
  },
  errors: [
    {
      name: 'expired',
      status: 401,
      body: refused('invalid_request_error', 'api_key_expired'),
      fault: 'credential_rejected',
    },
    { name: 'revoked', status: 401, body: refused('invalid_request_error'), fault: 'credential_rejected' },
    {
      name: 'deauthorized',
      status: 403,
      body: refused('invalid_request_error', 'account_invalid'),
      fault: 'credential_rejected',
    },
    { name: 'forbidden', status: 403, body: refused('invalid_request_error'), fault: 'credential_forbidden' },
    { name: 'missing', status: 404, body: refused('invalid_request_error', 'resource_missing'), fault: 'not_found' },
    {
      name: 'throttled',
      status: 429,
      body: refused('invalid_request_error', 'rate_limit'),
      fault: 'provider_rate_limited',
    },
    {
      name: 'locked',
      status: 429,
      body: refused('invalid_request_error', 'lock_timeout'),
      fault: 'provider_rate_limited',
    },
    {
      name: 'same key at work',
      status: 409,
      body: refused('idempotency_error', 'idempotency_key_in_use'),
      fault: 'provider_rate_limited',
    },
    { name: 'conflict', status: 400, body: refused('idempotency_error'), fault: 'conflict' },
    {
      name: 'invalid',
      status: 400,
      body: refused('invalid_request_error', 'parameter_invalid'),
      fault: 'provider_rejected',
    },
    { name: 'card', status: 402, body: refused('card_error', 'card_declined'), fault: 'provider_rejected' },
  ],
  webhook: { collection: 'customers', kind: 'update', streams: ['payers'] },
};
