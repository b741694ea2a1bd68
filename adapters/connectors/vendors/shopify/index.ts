import { z } from 'zod';
import type { Field } from '../../auth-methods.ts';
import { defineConnector } from '../../manifest.ts';
import { clean } from '../../plain-text.ts';
import { customers } from './customers.ts';
import { fieldsOf, refusedBy, tells } from './graphql.ts';
import { inventoryLevels, locations } from './inventory.ts';
import { orders } from './orders.ts';
import { products } from './products.ts';
import { webhooks } from './webhooks.ts';

/** Shopify dates its API each quarter and serves each date for a year. */
const API = '2026-07';
const HOST = { in: 'header', name: 'x-shopify-access-token', template: '{access_token}' } as const;
const TOKEN_URL = 'https://{shop}/admin/oauth/access_token';

const shop: Field = {
  name: 'shop',
  title: 'Shop',
  secret: false,
  kind: 'host',
  help: 'The shop’s own address at Shopify, like acme.myshopify.com',
  tidy: (host) => (host.includes('.') ? host : `${host}.myshopify.com`),
};

const refusals = {
  // A code or refresh token that it does not know is `invalid_request` there; after an uninstall it may say nothing at all.
  codes: { invalid_request: 'grant_revoked', application_cannot_be_found: 'client_broken' },
  statuses: { 400: 'grant_revoked', 401: 'grant_revoked' },
} as const;

export const shopify = defineConnector({
  id: 'shopify',
  title: 'Shopify',
  category: 'ecommerce',
  docs: 'https://shopify.dev/docs/api/admin-graphql',
  notes: [
    'Names, addresses and numbers of customers are empty, without an error, until Shopify has approved the application for protected customer data.',
    'Orders older than 60 days are there only with the permission read_all_orders, which Shopify grants on request.',
    'A shop whose connection nobody used for 90 days must be connected again.',
    'Prices of products are in the currency of the shop; that of the first variant is shown.',
    'Not confirmed by its documents: how often webhooks are tried again, what the 401 says, and the answers 402 and 423.',
  ],
  hosts: { shop: /^[a-z0-9][a-z0-9-]*\.myshopify\.com$/ },
  auth: [
    {
      id: 'oauth',
      title: 'By installing our app in your shop',
      kind: 'oauth2_code',
      fields: [shop],
      use: HOST,
      authorizeUrl: 'https://{shop}/admin/oauth/authorize',
      tokenUrl: TOKEN_URL,
      scopes: [
        ...['read_products', 'read_orders', 'read_customers', 'read_inventory', 'read_locations'],
        ...['write_products', 'write_orders', 'write_customers'],
      ],
      scopeSeparator: ',',
      pkce: 'none',
      clientAuth: 'body',
      tokenLifetimeS: 3600,
      // Tokens that do not lapse are refused from 2027 on.
      extraToken: { expiring: '1' },
      callbackSignature: { param: 'hmac', timestamp: 'timestamp', toleranceS: 90, repeats: ['shop'] },
      refusals,
      revoke: { how: 'call', method: 'DELETE', url: 'https://{shop}/admin/api_permissions/current.json' },
    },
    {
      id: 'client_credentials',
      title: 'With an app of your own organisation',
      kind: 'oauth2_client_credentials',
      fields: [
        shop,
        {
          name: 'client_id',
          title: 'Client id',
          secret: false,
          kind: 'text',
          help: 'Dev Dashboard → your app → Settings',
        },
        { name: 'client_secret', title: 'Client secret', secret: true, kind: 'text', help: 'Beside the client id' },
      ],
      use: HOST,
      tokenUrl: TOKEN_URL,
      scopes: [],
      clientAuth: 'body',
      tokenLifetimeS: 86_399,
      refusals,
    },
    {
      id: 'token',
      title: 'With an admin token (shpat_…)',
      kind: 'api_key',
      fields: [
        shop,
        {
          name: 'access_token',
          title: 'Admin API access token',
          secret: true,
          kind: 'text',
          help: 'Of a custom app made in the shop’s admin; it begins with shpat_',
        },
      ],
      use: HOST,
    },
  ],
  base: `https://{shop}/admin/api/${API}`,
  verify: {
    method: 'POST',
    path: '/graphql.json',
    query: {},
    body: { query: '{ shop { id name myshopifyDomain } }' },
    account: z
      .object({ data: z.object({ shop: z.object({ name: z.string(), myshopifyDomain: z.string().min(1) }) }) })
      .transform(({ data: { shop: found } }) => ({
        accountId: found.myshopifyDomain,
        accountName: clean(found.name),
        settings: {},
      })),
  },
  errors: {
    // A change is always called `done`, so that one table serves all.
    code: ['errors.0.extensions.code', 'data.done.userErrors.0.code'],
    refusedBy,
    fieldsOf,
    rules: [
      { status: 200, is: ['THROTTLED'], fault: 'provider_rate_limited', message: 'asks us to slow down' },
      {
        status: 200,
        is: ['ACCESS_DENIED'],
        fault: 'credential_forbidden',
        message: 'the connection lacks a permission; connect it again and grant it',
      },
      { status: 200, is: ['INTERNAL_SERVER_ERROR'], fault: 'provider_down', message: 'is not working now' },
      { status: 200, is: ['NOT_FOUND'], fault: 'not_found', message: 'has nothing under this id' },
      {
        status: 200,
        at: 'data.done.userErrors.0.message',
        is: ['Product does not exist', 'Order does not exist', "Customer can't be found", 'Customer does not exist'],
        fault: 'not_found',
        message: 'has nothing under this id',
      },
      {
        status: 200,
        at: 'data.done.userErrors.0.message',
        is: ['Email has already been taken', 'Phone has already been taken'],
        fault: 'conflict',
        message: 'a customer with this e-mail address or number is there already',
      },
      { status: 402, fault: 'provider_rejected', message: 'this shop is frozen; settle its bill at Shopify' },
      { status: 423, fault: 'provider_rejected', message: 'this shop is locked; ask Shopify why' },
    ],
  },
  // Of the smallest plan: a bucket of 2000 points, refilled by 100 a second. What a shop really has stands in its answers.
  limits: [{ name: 'points', scope: 'connection', units: 2000, perSeconds: 20 }],
  tells,
  webhooks,
  streams: { products, orders, customers, locations, inventory_levels: inventoryLevels },
});
