import { z } from 'zod';
import { defineConnector } from '../../manifest.ts';
import { at } from '../../paths.ts';
import { clean } from '../../plain-text.ts';
import { invoices, subscriptions } from './billing.ts';
import { payers } from './payers.ts';
import { charges, payments, refunds } from './payments.ts';

export const stripe = defineConnector({
  id: 'stripe',
  title: 'Stripe',
  category: 'payments',
  docs: 'https://docs.stripe.com/api',
  notes: [
    'A sync finds new objects by itself; what changed in old ones it learns from webhooks, or from a whole sync.',
    'Test and live objects live in two worlds: the key says which, and events say it in `livemode`.',
    'Amounts are sent in the smallest unit of their currency; rows and writes here have major units, such as 25.99.',
    'The same key of a write is remembered for at least 24 hours, with its first answer, a refusal too.',
  ],
  auth: [
    {
      id: 'api_key',
      title: 'With a restricted key',
      kind: 'api_key',
      fields: [
        {
          name: 'api_key',
          title: 'Restricted key',
          secret: true,
          kind: 'text',
          help: 'Developers → API keys → Create restricted key, with read access to Accounts and what you want to see; it begins with rk_',
          implies: (key) =>
            key.startsWith('pk_') ? { problem: 'this is the publishable key; give a restricted one (rk_)' } : {},
        },
      ],
      use: { in: 'header', name: 'authorization', template: 'Bearer {api_key}' },
    },
  ],
  base: 'https://api.stripe.com',
  // Without it the account's own default applies, and what answers look like changes with it.
  headers: { 'stripe-version': '2026-10-28.endive' },
  verify: {
    path: '/v1/account',
    account: z
      .object({
        id: z.string().regex(/^acct_\w+$/),
        settings: z.object({ dashboard: z.object({ display_name: z.string().nullish() }).nullish() }).nullish(),
      })
      .transform(({ id, settings }) => ({
        accountId: id,
        accountName: clean(settings?.dashboard?.display_name ?? id),
        settings: {},
      })),
  },
  errors: {
    code: ['error.code', 'error.type'],
    fieldsOf: (json) => {
      const param = at(json, 'error.param');
      return typeof param === 'string' && /^[\w.[\]-]{1,64}$/.test(param)
        ? [{ path: param, message: 'Stripe does not accept this value' }]
        : [];
    },
    rules: [
      {
        status: 401,
        is: ['api_key_expired'],
        fault: 'credential_rejected',
        message: 'this key was rolled or has expired; connect with its successor',
      },
      {
        status: 403,
        is: ['account_invalid'],
        fault: 'credential_rejected',
        message: 'this account has withdrawn its consent; connect it again',
      },
      {
        status: 403,
        fault: 'credential_forbidden',
        message: 'this key may not do that; give it read access to Accounts and to what is asked for',
      },
      // Another call works on the same object, or under the same key, at this moment.
      {
        is: ['lock_timeout', 'idempotency_key_in_use'],
        fault: 'provider_rate_limited',
        message: 'is still busy with this',
      },
      {
        is: ['idempotency_error'],
        fault: 'conflict',
        message: 'has done something else under the same key; start this as a new write',
      },
    ],
  },
  // Of a sandbox, which has the least; a live account has 100.
  limits: [{ name: 'account', scope: 'connection', units: 25, perSeconds: 1 }],
  // A person rolls a key there, with a time of grace; the API has no word for keys.
  keys: { where: 'Developers → API keys' },
  webhooks: {
    signature: { scheme: 'stripe', header: 'stripe-signature', toleranceS: 300 },
    secret: 'endpoint',
    id: { at: 'id' },
    type: { at: 'type' },
    at: { at: 'created' },
    record: { at: 'data.object.id' },
    events: {
      'customer.created': ['payers'],
      'customer.updated': ['payers'],
      'customer.deleted': ['payers'],
      'customer.subscription.*': ['subscriptions'],
      'payment_intent.*': ['payments'],
      'charge.*': ['charges', 'refunds'],
      'invoice.*': ['invoices'],
      'checkout.session.completed': ['payments'],
      'account.application.deauthorized': [],
    },
    deletes: ['customer.deleted'],
    ends: ['account.application.deauthorized'],
    setUp:
      'Developers → Webhooks → Add endpoint: give our URL and choose the events of customers, payments, charges, invoices and subscriptions; then hand us the signing secret (whsec_…) that it shows',
  },
  streams: { payers, payments, charges, refunds, invoices, subscriptions },
});
