import { expect, test } from '@jest/globals';
import { checkFields } from './fields.ts';
import { manifests } from './index.ts';
import { methodOf } from './methods.ts';

function check(connectorId: string, methodId: string, given: Record<string, unknown>) {
  const manifest = manifests[connectorId];
  if (!manifest) throw new Error('no such connector');
  return checkFields(manifest, methodOf(manifest, methodId), given);
}
const refusedAt = (path: string) =>
  expect.objectContaining({ code: 'invalid_request', fields: [expect.objectContaining({ path })] });

test('a field with a fallback may be left out, and what it implies follows', () => {
  expect(check('zoho-crm', 'oauth', {}).settings).toEqual({ dc: 'com', accounts_server: 'https://accounts.zoho.com' });
  expect(check('zoho-crm', 'oauth', { dc: 'ca' }).settings['accounts_server']).toBe('https://accounts.zohocloud.ca');
  expect(check('salesforce', 'oauth', { login_host: '' }).settings).toEqual({ login_host: 'login.salesforce.com' });
});

test.each<[string, string, Record<string, unknown>, string]>([
  ['zoho-crm', 'oauth', { dc: 'mars' }, 'dc'],
  ['zoho-crm', 'oauth', { dc: 7 }, 'dc'],
  ['zoho-crm', 'oauth', { dc: 'eu', colour: 'red' }, 'colour'],
  ['salesforce', 'oauth', { login_host: 'evil.test' }, 'login_host'],
  ['salesforce', 'oauth', { login_host: 'login.salesforce.com.evil.test' }, 'login_host'],
  ['salesforce', 'oauth', { login_host: 'not a host' }, 'login_host'],
  ['salesforce', 'client_credentials', { client_id: 'a', client_secret: 'b' }, 'login_host'],
  ['shopify', 'oauth', {}, 'shop'],
  ['slack', 'bot_token', { access_token: 'a\u0000b' }, 'access_token'],
  ['slack', 'bot_token', { access_token: 'a\nb' }, 'access_token'],
  ['slack', 'bot_token', { access_token: '\ud800' }, 'access_token'],
  ['slack', 'bot_token', { access_token: 'x'.repeat(5000) }, 'access_token'],
  ['hubspot', 'oauth', { anything: '1' }, 'anything'],
])('%s/%s refuses %j at %s', (connectorId, methodId, given, path) => {
  expect(() => check(connectorId, methodId, given)).toThrow(refusedAt(path));
});

test('what people paste is mended: blanks, the address around a host, the path behind a site', () => {
  expect(check('shopify', 'oauth', { shop: '  https://ACME.myshopify.com/admin/apps ' }).settings['shop']).toBe(
    'acme.myshopify.com',
  );
  expect(check('shopify', 'oauth', { shop: 'acme' }).settings['shop']).toBe('acme.myshopify.com');
  const { settings } = check('superset', 'login', {
    base_url: 'bi.acme.test/superset/welcome/',
    username: 'a',
    password: 'b',
  });
  expect(settings).toEqual({ base_url: 'https://bi.acme.test', username: 'a', provider: 'db' });
});

test.each([
  ['https://bi.test/superset', 'https://bi.test/superset'],
  ['https://bi.test/superset/superset/dashboard/7/?x=1', 'https://bi.test/superset'],
  ['https://bi.test/login/', 'https://bi.test'],
  ['https://bi.test/api/v1/me/', 'https://bi.test'],
])('the address of a Superset, pasted as %s, is %s', (pasted, address) => {
  const { settings } = check('superset', 'login', { base_url: pasted, username: 'a', password: 'b' });
  expect(settings['base_url']).toBe(address);
});

test('line breaks are kept where a document is pasted', () => {
  const given = { username: 'u', client_id: 'i', private_key: '-----BEGIN\nKEY\r\n-----END' };
  expect(check('salesforce', 'jwt', given).secret).toEqual({ private_key: given.private_key });
});

test('a secret is never among the settings, which are stored in clear', () => {
  for (const { auth } of Object.values(manifests)) {
    for (const { fields } of auth) {
      for (const { name, secret } of fields) {
        if (/secret|password|token|key$|json/.test(name) && name !== 'consumer_key')
          expect([name, secret]).toEqual([name, true]);
      }
    }
  }
});
