import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ConnectionId, TenantId } from '../../ports/ids.ts';
import { TenantSettings } from '../../ports/tenant-settings.ts';
import type { OwnStore } from '../../ports/tenant-settings.ts';
import { createHttp } from '../http/client.ts';
import { folderObjects } from './folder.ts';
import { tenantObjects } from './tenant.ts';
import { openTestS3 } from './testing-s3.ts';

const ours = TenantId.parse('11111111-1111-4111-8111-111111111111');
const theirs = TenantId.parse('22222222-2222-4222-8222-222222222222');
const connectionId = ConnectionId.parse('33333333-3333-4333-8333-333333333333');
const store: OwnStore = { connectionId, bucket: 'acme-files', prefix: '' };

let dir: string;
let server: Awaited<ReturnType<typeof openTestS3>>;
let http: ReturnType<typeof createHttp>;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'objects-'));
  server = await openTestS3('acme-files');
  const origins = [{ from: 'https://s3.*.amazonaws.com', to: server.url }];
  http = createHttp({ allow: [new URL(server.url).host], origins, userAgent: 'test' });
});
afterAll(async () => {
  await http.close();
  await server.close();
  await rm(dir, { recursive: true, force: true });
});

const KEY = { access_key_id: 'AKIA', secret_access_key: 's' };

function open(connectorId = 'aws-s3', values: Record<string, string> | null = KEY, state = 'healthy') {
  const chosen = new Map<TenantId, OwnStore>();
  const objects = tenantObjects({
    tenantSettings: {
      get: async (tenantId) => TenantSettings.parse({ store: chosen.get(tenantId) ?? null }),
      put: async () => undefined,
    },
    connections: {
      get: async () => ({ connectorId, state, vaultPath: 'p', settings: { region: 'eu-west-1' } }),
    } as never,
    secrets: { read: async () => values && { version: 1, values } } as never,
    http,
    folder: folderObjects(dir),
  });
  return { objects, chosen };
}

test('a tenant’s objects are in the bucket that it named, from then on; all others’ in the folder', async () => {
  const { objects, chosen } = open();
  await objects.put(ours, 'before', 'x');
  chosen.set(ours, store);
  await objects.put(ours, 'after', 'y');
  await objects.put(theirs, 'k', 'z');
  expect(server.keys()).toEqual([`${ours}/after`]);
  await expect(objects.list(ours, '')).resolves.toEqual(['after']);
  await expect(objects.get(ours, 'after')).resolves.toBe('y');
  await expect(folderObjects(dir).list(ours, '')).resolves.toEqual(['before']);
  await expect(folderObjects(dir).list(theirs, '')).resolves.toEqual(['k']);
});

test('a bucket is tried before it is chosen, and what does not fit is named', async () => {
  await open().objects.tryStore(ours, store);
  await expect(open().objects.tryStore(ours, { ...store, bucket: 'no-such' })).rejects.toMatchObject({
    code: 'provider_rejected',
    providerCode: 'NoSuchBucket',
  });
  await expect(open('slack').objects.tryStore(ours, store)).rejects.toMatchObject({
    code: 'invalid_request',
    fields: [{ path: 'store.connectionId' }],
  });
});

test.each([
  ['whose key is gone', null, 'healthy', 'reauth_required'],
  ['that is switched off', KEY, 'disabled', 'not_connected'],
])('a store %s is never replaced by the folder', async (_what, values, state, code) => {
  const { objects, chosen } = open('aws-s3', values, state);
  chosen.set(ours, store);
  await expect(objects.put(ours, 'k', 'x')).rejects.toMatchObject({ code });
});
