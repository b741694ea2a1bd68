import { z } from 'zod';
import { defineConnector } from '../manifest.ts';

/** `SG.`, the key's id, its secret part. */
const KEY = /^SG\.([\w-]+)\.[\w-]+$/;
const HOSTS: Record<string, string> = { global: 'api.sendgrid.com', eu: 'api.eu.sendgrid.com' };

export const sendgrid = defineConnector({
  id: 'sendgrid',
  title: 'Twilio SendGrid',
  category: 'email',
  docs: 'https://www.twilio.com/docs/sendgrid/api-reference',
  hosts: { host: /^api(\.eu)?\.sendgrid\.com$/ },
  auth: [
    {
      id: 'api_key',
      title: 'With an API key',
      kind: 'api_key',
      fields: [
        {
          name: 'api_key',
          title: 'API key',
          secret: true,
          kind: 'text',
          help: 'Settings → API Keys; it begins with SG. and was shown once, when it was made',
          implies: (key) =>
            KEY.test(key)
              ? {}
              : { problem: 'an API key is SG. and two further parts with a dot between; copy all of it' },
        },
        {
          name: 'region',
          title: 'Region',
          secret: false,
          kind: 'choice',
          options: Object.keys(HOSTS),
          fallback: 'global',
          help: 'eu for a subuser that is pinned to the European region, else global',
          implies: (region) => ({ settings: { host: HOSTS[region] ?? '' } }),
        },
      ],
      use: { in: 'header', name: 'authorization', template: 'Bearer {api_key}' },
    },
  ],
  base: 'https://{host}',
  verify: {
    path: '/v3/scopes',
    account: z
      .object({ scopes: z.array(z.string()) })
      .transform(() => ({ accountId: '', accountName: '', settings: {} })),
    // What a key for mail may ask names no account: the region is all that is known.
    named: { accountId: '{region}', accountName: 'SendGrid ({region})' },
  },
  // Their errors have a sentence each and no code.
  errors: { code: 'errors.0.error_id', rules: [] },
  keys: {
    where: 'Settings → API Keys',
    api: {
      method: 'api_key',
      max: 100,
      settlesMs: 30_000,
      id: ({ api_key: key = '' }) => KEY.exec(key)?.[1] ?? null,
      permissions: {
        call: { path: '/v3/scopes' },
        at: 'scopes',
        // The account's own, which no key can be given.
        except: ['2fa_required', 'sender_verification_eligible'],
        needs: ['api_keys.create', 'api_keys.read', 'api_keys.delete'],
      },
      create: {
        call: (name, scopes) => ({ method: 'POST', path: '/v3/api_keys', body: { name, scopes } }),
        id: 'api_key_id',
        secret: { api_key: 'api_key' },
      },
      list: {
        call: { path: '/v3/api_keys', query: { limit: '100' } },
        items: 'result',
        id: 'api_key_id',
        name: 'name',
      },
      remove: (id) => ({ method: 'DELETE', path: `/v3/api_keys/${id}` }),
    },
  },
  streams: {},
});
