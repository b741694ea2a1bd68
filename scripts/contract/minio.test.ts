import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CreateBucketCommand, GetObjectCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { connectionId, tenantId } from '../../adapters/connectors/testing-engine.ts';
import { connected, holding } from '../../adapters/connectors/testing-vendors.ts';
import { createHttp } from '../../adapters/http/client.ts';
import type { HttpClient } from '../../adapters/http/client.ts';
import { objectContract } from '../../adapters/objects/contract.ts';
import { openS3 } from '../../adapters/objects/s3-client.ts';
import { s3Objects } from '../../adapters/objects/s3.ts';
import type { Row } from '../../ports/connectors.ts';
import type { Fault } from '../../ports/errors.ts';
import { freePort } from '../lib/ports.ts';
import { startTestServer } from '../lib/test-server.ts';

const program = process.env['TEST_MINIO_PROGRAM'] || undefined;
const maybe = program === undefined ? test.skip : test;
const [accessKeyId, secretAccessKey, region] = ['AKIAMINIOTEST0000001', 'minio/secret+access/key0001', 'eu-west-1'];
const [STORE, BUCKET] = ['acme-files', 'acme-reports'];

const opened = new AsyncDisposableStack();
let http: HttpClient;
let client: S3Client;

/** What Amazon's name leads to: requests arrive for the host that they were signed for. */
async function amazonsDoor(port: number): Promise<Server> {
  const door = createServer((incoming, outgoing) => {
    const { 'x-forwarded-host': host = '', ...rest } = incoming.headers;
    const headers = { ...rest, host: String(host) };
    const { method, url: path } = incoming;
    const inner = request({ host: '127.0.0.1', port, method, path, headers, agent: false });
    inner.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    inner.on('error', () => outgoing.destroy());
    incoming.pipe(inner);
  }).listen(0, '127.0.0.1');
  await once(door, 'listening');
  return door;
}

beforeAll(async () => {
  if (program === undefined) return;
  const [port, consolePort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  opened.use(
    await startTestServer({
      command: (folder) => [
        ...([program, 'server', '--quiet', '--address', `127.0.0.1:${port}`] as [string, ...string[]]),
        ...['--console-address', `127.0.0.1:${consolePort}`, folder],
      ],
      env: {
        ...{ MINIO_ROOT_USER: accessKeyId, MINIO_ROOT_PASSWORD: secretAccessKey, MINIO_SITE_REGION: region },
        ...{ MINIO_BROWSER: 'off', MINIO_UPDATE: 'off' },
      },
      readyAt: `${url}/minio/health/ready`,
    }),
  );
  const door = await amazonsDoor(port);
  opened.defer(() => {
    door.close();
    door.closeAllConnections();
  });
  const doorAt = `127.0.0.1:${(door.address() as { port: number }).port}`;
  http = createHttp({
    allow: [`127.0.0.1:${port}`, doorAt],
    origins: [{ from: `https://s3.${region}.amazonaws.com`, to: `http://${doorAt}` }],
    userAgent: 'test',
  });
  opened.defer(() => http.close());
  client = openS3(http.fetch, { region, endpoint: url, credentials: { accessKeyId, secretAccessKey } });
  await client.send(new CreateBucketCommand({ Bucket: STORE }));
});
afterAll(() => opened.disposeAsync());

objectContract(
  'MinIO as the tenant’s store',
  () => s3Objects(client, { bucket: STORE, prefix: 'from bizosaas/v1' }),
  maybe,
);

maybe('a body that breaks off leaves no parts behind in a real store', async () => {
  const broken = async function* () {
    yield Buffer.alloc(20 * 1024 * 1024);
    throw new Error('gone');
  };
  const objects = s3Objects(client, { bucket: STORE, prefix: '' });
  await expect(objects.putStream(tenantId, 'k', broken())).rejects.toThrow('gone');
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: STORE }));
  expect(Uploads).toEqual([]);
});

