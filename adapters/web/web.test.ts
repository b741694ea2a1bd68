import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createEmulator } from '../../emulator/server.ts';
import { TenantId } from '../../ports/ids.ts';
import { TenantSettings } from '../../ports/tenant-settings.ts';
import type { WebRequest } from '../../ports/web.ts';
import { createHttp } from '../http/client.ts';
import { createWeb } from './index.ts';

const acme = TenantId.parse('11111111-1111-4111-8111-111111111111');
const rival = TenantId.parse('22222222-2222-4222-8222-222222222222');
const emulator = createEmulator();
let http: ReturnType<typeof createHttp>;
beforeAll(async () => {
  await emulator.listen();
  http = createHttp({
    allow: [new URL(emulator.url).host],
    origins: ['news', 'other'].map((name) => ({
      from: `https://${name}.example.com`,
      to: `${emulator.url}/web`,
    })),
    userAgent: 'test',
  });
});
beforeEach(() => emulator.control.reset());
afterAll(async () => {
  await http.close();
  await emulator.close();
});

const hosts = (tenantId: TenantId) => (tenantId === acme ? ['news.example.com', '*.allowed.example'] : []);
const web = () => createWeb(http, { get: async (tenantId) => TenantSettings.parse({ agentHosts: hosts(tenantId) }) });
const ask = (url: string, more: Partial<WebRequest> = {}, tenantId = acme) =>
  web().send(tenantId, { method: 'GET', url, body: null, key: null, signal: AbortSignal.timeout(5000), ...more });
const sent = (name: string) => emulator.control.web(name).received();

test('only hosts of the tenant’s own list are reached, and nothing is sent to any other', async () => {
  emulator.control.web('news').page('/', '<h1>News</h1><script>x()</script><p>Fresh bread.</p>');
  await expect(ask('https://news.example.com/')).resolves.toMatchObject({
    ...{ status: 200, text: 'News\n\nFresh bread.', url: 'https://news.example.com/' },
  });
  for (const url of [
    'https://other.example.com/?leak=1',
    'https://example.com/',
    'https://news.example.com.evil.test/',
    'https://allowed.example/',
    'https://evilallowed.example/',
    `${emulator.url}/web/news/`,
  ]) {
    await expect(ask(url)).rejects.toMatchObject({ code: 'host_refused' });
  }
  await expect(ask('https://news.example.com/', {}, rival)).rejects.toMatchObject({ code: 'host_refused' });
  expect([sent('news').length, sent('other').length]).toEqual([1, 0]);
});

test('a redirect leads nowhere that the list does not', async () => {
  const redirect = { status: 302, headers: { location: 'https://other.example.com/?secret' } };
  emulator.control.web('news').page('/away', '', redirect);
  await expect(ask('https://news.example.com/away')).rejects.toMatchObject({ code: 'host_refused' });
  expect(sent('other')).toEqual([]);
});

test('the list opens no inside address', async () => {
  const port = createWeb(http, {
    get: async () => TenantSettings.parse({ agentHosts: ['169.254.169.254', 'localhost'] }),
  });
  for (const url of ['https://169.254.169.254/latest/meta-data', 'https://localhost/']) {
    const asked = port.send(acme, { method: 'GET', url, body: null, key: null, signal: AbortSignal.timeout(5000) });
    await expect(asked).rejects.toMatchObject({ code: 'host_refused' });
  }
});

test('what changes something carries its key, and when its end is not known says so', async () => {
  const post = { method: 'POST', body: { text: '{"a":1}', contentType: 'application/json' }, key: 'k1' } as const;
  await expect(ask('https://news.example.com/orders', post)).resolves.toMatchObject({
    status: 200,
    text: '{"ok":true}',
  });
  expect(sent('news')).toMatchObject([{ method: 'POST', body: '{"a":1}', headers: { 'idempotency-key': 'k1' } }]);
  emulator.control.web('news').page('/broken', {}, { status: 500 });
  await expect(ask('https://news.example.com/broken', post)).rejects.toMatchObject({ code: 'outcome_unknown' });
  await expect(ask('https://news.example.com/broken', { ...post, method: 'PUT' })).resolves.toMatchObject({
    status: 500,
  });
  await expect(ask('https://news.example.com/broken')).resolves.toMatchObject({ status: 500 });
});

test('what is no text is named and not shown', async () => {
  emulator.control.web('news').page('/a.png', 'PNG', { headers: { 'content-type': 'image/png' } });
  await expect(ask('https://news.example.com/a.png')).resolves.toMatchObject({ text: null, bytes: 3 });
});
