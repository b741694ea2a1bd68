import { z } from 'zod';
import { defineConnector } from '../manifest.ts';
import { clean } from '../plain-text.ts';

export const stripe = defineConnector({
  id: 'stripe',
  title: 'Stripe',
  category: 'payments',
  docs: 'https://docs.stripe.com/api',
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
    code: 'error.code',
    rules: [
      {
        status: 403,
        fault: 'credential_forbidden',
        message: 'this key may not do that; give it read access to Accounts and to what is asked for',
      },
    ],
  },
  // A person rolls a key there, with a time of grace; the API has no word for keys.
  keys: { where: 'Developers → API keys' },
  streams: {},
});
