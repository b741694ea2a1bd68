import { expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import type { CodeMethod } from './auth-methods.ts';
import { googleAnalytics } from './vendors/google-analytics/index.ts';
import { hubspot } from './vendors/hubspot/index.ts';
import type { Manifest } from './manifest.ts';
import { readCallback } from './oauth-callback.ts';
import { shopify } from './vendors/shopify/index.ts';
import { zohoCrm } from './vendors/zoho-crm/index.ts';

const SECRET = 'hush';

function read(
  manifest: Manifest,
  answer: Record<string, string>,
  more: { method?: Partial<CodeMethod>; settings?: Record<string, string>; nowMs?: number } = {},
) {
  const method = { ...(manifest.auth[0] as CodeMethod), ...more.method };
  const { settings = {}, nowMs = Date.now() } = more;
  return readCallback(
    {
      method,
      title: manifest.title,
      tokenUrl: method.tokenUrl
        .replace('{shop}', 'some-shop.myshopify.com')
        .replace('{accounts_server}', 'https://accounts.zoho.com'),
      settings,
      hosts: manifest.hosts ?? {},
      app: { clientId: 'our-id', clientSecret: SECRET },
      nowMs,
    },
    answer,
  );
}
const invalid = expect.objectContaining({ name: 'Fault', code: 'oauth_state_invalid' });

test.each<[string, Manifest, Record<string, string>]>([
  ['another vendor’s issuer', hubspot, { code: 'c', iss: 'https://accounts.google.com' }],
  ['an issuer that only begins like ours', hubspot, { code: 'c', iss: 'https://api.hubapi.com.evil.test' }],
  ['an issuer with a path of its own', googleAnalytics, { code: 'c', iss: 'https://accounts.google.com/other' }],
  ['no code', hubspot, { state: 's' }],
  ['an empty code', hubspot, { code: '' }],
])('C24: an answer with %s is another’s, and its code is not traded', (_case, manifest, answer) => {
  expect(() => read(manifest, answer)).toThrow(invalid);
});

test('C24: where the vendor always says who it is, an answer that does not is another’s', () => {
  const issuer = { id: 'https://accounts.google.com', always: true };
  expect(() => read(googleAnalytics, { code: 'c' }, { method: { issuer } })).toThrow(invalid);
  expect(read(googleAnalytics, { code: 'c', iss: issuer.id }, { method: { issuer } }).parameters.get('code')).toBe('c');
});

test('the vendor’s own issuer passes, and so does an answer without one where none is promised', () => {
  for (const answer of [
    { code: 'c' },
    { code: 'c', iss: 'https://api.hubapi.com' },
    { code: 'c', iss: 'https://app.hubspot.com' },
  ]) {
    expect(read(hubspot, answer).parameters.get('code')).toBe('c');
  }
});

test('a refused consent is told from a broken one', () => {
  expect(() => read(hubspot, { error: 'access_denied' })).toThrow(expect.objectContaining({ code: 'oauth_denied' }));
  expect(() => read(hubspot, { error: 'invalid_scope' })).toThrow(
    expect.objectContaining({ code: 'oauth_state_invalid', providerCode: 'invalid_scope' }),
  );
});

const SHOP = { code: '0907a61c0c8d55e99db179b68161bc00', shop: 'some-shop.myshopify.com', timestamp: '1337178173' };
const AT = { settings: { shop: SHOP.shop }, nowMs: 1_337_178_173_000 };
const sign = (query: Record<string, string>) => ({
  ...query,
  hmac: createHmac('sha256', SECRET)
    .update(
      Object.keys(query)
        .sort()
        .map((name) => `${name}=${query[name] ?? ''}`)
        .join('&'),
    )
    .digest('hex'),
});

test.each([
  [{}, '4712bf92ffc2917d15a2f5a273e39f0116667419aa4b6ac0b3baaf26fa3c4d20'],
  [{ state: '0.6784241404160823' }, '700e2dadb827fcc8609e9d5ce208b2e9cdaab9df07390d2cbca10d7c328fc4bf'],
])('Shopify’s published signature of a redirect is taken (%j)', (more, hmac) => {
  expect(read(shopify, { ...SHOP, ...more, hmac }, AT).parameters.get('code')).toBe(SHOP.code);
});

test.each<[string, Record<string, string>]>([
  ['no signature', SHOP],
  ['another signature', { ...SHOP, hmac: '0'.repeat(64) }],
  ['half a signature', { ...SHOP, hmac: sign(SHOP).hmac.slice(0, 32) }],
  ['a parameter that was added', { ...sign(SHOP), extra: '1' }],
  ['another code', { ...sign(SHOP), code: 'mine' }],
  ['another shop, well signed', sign({ ...SHOP, shop: 'evil.myshopify.com' })],
  ['no time', sign({ code: SHOP.code, shop: SHOP.shop })],
])('C24: Shopify’s redirect with %s is refused', (_case, answer) => {
  expect(() => read(shopify, answer, AT)).toThrow(invalid);
});

test.each([
  [90_000, true],
  [91_000, false],
  [-91_000, false],
])('C23: a signed redirect that is %i ms old is taken: %j', (ageMs, taken) => {
  const late = () => read(shopify, sign(SHOP), { ...AT, nowMs: AT.nowMs + ageMs });
  if (taken) expect(late).not.toThrow();
  else expect(late).toThrow(invalid);
});

test('Zoho’s data centre comes from the redirect, and a host that is not Zoho’s gets no code', () => {
  const settings = { accounts_server: 'https://accounts.zoho.com' };
  const answer = (server: string) => ({ code: 'c', location: 'eu', 'accounts-server': server });
  expect(read(zohoCrm, answer('https://accounts.zoho.eu'), { settings }).settings).toEqual({
    accounts_server: 'https://accounts.zoho.eu',
  });
  for (const server of [
    'https://accounts.zoho.evil.test',
    'http://accounts.zoho.eu',
    'https://evil.test/https://accounts.zoho.eu',
    'https://accounts.zoho.eu@evil.test',
  ]) {
    expect(() => read(zohoCrm, answer(server), { settings })).toThrow(invalid);
  }
});
