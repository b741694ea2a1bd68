import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createEngine } from '../../adapters/connectors/engine.ts';
import type { EngineParts } from '../../adapters/connectors/engine.ts';
import { manifests } from '../../adapters/connectors/index.ts';
import { createHttp } from '../../adapters/http/client.ts';
import type { HttpClient } from '../../adapters/http/client.ts';
import type { Connection } from '../../ports/connections.ts';
import type { ConnectorPort, WriteAction } from '../../ports/connectors.ts';
import type { ConnectionId, TenantId } from '../../ports/ids.ts';
import { freePort } from '../lib/ports.ts';
import { startTestServer } from '../lib/test-server.ts';
import { stripe as given } from './cases/stripe.ts';

const program = process.env['TEST_STRIPE_MOCK_PROGRAM'];
const maybe = program === undefined ? test.skip : test;
const tenantId = '11111111-1111-4111-8111-111111111111' as TenantId;
const id = '22222222-2222-4222-8222-222222222222' as ConnectionId;

let server: AsyncDisposable | undefined;
let http: HttpClient;
let connectors: ConnectorPort;
beforeAll(async () => {
  if (program === undefined) return;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  server = await startTestServer({
    command: () => [program, '-http-addr', `127.0.0.1:${port}`],
    readyAt: url,
  });
  http = createHttp({
    allow: [new URL(url).host],
    origins: [{ from: 'https://api.stripe.com', to: url }],
    userAgent: 'test',
  });
  const connection = { id, tenantId, connectorId: 'stripe', authMethod: given.method, state: 'healthy', settings: {} };
  connectors = createEngine(manifests, {
    http,
    connections: { get: async () => connection as unknown as Connection },
    secrets: { read: async () => ({ version: 1, values: { api_key: 'sk_test_mock', access_token: 'sk_test_mock' } }) },
  } as unknown as EngineParts);
});
afterAll(async () => {
  await http?.close();
  await server?.[Symbol.asyncDispose]();
});

const { streams } = createEngine(manifests, {} as EngineParts).info('stripe');

maybe.each(streams)('Stripe’s own mock takes what we ask of $name, and we read what it answers', async (stream) => {
  const at = { tenantId, connectionId: id, stream: stream.name };
  const { rows, unreadable } = await connectors.read(tenantId, id, stream.name, { limit: 3 });
  expect(unreadable).toEqual([]);
  expect(rows.length).toBeGreaterThan(0);
  const one = rows[0]?.externalId ?? '';
  const of = given.streams[stream.name] ?? {};
  for (const { kind } of stream.writes) {
    const action: WriteAction =
      kind === 'create'
        ? { kind, input: of.create ?? {} }
        : kind === 'update'
          ? { kind, externalId: one, input: of.update ?? {} }
          : { kind, externalId: one };
    expect((await connectors.write(at, action, 'bz-mock')).externalId).not.toBe('');
  }
});
