import { z } from 'zod';
import { BEARER } from '../auth-methods.ts';
import type { Field } from '../auth-methods.ts';
import { defineConnector } from '../manifest.ts';

const WHERE: Field[] = [
  {
    name: 'site_url',
    title: 'Store address',
    secret: false,
    kind: 'url',
    help: 'The address of the store, like https://shop.example.com',
    tidy: (url) => url.replace(/\/(index\.php|rest|admin)(\/.*)?$/, ''),
  },
  {
    name: 'store_code',
    title: 'Store view',
    secret: false,
    kind: 'text',
    fallback: 'default',
    help: 'The code of a store view, or all; leave it out for the default one',
  },
];

const secret = (name: string, title: string): Field => ({
  name,
  title,
  secret: true,
  kind: 'text',
  help: 'System → Extensions → Integrations, after you activated the integration',
});

export const magento = defineConnector({
  id: 'magento',
  title: 'Magento',
  category: 'ecommerce',
  docs: 'https://developer.adobe.com/commerce/webapi/rest/',
  hosts: { store_code: /^[a-zA-Z][\w-]{0,63}$/ },
  auth: [
    {
      id: 'integration',
      title: 'With the four keys of an integration',
      kind: 'oauth1_keys',
      fields: [
        ...WHERE,
        secret('consumer_key', 'Consumer key'),
        secret('consumer_secret', 'Consumer secret'),
        secret('access_token', 'Access token'),
        secret('access_token_secret', 'Access token secret'),
      ],
      use: {
        in: 'oauth1',
        algorithm: 'HMAC-SHA256',
        consumer: { key: '{consumer_key}', secret: '{consumer_secret}' },
        token: { key: '{access_token}', secret: '{access_token_secret}' },
      },
    },
    {
      id: 'token',
      title: 'With an integration’s access token alone',
      kind: 'api_key',
      fields: [...WHERE, secret('access_token', 'Access token')],
      use: BEARER,
    },
  ],
  base: '{site_url}/rest/{store_code}',
  verify: {
    path: '/V1/store/storeConfigs',
    query: {},
    account: z.tuple([z.object({ base_url: z.string().min(1) })], z.unknown()).transform(([{ base_url: url }]) => ({
      accountId: url,
      accountName: url.replace(/^https?:\/\//, '').replace(/\/$/, ''),
      settings: {},
    })),
  },
  errors: {
    code: 'code',
    rules: [
      {
        status: 401,
        fault: 'credential_rejected',
        message:
          'this key is not valid, lacks Stores → Settings, or bearer tokens are switched off in this store: give all four keys',
      },
    ],
  },
  streams: {},
});
