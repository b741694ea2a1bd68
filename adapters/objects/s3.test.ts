import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createEmulator } from '../../emulator/server.ts';
import { TenantId } from '../../ports/ids.ts';
import { emulatorHttp } from '../connectors/testing-vendors.ts';
import { createHttp } from '../http/client.ts';
import { objectContract } from './contract.ts';
import { openS3 } from './s3-client.ts';
import { s3Objects } from './s3.ts';
import { openTestS3 } from './testing-s3.ts';

const bucket = 'acme-files';
const tenant = TenantId.parse('11111111-1111-4111-8111-111111111111');
const CANARY = 'canary/SecretAccessKey/of/S3';

let server: Awaited<ReturnType<typeof openTestS3>>;
let http: ReturnType<typeof createHttp>;
beforeAll(async () => {
  server = await openTestS3(bucket);
  http = createHttp({ allow: [new URL(server.url).host], origins: [], userAgent: 'test' });
});
afterAll(async () => {
  await http.close();
  await server.close();
});

const open = (into = bucket, prefix = 'from bizosaas/v1', endpoint = server.url) => {
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: CANARY };
  return s3Objects(openS3(http.fetch, { region: 'eu-west-1', endpoint, credentials }), { bucket: into, prefix });
};

objectContract('S3', () => open());

test('a body that breaks off leaves no parts behind that the tenant would pay for', async () => {
  const broken = async function* () {
    yield Buffer.alloc(20 * 1024 * 1024);
    throw new Error('gone');
  };
  await expect(open().putStream(tenant, 'k', broken())).rejects.toThrow('gone');
  expect(server.unfinished()).toBe(0);
});

test('objects lie below the prefix, each tenant’s in a folder of its own; without a prefix just so', async () => {
  await open().put(tenant, 'a/b', 'x');
  await open(bucket, '').put(tenant, 'a/c', 'x');
  expect(server.keys()).toEqual(expect.arrayContaining([`from bizosaas/v1/${tenant}/a/b`, `${tenant}/a/c`]));
});

test.each([
  [403, 'InvalidAccessKeyId', 'credential_rejected'],
  [403, 'SignatureDoesNotMatch', 'credential_rejected'],
  [403, 'AccessDenied', 'credential_forbidden'],
  [403, 'SomethingNew', 'credential_forbidden'],
  [400, 'AuthorizationHeaderMalformed', 'provider_rejected'],
  [400, 'EntityTooLarge', 'provider_rejected'],
])('%i %s is a fault that says what to mend, without a secret', async (status, code, expected) => {
  server.refuse(status, code);
  const fault = await open()
    .put(tenant, 'k', 'x')
    .catch((error: unknown) => error);
  expect(fault).toMatchObject({ code: expected, providerCode: code });
  expect(String(fault) + JSON.stringify(fault)).not.toContain(CANARY);
});

test('a bucket that does not exist, and a server that is away, are told apart', async () => {
  await expect(open('no-such-bucket').list(tenant, '')).rejects.toMatchObject({ code: 'provider_rejected' });
  const away = open(bucket, '', 'http://127.0.0.1:1');
  await expect(away.list(tenant, '')).rejects.toMatchObject({ code: 'host_refused' });
});

describe('beside somebody else’s reading of Amazon’s protocol', () => {
  const emulator = createEmulator();
  let guarded: ReturnType<typeof createHttp>;
  beforeAll(async () => {
    const url = await emulator.listen();
    guarded = emulatorHttp(url);
  });
  afterAll(async () => {
    await guarded.close();
    await emulator.close();
  });

  const emulated = (region: string, secretAccessKey = 'emulatedSecretAccessKey/emulated+key0001') => {
    const credentials = { accessKeyId: 'AKIAEMULATEDKEY00001', secretAccessKey };
    return s3Objects(openS3(guarded.fetch, { region, credentials }), { bucket: 'acme-reports-0000', prefix: 'a b' });
  };

  test('what is asked is signed as it is sent, whatever the names', async () => {
    const objects = emulated('eu-west-1');
    const keys = ['plain', 'a b+c%2f&=?#.txt', 'ü/🎉.json', "~tilde*(1)!'"];
    for (const key of keys) await objects.put(tenant, key, `of ${key}`);
    for (const key of keys) await expect(objects.get(tenant, key)).resolves.toBe(`of ${key}`);
    await expect(objects.list(tenant, '')).resolves.toEqual(keys.toSorted());
    await objects.putStream(tenant, 'plain', Readable.from([Buffer.from('streamed')]));
    await expect(objects.get(tenant, 'plain')).resolves.toBe('streamed');
    for (const key of keys) await objects.remove(tenant, key);
    await expect(objects.list(tenant, '')).resolves.toEqual([]);
  });

  test('a wrong key and a bucket of another region are told apart', async () => {
    await expect(emulated('eu-west-1', CANARY).list(tenant, '')).rejects.toMatchObject({
      code: 'credential_rejected',
    });
    await expect(emulated('us-west-2').list(tenant, '')).rejects.toMatchObject({ code: 'provider_rejected' });
  });
});
