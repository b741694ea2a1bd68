import { z } from 'zod';
import type { Field } from '../auth-methods.ts';
import { defineConnector } from '../manifest.ts';
import { clean } from '../plain-text.ts';

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
      scopes: ['read_products', 'read_orders', 'read_customers', 'read_inventory', 'read_locations'],
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
    code: 'errors.0.extensions.code',
    yes: { at: 'errors', is: [undefined] },
    rules: [
      { status: 200, is: ['THROTTLED'], fault: 'provider_rate_limited', message: 'asks us to slow down' },
      {
        status: 200,
        is: ['ACCESS_DENIED'],
        fault: 'credential_forbidden',
        message: 'the connection lacks a permission; connect it again and grant it',
      },
      { status: 200, is: ['INTERNAL_SERVER_ERROR'], fault: 'provider_down', message: 'is not working now' },
      { status: 402, fault: 'provider_rejected', message: 'this shop is frozen; settle its bill at Shopify' },
      { status: 423, fault: 'provider_rejected', message: 'this shop is locked; ask Shopify why' },
    ],
  },
  streams: {},
});
