import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createEmulator } from '../../emulator/server.ts';
import type { ConnectorPort } from '../../ports/connectors.ts';
import type { HttpAnswer, HttpClient } from '../http/client.ts';
import { createConnectors } from './index.ts';
import { emulatorHttp } from './testing-vendors.ts';
import { signedHeaders } from './sigv4.ts';
import { xmlIfAny, xmlOf } from './xml.ts';

const KEY = { accessKeyId: 'AKIAEMULATEDKEY00001', secretAccessKey: 'emulatedSecretAccessKey/emulated+key0001' };
const SECRET = { access_key_id: KEY.accessKeyId, secret_access_key: KEY.secretAccessKey };
const emulator = createEmulator();
let http: HttpClient;
let connectors: ConnectorPort;

beforeAll(async () => {
  const url = await emulator.listen();
  http = emulatorHttp(url);
  connectors = createConnectors({ http } as Parameters<typeof createConnectors>[0]);
});
afterAll(async () => {
  await http.close();
  await emulator.close();
});
beforeEach(() => emulator.control.reset());

const verify = (region = 'eu-west-1', secret = SECRET) => {
  const { settings, secret: typed } = connectors.checkFields('aws-s3', 'access_key', { ...secret, region });
  return connectors.verify({ connectorId: 'aws-s3', methodId: 'access_key', settings }, typed);
};

test('a request is signed for the service and the region of its address, which the account’s own check of it takes', async () => {
  await expect(verify()).resolves.toMatchObject({ accountId: '123456789012' });
  await expect(verify('us-east-1')).resolves.toMatchObject({ accountName: 'AWS account 123456789012 (user/bizosaas)' });
  const at = (url: string) => signedHeaders(KEY, { method: 'GET', url });
  const scope = async (url: string) =>
    /\/\d{8}\/([^,]+)\/aws4_request/.exec((await at(url))['authorization'] ?? '')?.[1];
  await expect(scope('https://iam.amazonaws.com/')).resolves.toBe('us-east-1/iam');
  await expect(scope('https://acme.s3.eu-west-1.amazonaws.com/a%20b?list-type=2')).resolves.toBe('eu-west-1/s3');
});

test('C46: nothing is signed for a host that is not AWS’s, and a region is no way to name one', async () => {
  for (const url of [
    'https://sts.eu-west-1.amazonaws.com.evil.test/',
    'https://evil.test/',
    'https://ec2.amazonaws.com/',
  ])
    await expect(signedHeaders(KEY, { method: 'GET', url })).rejects.toMatchObject({ code: 'host_refused' });
  for (const region of ['evil.test/', 'eu-west-1.evil', 'us-gov-west-1', 'cn-north-1'])
    expect(() => connectors.checkFields('aws-s3', 'access_key', { ...SECRET, region })).toThrow(
      expect.objectContaining({ fields: [expect.objectContaining({ path: 'region' })] }),
    );
});

test.each([
  ['another secret', { ...SECRET, secret_access_key: 'canary' }, 'SignatureDoesNotMatch'],
  ['a key that was deleted', { ...SECRET, access_key_id: 'AKIAEMULATEDKEY00009' }, 'InvalidClientTokenId'],
])('%s is refused in words that lead on, with AWS’s own code and no secret', async (_what, secret, providerCode) => {
  const error: unknown = await verify('eu-west-1', secret).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'credential_rejected', providerCode });
  expect(String(error)).toMatch(/connect it again/);
  expect(String(error)).not.toContain(secret.secret_access_key);
});

test('a temporary key is refused before anybody is asked', () => {
  expect(() => connectors.checkFields('aws-s3', 'access_key', { ...SECRET, access_key_id: 'ASIA1' })).toThrow(
    expect.objectContaining({ fields: [expect.objectContaining({ path: 'access_key_id' })] }),
  );
});

const answer = (body: string): HttpAnswer => ({ status: 200, headers: new Map(), url: '', body: Buffer.from(body) });

test('XML is read as texts, and what comes in lists is a list also when there is one', () => {
  const body =
    '<?xml version="1.0"?><A xmlns="https://a.test/"><id>007</id><b>x &amp; y</b><member><n>1</n></member></A>';
  expect(xmlOf(answer(body), 'AWS', ['member'])).toMatchObject({ A: { id: '007', b: 'x & y', member: [{ n: '1' }] } });
});

test.each(['', '{"a":1}', '<a><b></a>', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'])(
  'what is no XML, or declares entities, is no answer: %s',
  (body) => {
    expect(xmlIfAny(answer(body), [])).toBeUndefined();
    expect(() => xmlOf(answer(body), 'AWS', [])).toThrow(expect.objectContaining({ code: 'provider_garbage' }));
  },
);