describe('the connector of Amazon S3, with MinIO behind Amazon’s name', () => {
  const s3 = ({ file = '', secret = secretAccessKey } = {}) =>
    connected(
      http,
      'aws-s3',
      'access_key',
      { region },
      { access_key_id: accessKeyId, secret_access_key: secret },
      { objects: holding(file) },
    );
  const at = (stream: string) => ({ tenantId, connectionId, stream });
  const all = async (stream: string, filter?: Record<string, string>, limit = 3): Promise<Row[]> => {
    const rows: Row[] = [];
    let cursor: string | undefined;
    do {
      const page = await s3().read(tenantId, connectionId, stream, { limit, cursor, ...(filter && { filter }) });
      expect(page.unreadable).toEqual([]);
      expect(page.rows.length).toBeLessThanOrEqual(limit);
      rows.push(...page.rows);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return rows;
  };
  // Not `a//b`, which Amazon takes: MinIO keeps names as paths of files.
  const NAMES = ['plain.txt', "a b+c%2f&=?#(1)'!*.txt", 'ü/🎉.json', 'reports/1', 'reports/2', '~tilde'];
  const idOf = (name: string) => `${BUCKET}/${name}`;

  maybe('a bucket is made, found again, and not made twice', async () => {
    const action = { kind: 'create' as const, input: { name: BUCKET } };
    expect(await s3().probe(at('containers'), action, 'm')).toBeNull();
    expect(await s3().write(at('containers'), action, 'm')).toEqual({ externalId: BUCKET, link: null });
    expect(await s3().probe(at('containers'), action, 'm')).toEqual({ externalId: BUCKET, link: null });
    await expect(s3().write(at('containers'), action, 'm')).rejects.toMatchObject({ code: 'conflict' });
    expect(await s3().readOne(tenantId, connectionId, 'containers', BUCKET)).toMatchObject({ name: BUCKET });
    expect((await all('containers', undefined, 100)).map(({ externalId }) => externalId)).toEqual(
      [STORE, BUCKET].sort(),
    );
  });

  maybe('objects of any name are put, listed page by page, found one by one and counted in bytes', async () => {
    for (const name of NAMES) {
      const input = { containerId: BUCKET, name, content: `of ${name}` };
      expect((await s3().write(at('objects'), { kind: 'create', input }, name)).externalId).toBe(idOf(name));
    }
    const rows = await all('objects', { containerId: BUCKET });
    expect(rows.map(({ externalId }) => externalId).sort()).toEqual(NAMES.map(idOf).sort());
    for (const name of NAMES) {
      const row = await s3().readOne(tenantId, connectionId, 'objects', idOf(name));
      expect(row).toMatchObject({ name, containerId: BUCKET, bytes: Buffer.byteLength(`of ${name}`) });
    }
    expect(await all('objects', { containerId: BUCKET, prefix: 'reports/' })).toHaveLength(2);
    expect(
      await s3()
        .readOne(tenantId, connectionId, 'objects', idOf('rep'))
        .catch((error: Fault) => error.code),
    ).toBe('not_found');
  });

  maybe('a file goes out as it comes and lies there byte for byte', async () => {
    const bytes = 'Brot '.repeat(200_000);
    const file = { objectKey: 'uploads/1', name: 'brot.txt', contentType: 'text/plain', bytes: bytes.length };
    const input = { containerId: BUCKET, name: 'brot & butter.txt' };
    await s3({ file: bytes }).write(at('objects'), { kind: 'create', input, file }, 'm');
    const answer = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: input.name }));
    const hash = createHash('sha256');
    for await (const part of answer.Body as unknown as AsyncIterable<Uint8Array>) hash.update(part);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(answer.ContentType).toBe('text/plain');
  });

  maybe('an object is written anew and taken away; a bucket that is not empty stays', async () => {
    const externalId = idOf('plain.txt');
    await s3().write(at('objects'), { kind: 'update', externalId, input: { content: 'longer than before' } }, 'm');
    expect(await s3().readOne(tenantId, connectionId, 'objects', externalId)).toMatchObject({ bytes: 18 });
    const full = s3().write(at('containers'), { kind: 'delete', externalId: BUCKET }, 'm');
    await expect(full).rejects.toMatchObject({ code: 'conflict', providerCode: 'BucketNotEmpty' });
    for (const { externalId: one } of await all('objects', { containerId: BUCKET })) {
      await s3().write(at('objects'), { kind: 'delete', externalId: one }, 'm');
    }
    expect(await all('objects', { containerId: BUCKET })).toEqual([]);
    await s3().write(at('containers'), { kind: 'delete', externalId: BUCKET }, 'm');
    await s3().write(at('containers'), { kind: 'delete', externalId: BUCKET }, 'm');
  });

  maybe('a wrong key, and a bucket that is not there, are told apart', async () => {
    const read = (connectors: ReturnType<typeof s3>) =>
      connectors.read(tenantId, connectionId, 'objects', { limit: 1, filter: { containerId: 'nobody-has-this' } });
    await expect(read(s3({ secret: 'minio/another+secret/key01' }))).rejects.toMatchObject({
      code: 'credential_rejected',
      providerCode: 'SignatureDoesNotMatch',
    });
    await expect(read(s3())).rejects.toMatchObject({ code: 'not_found', providerCode: 'NoSuchBucket' });
  });
});
