import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Emulator } from '../../../../emulator/server.ts';
import { connectionId as id, tenantId } from '../../testing-engine.ts';
import { holding, openEmulated } from '../../testing-vendors.ts';
import type { Emulated } from '../../testing-vendors.ts';

const KEY = { access_key_id: 'AKIAEMULATEDKEY00001', secret_access_key: 'emulatedSecretAccessKey/emulated+key0001' };
let vendors: Emulated;
let emulator: Emulator;

beforeAll(async () => {
  vendors = await openEmulated();
  ({ emulator } = vendors);
});
afterAll(async () => vendors[Symbol.asyncDispose]());
beforeEach(() => emulator.control.reset());

const s3 = (region: string, file = '') =>
  vendors.connectedBy('aws-s3', 'access_key', { region, accountId: '123456789012' }, KEY, { objects: holding(file) });
const at = { tenantId, connectionId: id, stream: 'objects' };

test('a file goes out as it comes, unsigned itself, and arrives whole', async () => {
  const bytes = 'Brot '.repeat(100_000);
  const file = { objectKey: 'uploads/1', name: 'brot.txt', contentType: 'text/plain', bytes: bytes.length };
  const input = { containerId: 'acme-reports-0001', name: 'brot & butter/1.txt' };
  const receipt = await s3('eu-west-1', bytes).write(at, { kind: 'create', input, file }, 'm');
  expect(receipt.externalId).toBe('acme-reports-0001/brot & butter/1.txt');
  const row = await s3('eu-west-1').readOne(tenantId, id, 'objects', receipt.externalId);
  expect(row).toMatchObject({ bytes: bytes.length, containerId: 'acme-reports-0001', name: 'brot & butter/1.txt' });
});

test('a connection lists the buckets of its own region; one elsewhere is said to have moved, and is not followed', async () => {
  expect((await s3('us-east-1').read(tenantId, id, 'containers', { limit: 10 })).rows).toEqual([]);
  const elsewhere = s3('us-east-1').read(tenantId, id, 'objects', {
    limit: 1,
    filter: { containerId: 'acme-reports-0000' },
  });
  await expect(elsewhere).rejects.toMatchObject({
    code: 'provider_rejected',
    message: expect.stringContaining('moved'),
  });
});

test('a bucket that was made although the answer was lost is found, and not made twice', async () => {
  const bucket = { ...at, stream: 'containers' };
  const action = { kind: 'create' as const, input: { name: 'acme-press-kit' } };
  expect(await s3('eu-west-1').probe(bucket, action, 'm')).toBeNull();
  await s3('eu-west-1').write(bucket, action, 'm');
  expect(await s3('eu-west-1').probe(bucket, action, 'm')).toEqual({ externalId: 'acme-press-kit', link: null });
});
