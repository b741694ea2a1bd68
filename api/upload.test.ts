import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { folderObjects } from '../adapters/objects/folder.ts';
import { postgresStores } from '../adapters/postgres/stores.ts';
import type { Stores } from '../adapters/postgres/stores.ts';
import { aConnection, aMember, aTenant } from '../adapters/postgres/testing-data.ts';
import { freshDatabase } from '../adapters/postgres/testing.ts';
import type { TestDatabase } from '../adapters/postgres/testing.ts';
import type { UploadRef } from '../ports/connectors.ts';
import { Fault } from '../ports/errors.ts';
import type { ConnectionId, TenantId } from '../ports/ids.ts';
import type { Principal } from '../ports/identity.ts';
import { TenantSettings } from '../ports/tenant-settings.ts';
import { until } from '../workers/testing/until.ts';
import type { WriteInput } from '../workflows/connector-write.ts';
import type { ApiDeps } from './deps.ts';
import { openApi } from './testing.ts';
import type { TestApi, Told } from './testing.ts';

const MEGABYTE = 1024 * 1024;
const BOUNDARY = 'a-boundary';
const FORM = { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` };

let dir: string;
let database: TestDatabase;
let stores: Stores;
let objects: ReturnType<typeof folderObjects>;
let api: TestApi;
let tenantId: TenantId;
let connectionId: ConnectionId;
let as: Principal;
let started: WriteInput[] = [];
let refusal: Error | null = null;

const streamOf = (name: string, upload: boolean) => ({
  ...{ name, title: name, upload, filters: [], search: null, incremental: null, model: null },
  writes: [{ kind: 'create', safety: 'unsafe', fields: [] }],
});
const INFO = {
  id: 'wordpress',
  title: 'WordPress',
  category: 'cms',
  streams: [streamOf('media', true), streamOf('posts', false)],
};
const connectors = {
  info: () => INFO,
  checkWrite: () => {
    if (refusal !== null) throw refusal;
    return 'unsafe';
  },
};
const temporal = {
  workflow: {
    withDeadline: (_: number, call: () => unknown) => call(),
    start: async (_work: unknown, { args }: { args: [WriteInput] }) => void started.push(args[0]),
  },
} as unknown as ApiDeps['temporal'];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'uploads-'));
  objects = folderObjects(dir);
  database = await freshDatabase();
  stores = postgresStores(database.db);
  api = await openApi({ ports: { ...stores, connectors, objects } as unknown as ApiDeps['ports'], temporal });
  tenantId = await aTenant(stores);
  connectionId = await aConnection(stores, tenantId, {});
  as = await aMember(stores, tenantId);
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await database.close();
  await rm(dir, { recursive: true, force: true });
});
beforeEach(async () => {
  started = [];
  refusal = null;
  for (const key of await objects.list(tenantId, '')) await objects.remove(tenantId, key);
  await stores.tenantSettings.put(tenantId, TenantSettings.parse({}));
});

const part = (head: string, body: string) =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`;
const END = `--${BOUNDARY}--\r\n`;
const file = (body: string, name = 'a.png') => part(`name="file"; filename="${name}"\r\nContent-Type: image/png`, body);
const input = (body: string) => part('name="input"', body);

const path = (resource = 'media') => `/api/v1/connections/${connectionId}/data/${resource}/upload`;
const post = (body: string, headers: Record<string, string> = {}, resource = 'media') =>
  api.post(path(resource), { as, body, headers: { ...FORM, ...headers } });
const kept = () => objects.list(tenantId, '');
const fileOf = (write: WriteInput | undefined): UploadRef | undefined =>
  write?.action.kind === 'create' ? write.action.file : undefined;
const errorPaths = ({ json }: Told) => (json.errors as { path: string }[]).map((error) => error.path);

/** Sends a form by hand, so that it may be slow, or break off. */
const sending = async (headers: Record<string, string | number>) => {
  const bearer = await api.token(as);
  const asked = request(`${api.url}${path()}`, {
    method: 'POST',
    headers: { ...FORM, Authorization: `Bearer ${bearer}`, ...headers },
  });
  const answered = new Promise<number>((resolve, reject) => {
    asked.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', reject);
  });
  return { asked, answered };
};

test('a file past the JSON limit streams to the store, and the write is given where it lies', async () => {
  const form = new FormData();
  const bytes = Buffer.alloc(12 * MEGABYTE, 'pixels ');
  form.append('input', JSON.stringify({ title: 'A loaf', alt_text: 'bread' }));
  form.append('file', new Blob([bytes], { type: 'image/png' }), 'Brot – frisch.png');
  const response = await fetch(`${api.url}${path()}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${await api.token(as)}` },
    body: form,
  });
  expect(response.status).toBe(202);
  const ref = fileOf(started[0]);
  expect(ref).toEqual({
    ...{ objectKey: expect.stringMatching(/^uploads\//), name: 'Brot – frisch.png' },
    ...{ contentType: 'image/png', bytes: bytes.length },
  });
  const hash = createHash('sha256');
  for await (const chunk of await objects.getStream(tenantId, ref?.objectKey ?? '')) hash.update(chunk);
  expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
  const { action } = started[0] ?? {};
  const contentId = action !== undefined && 'contentId' in action ? action.contentId : '';
  await expect(stores.content.get(tenantId, contentId)).resolves.toEqual({ title: 'A loaf', alt_text: 'bread' });
});

test('a file larger than the tenant’s settings allow is a 413 while it streams, and nothing of it stays', async () => {
  await stores.tenantSettings.put(tenantId, TenantSettings.parse({ uploadBytesMax: 1000 }));
  expect((await post(file('x'.repeat(1000)) + END)).status).toBe(202);
  expect(await kept()).toHaveLength(1);
  const over = await post(file('x'.repeat(1001)) + END);
  expect([over.status, over.json.code, over.headers.get('connection')]).toEqual([413, 'too_large', 'close']);
  expect([started.length, (await kept()).length]).toEqual([1, 1]);
});

test('a body whose length says too much is refused before it is read', async () => {
  const { asked, answered } = await sending({ 'Content-Length': 200 * MEGABYTE });
  asked.flushHeaders();
  expect(await answered).toBe(413);
  asked.destroy();
  expect(await kept()).toEqual([]);
});

test('a caller who goes away leaves nothing behind', async () => {
  const { asked, answered } = await sending({});
  asked.write(file('').slice(0, -2) + 'x'.repeat(MEGABYTE));
  const folder = join(dir, 'sinks', tenantId, 'uploads');
  const files = async () => (await import('node:fs/promises')).readdir(folder).catch((): string[] => []);
  await until('the file is being kept', files, ({ length }) => length === 1);
  asked.destroy();
  await expect(answered).rejects.toThrow();
  await until('the half file is gone', files, ({ length }) => length === 0);
  expect(started).toEqual([]);
});

test.each([
  ['no file', input('{}') + END, 400, ['file']],
  ['two files', file('a') + file('b') + END, 400, ['file']],
  ['an unknown text part', part('name="title"', 'x') + file('a') + END, 400, ['title']],
  ['an unknown file part', part('name="image"; filename="a"', 'x') + END, 400, ['image']],
  ['input that is not JSON', file('a') + input('{') + END, 400, []],
  ['input that is no object', file('a') + input('[1]') + END, 400, ['input']],
  ['input that is too large', file('a') + input(`"${'x'.repeat(MEGABYTE)}"`) + END, 413, []],
  ['a form that ends within the file', file('a').slice(0, -2), 400, []],
  ['a form that ends before its end', file('a'), 400, []],
  ['no form at all', 'hello', 400, []],
  ['an empty body', '', 400, []],
])('%s is refused, and nothing stays in the store', async (_what, body, status, paths) => {
  const told = await post(body);
  expect([told.status, errorPaths(told)]).toEqual([status, paths]);
  expect([started, await kept()]).toEqual([[], []]);
});

test('another content type, or one without its boundary, is said to be that', async () => {
  expect((await post('{}', { 'Content-Type': 'application/json' })).status).toBe(415);
  expect((await post(file('a') + END, { 'Content-Type': 'multipart/form-data' })).status).toBe(400);
});

test('a list that takes no files, and a connection that is not there, are told before the file is read', async () => {
  const told = await post(file('a') + END, {}, 'posts');
  expect([told.status, told.json.detail]).toEqual([422, 'WordPress takes no files for posts; send JSON.']);
  const nowhere = path().replace(connectionId, randomUUID());
  expect((await api.post(nowhere, { as, body: file('a') + END, headers: FORM })).status).toBe(404);
  expect(await kept()).toEqual([]);
});

test.each([
  ['../../etc/passwd', 'passwd'],
  ['C:\\dir\\a.png', 'a.png'],
  ['..', 'file'],
  ['', 'file'],
  ['x'.repeat(300), 'x'.repeat(200)],
])('the name %j is made a safe one', async (given, name) => {
  expect((await post(file('a', given) + END)).status).toBe(202);
  expect(fileOf(started[0])?.name).toBe(name);
});

test('a type that is none becomes one that every system takes', async () => {
  await post(part('name="file"; filename="a"\r\nContent-Type: nonsense', 'x') + END);
  expect(fileOf(started[0])?.contentType).toBe('application/octet-stream');
});

test('what the system refuses leaves no file; a start that gave no answer leaves it, for it may have happened', async () => {
  refusal = new Fault('invalid_request', 'this cannot be written');
  expect((await post(file('a') + END)).status).toBe(400);
  expect(await kept()).toEqual([]);
  refusal = Object.assign(new Error('no answer'), { code: 14, details: '' });
  await post(file('a') + END);
  expect(await kept()).toHaveLength(1);
});

test('a repetition with the same key and file is answered as the first was, and its file is dropped; another file is refused', async () => {
  const headers = { 'Idempotency-Key': randomUUID() };
  const first = await post(file('same') + END, headers);
  const again = await post(file('same') + END, headers);
  expect([again.status, again.json]).toEqual([202, first.json]);
  const other = await post(file('other') + END, headers);
  expect(other.json.code).toBe('idempotency_mismatch');
  expect(started).toHaveLength(1);
  expect(await kept()).toEqual([fileOf(started[0])?.objectKey]);
});
