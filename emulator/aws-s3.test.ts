import { createHash, createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createEmulator } from './server.ts';
import { asker } from './testing/client.ts';
import { isBodyAsSaid, isSignedBy, signatureIn } from './vendors/aws-signature.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const REGION = 'eu-west-1';
const HOST = `s3.${REGION}.amazonaws.com`;
const USER = { id: 'AKIAEMULATEDKEY00001', secret: 'emulatedSecretAccessKey/emulated+key0001' };
const emulator = createEmulator({ now: () => NOW });

beforeAll(() => emulator.listen());
beforeEach(() => emulator.control.reset());
afterAll(() => emulator.close());

const sha = (text: string) => createHash('sha256').update(text).digest('hex');
const mac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/** A signature as the documentation tells to make one, by hand. `path` and `query` are encoded already. */
async function ask(method: string, path: string, query = '', body = '', more: Record<string, string> = {}, at = NOW) {
  const date = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
  const signed: Record<string, string> = { host: HOST, 'x-amz-content-sha256': sha(body), 'x-amz-date': date, ...more };
  const names = Object.keys(signed).sort();
  const canonical = [
    method,
    path,
    query,
    ...names.map((name) => `${name}:${signed[name] ?? ''}`),
    '',
    names.join(';'),
    sha(body),
  ].join('\n');
  const scope = [date.slice(0, 8), REGION, 's3', 'aws4_request'];
  const text = `AWS4-HMAC-SHA256\n${date}\n${scope.join('/')}\n${sha(canonical)}`;
  const signature = mac(scope.reduce<string | Buffer>(mac, `AWS4${USER.secret}`), text).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${USER.id}/${scope.join('/')}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return asker(
    emulator,
    'aws-iam',
    HOST,
  )(`${path}${query === '' ? '' : `?${query}`}`, {
    method,
    // Whoever writes the request to its socket names the host.
    headers: { ...Object.fromEntries(Object.entries(signed).filter(([name]) => name !== 'host')), authorization },
    ...(body !== '' && { body }),
  });
}
const inside = (text: string, name: string) =>
  [...text.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, found = '']) => found);

test('the request for an object that AWS publishes as an example is taken, and nothing near it', () => {
  const call = {
    ...{ method: 'GET', path: '/test.txt', query: new URLSearchParams(), body: Buffer.alloc(0), base: '' },
    headers: {
      host: 'examplebucket.s3.amazonaws.com',
      range: 'bytes=0-9',
      'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      'x-amz-date': '20130524T000000Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    },
  };
  const given = signatureIn(call);
  const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
  expect(given && isSignedBy(secret, call, given)).toBe(true);
  expect(isBodyAsSaid(call)).toBe(true);
  expect(given && isSignedBy(secret, { ...call, path: '/test.txu' }, given)).toBe(false);
  expect(isBodyAsSaid({ ...call, body: Buffer.from('x') })).toBe(false);
});

test('a list goes on by its token in the order of the keys, and keys are url-coded when that is asked for', async () => {
  const path = '/acme-reports-0000';
  const first = await ask('GET', path, 'encoding-type=url&list-type=2&max-keys=2');
  expect([first.status, inside(first.text, 'IsTruncated'), inside(first.text, 'Key')]).toEqual([
    200,
    ['true'],
    ['reports/2026/11/sales+0.csv', 'reports/2026/11/sales+2+%26+%C3%9Cbersicht+(1).csv'],
  ]);
  const [token = ''] = inside(first.text, 'NextContinuationToken');
  const rest = await ask('GET', path, `continuation-token=${encodeURIComponent(token)}&list-type=2&max-keys=2`);
  expect([inside(rest.text, 'IsTruncated'), inside(rest.text, 'Key')]).toEqual([
    ['false'],
    ['reports/2026/11/sales 4.csv'],
  ]);
});

test('an object is put, read and deleted; another’s bucket, another region and a wrong clock are refused', async () => {
  const path = '/acme-reports-0001/a%20b/%2B.txt';
  expect((await ask('PUT', path, '', 'Bread', { 'x-amz-expected-bucket-owner': '123456789012' })).status).toBe(200);
  expect((await ask('GET', path)).text).toBe('Bread');
  expect(emulator.control.records('aws-iam').collections['objects']?.ids()).toContain('acme-reports-0001/a b/+.txt');
  expect((await ask('DELETE', '/acme-reports-0001')).status).toBe(409);
  expect([(await ask('DELETE', path)).status, (await ask('GET', path)).status]).toEqual([204, 404]);
  const stranger = await ask('PUT', path, '', 'Bread', { 'x-amz-expected-bucket-owner': '999999999999' });
  expect([stranger.status, inside(stranger.text, 'Code')]).toEqual([403, ['AccessDenied']]);
  const late = await ask('GET', '/', '', '', {}, NOW - 901_000);
  expect(inside(late.text, 'Code')).toEqual(['RequestTimeTooSkewed']);
});
