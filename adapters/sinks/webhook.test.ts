import { createHash, createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHttp } from '../http/client.ts';
import type { HttpClient } from '../http/client.ts';
import type { ConnectionId, TenantId } from '../../ports/ids.ts';
import { webhookSink } from './webhook.ts';

const KEY = Buffer.alloc(32, 7);
const channelId = '44444444-4444-4444-8444-444444444444';
const to = { sink: 'webhook', target: { channelId } } as const;
const ref = {
  tenantId: '11111111-1111-4111-8111-111111111111' as TenantId,
  connectionId: '22222222-2222-4222-8222-222222222222' as ConnectionId,
  stream: 'contacts',
};
const batch = {
  ...{ runId: 'run', startedAt: '2026-11-21T09:08:07.123Z', choice: 'c', part: '00000003' },
  signal: new AbortController().signal,
};
const rowOf = (externalId: string, text = '') => ({
  ...{ row: { externalId, modifiedAt: null, text }, hash: `h${externalId}` },
  known: { version: 0, targetId: null },
});

let server: Server;
let http: HttpClient;
let origin = '';
let received: { headers: IncomingHttpHeaders; body: string }[] = [];
let status = 204;

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  origin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  http = createHttp({ allow: [origin], origins: [], userAgent: 'test' });
});
afterAll(async () => {
  await http.close();
  server.close();
});
beforeEach(() => {
  received = [];
  status = 204;
});

const aSink = (channel: object | null = { kind: 'webhook', enabled: true }) =>
  webhookSink({
    http,
    channels: { list: async () => (channel ? [{ id: channelId, title: 'Ours', ...channel }] : []) } as never,
    secrets: {
      read: async () => ({
        values: { url: `http://${origin}/in?token=hidden`, key: `whsec_${KEY.toString('base64')}` },
      }),
    } as never,
    hash: (text) => createHash('sha256').update(text).digest('hex'),
  });

test('a page is one message, signed as Standard Webhooks says, with an id that its repetition has too', async () => {
  const sink = aSink();
  const rows = [rowOf('7'), rowOf('8')];
  await sink.deliver(to, ref, { ...batch, rows });
  await sink.deliver(to, ref, { ...batch, rows });
  await sink.remove(to, ref, { ...batch, part: 'deleted-00000000', externalIds: ['9'] });
  expect(received).toHaveLength(3);
  for (const { headers, body } of received) {
    const signature = createHmac('sha256', KEY)
      .update(`${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`)
      .digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${signature}`);
  }
  const [first, again, gone] = received.map(({ headers }) => headers['webhook-id']);
  expect([first === again, first === gone]).toEqual([true, false]);
  expect(JSON.parse(received[0]?.body ?? '')).toEqual({
    type: 'sync.records',
    timestamp: expect.any(String),
    data: {
      ...{ connectionId: ref.connectionId, stream: 'contacts', run: 'run', part: '00000003.0' },
      upserts: rows.map(({ row, hash }) => ({ key: hash, record: row })),
      deletes: [],
    },
  });
  expect(JSON.parse(received[2]?.body ?? '')).toMatchObject({ data: { upserts: [], deletes: ['9'] } });
});

test('a large page goes in several messages, each with an id of its own, and a record too large goes alone', async () => {
  const rows = [
    rowOf('1', 'x'.repeat(200_000)),
    rowOf('2', 'x'.repeat(200_000)),
    rowOf('3', 'x'.repeat(400_000)),
    rowOf('4'),
  ];
  await aSink().deliver(to, ref, { ...batch, rows });
  const ids = received.map(({ body }) =>
    (JSON.parse(body) as { data: { upserts: { record: { externalId: string } }[] } }).data.upserts.map(
      ({ record }) => record.externalId,
    ),
  );
  expect(ids).toEqual([['1'], ['2'], ['3'], ['4']]);
  expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(4);
});

test.each([
  ['is gone', null, 'not_found'],
  ['is of another kind', { kind: 'slack', enabled: true }, 'not_found'],
  ['is switched off', { kind: 'webhook', enabled: false }, 'not_connected'],
])('nothing is sent when the channel %s', async (_what, channel, code) => {
  const delivery = aSink(channel).deliver(to, ref, { ...batch, rows: [rowOf('7')] });
  await expect(delivery).rejects.toMatchObject({ code });
  expect(received).toEqual([]);
});

test('an endpoint that refuses says so without its address', async () => {
  status = 410;
  const delivery = aSink().deliver(to, ref, { ...batch, rows: [rowOf('7')] });
  await expect(delivery).rejects.toMatchObject({
    code: 'provider_rejected',
    message: expect.not.stringContaining('hidden'),
  });
});
