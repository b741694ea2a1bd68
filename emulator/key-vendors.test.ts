import { createHash, createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createEmulator } from './server.ts';
import { asker, bearer, posted } from './testing/client.ts';
import { isSignedBy, signatureIn } from './vendors/aws-signature.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const emulator = createEmulator({ now: () => NOW });
const keys = (vendor: string) => emulator.control.keys(vendor);

beforeAll(() => emulator.listen());
beforeEach(() => emulator.control.reset());
afterAll(() => emulator.close());

const SENDGRID = 'SG.emulatedGlobalKey00000.emulated-emulated-emulated-emulated-emulate';
const sendgrid = asker(emulator, 'sendgrid', 'api.sendgrid.com');
const withKey = (key: string, init: RequestInit = {}): RequestInit => ({
  ...init,
  headers: { ...(init.headers as Record<string, string>), ...(bearer(key).headers as Record<string, string>) },
});

test('sendgrid: a key makes, lists and deletes keys; its text is shown once, and its id is in its text', async () => {
  const made = await sendgrid('/v3/api_keys', withKey(SENDGRID, posted({ name: 'next', scopes: ['mail.send'] })));
  expect([made.status, made.body['name'], made.body['scopes']]).toEqual([201, 'next', ['mail.send']]);
  const [key, id] = [String(made.body['api_key']), String(made.body['api_key_id'])];
  expect(key.split('.')[1]).toBe(id);
  const listed = (await sendgrid('/v3/api_keys', withKey(SENDGRID))).body;
  expect(listed['result']).toContainEqual({ api_key_id: id, name: 'next' });
  expect(JSON.stringify(listed)).not.toContain(key);
  expect((await sendgrid('/v3/scopes', withKey(key))).body['scopes']).toContain('mail.send');
  expect((await sendgrid('/v3/api_keys', withKey(key))).status).toBe(403);
  const remove = () => sendgrid(`/v3/api_keys/${id}`, withKey(SENDGRID, { method: 'DELETE' }));
  expect([(await remove()).status, (await remove()).status]).toEqual([204, 404]);
  expect((await sendgrid('/v3/scopes', withKey(key))).status).toBe(401);
});

test('sendgrid: what no key can be given is refused, a name is needed, and regions know their own keys only', async () => {
  const create = async (body: unknown) => (await sendgrid('/v3/api_keys', withKey(SENDGRID, posted(body)))).status;
  expect(await create({ name: 'x', scopes: ['2fa_required'] })).toBe(400);
  expect(await create({ scopes: ['mail.send'] })).toBe(400);
  expect((await asker(emulator, 'sendgrid', 'api.eu.sendgrid.com')('/v3/scopes', withKey(SENDGRID))).status).toBe(401);
});

const IAM = 'iam.amazonaws.com';
const USER = { id: 'AKIAEMULATEDKEY00001', secret: 'emulatedSecretAccessKey/emulated+key0001' };
/** A signature as the documentation tells to make one, by hand. */
function signedPost(form: Record<string, string>, { id, secret } = USER, host = IAM, region = 'us-east-1', at = NOW) {
  const service = host.split('.')[0] ?? '';
  const body = new URLSearchParams(form).toString();
  const date = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
  const sha = (text: string) => createHash('sha256').update(text).digest('hex');
  const mac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const canonical = `POST\n/\n\nhost:${host}\nx-amz-date:${date}\n\nhost;x-amz-date\n${sha(body)}`;
  const scope = [date.slice(0, 8), region, service, 'aws4_request'];
  const text = `AWS4-HMAC-SHA256\n${date}\n${scope.join('/')}\n${sha(canonical)}`;
  const signature = mac(scope.reduce<string | Buffer>(mac, `AWS4${secret}`), text).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${id}/${scope.join('/')}, SignedHeaders=host;x-amz-date, Signature=${signature}`;
  const headers = { authorization, 'x-amz-date': date, 'content-type': 'application/x-www-form-urlencoded' };
  return asker(emulator, 'aws-iam', host)('/', { method: 'POST', headers, body });
}
const iam = (Action: string, more: Record<string, string> = {}, user = USER) =>
  signedPost({ Action, Version: '2010-05-08', ...more }, user);
const inside = (text: string, name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? '';

test('aws-iam: the signature that AWS publishes as an example is taken, and nothing near it', () => {
  const call = {
    ...{ method: 'GET', path: '/', body: Buffer.alloc(0), base: '' },
    query: new URLSearchParams('Action=ListUsers&Version=2010-05-08'),
    headers: {
      host: IAM,
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      'x-amz-date': '20150830T123600Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
    },
  };
  const given = signatureIn(call);
  if (!given) throw new Error('no signature was found');
  const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
  expect(isSignedBy(secret, call, given)).toBe(true);
  expect(isSignedBy(`${secret}x`, call, given)).toBe(false);
  expect(
    isSignedBy(secret, { ...call, query: new URLSearchParams('Action=DeleteUser&Version=2010-05-08') }, given),
  ).toBe(false);
  expect(isSignedBy(secret, { ...call, body: Buffer.from('x') }, given)).toBe(false);
});

test('aws-iam: a user has two keys at most, makes the second, lists both and deletes the first with it', async () => {
  const made = await iam('CreateAccessKey');
  expect(made.status).toBe(200);
  const second = { id: inside(made.text, 'AccessKeyId'), secret: inside(made.text, 'SecretAccessKey') };
  const third = await iam('CreateAccessKey');
  expect([third.status, inside(third.text, 'Code')]).toEqual([409, 'LimitExceeded']);
  const listed = (await iam('ListAccessKeys', {}, second)).text;
  expect([...listed.matchAll(/<AccessKeyId>(\w+)</g)].map(([, id]) => id)).toEqual([USER.id, second.id]);
  expect(listed).not.toContain(second.secret);
  expect((await iam('DeleteAccessKey', { AccessKeyId: USER.id }, second)).status).toBe(200);
  const gone = await iam('DeleteAccessKey', { AccessKeyId: USER.id }, second);
  expect([gone.status, inside(gone.text, 'Code')]).toEqual([404, 'NoSuchEntity']);
  expect(inside((await iam('ListAccessKeys')).text, 'Code')).toBe('InvalidClientTokenId');
});

test('aws-iam: STS says who asks, in the region that was signed for and at its time only', async () => {
  const ask = (region: string, at = NOW, host = 'sts.eu-west-1.amazonaws.com') =>
    signedPost({ Action: 'GetCallerIdentity', Version: '2011-06-15' }, USER, host, region, at);
  expect((await ask('eu-west-1')).text).toContain('<Account>123456789012</Account>');
  for (const wrong of [ask('us-east-1'), ask('eu-west-1', NOW - 901_000), ask('eu-west-1', NOW, IAM)])
    expect((await wrong).status).toBeGreaterThanOrEqual(400);
});

test('stripe: a key says whose it is, unless it may not, and no call makes another', async () => {
  const stripe = asker(emulator, 'stripe', 'api.stripe.com');
  const key = 'rk_test_51emulatedKornb';
  expect((await stripe('/v1/account', bearer(key))).body).toMatchObject({ id: 'acct_1Qx81bV0aZ3Kornb' });
  const basic = bearer(Buffer.from(`${key}:`).toString('base64'), 'Basic');
  expect((await stripe('/v1/account', basic)).status).toBe(200);
  const { secret } = keys('stripe').mint({ scopes: ['balance.read'] });
  expect((await stripe('/v1/account', bearer(secret))).status).toBe(403);
  expect((await stripe('/v1/balance', bearer(secret))).status).toBe(200);
  expect((await stripe('/v1/account', bearer('rk_x'))).body.error).toMatchObject({ type: 'invalid_request_error' });
  expect((await stripe('/v1/api_keys', bearer(key))).status).toBe(404);
});

test('what a person does at the console, and how often each key was used', async () => {
  keys('sendgrid').settling(1);
  const { id, secret } = keys('sendgrid').mint({ name: 'by hand' });
  expect((await sendgrid('/v3/scopes', withKey(secret))).status).toBe(401);
  expect((await sendgrid('/v3/scopes', withKey(secret))).status).toBe(200);
  expect(
    keys('sendgrid')
      .list()
      .find((key) => key.id === id),
  ).toMatchObject({ name: 'by hand', calls: 1 });
  const over = (path: string, body?: unknown) => asker(emulator, 'control')(`/keys/${path}`, body ? posted(body) : {});
  expect(JSON.stringify((await over('sendgrid')).text)).not.toContain(secret);
  expect((await over('sendgrid/revoke', { id })).body).toEqual({ revoked: 1 });
  expect((await sendgrid('/v3/scopes', withKey(secret))).status).toBe(401);
  expect((await over('aws-iam/mint', {})).body['id']).toMatch(/^AKIA[A-Z2-7]{16}$/);
  expect((await over('hubspot')).status).toBe(400);
});

test('keys outlive the emulator, as a vendor’s do', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'emulator-keys-'));
  const first = createEmulator({ folder });
  const { id } = first.control.keys('stripe').mint();
  first.control.keys('stripe').revoke('key_Kornb');
  const second = createEmulator({ folder });
  expect(
    second.control
      .keys('stripe')
      .list()
      .map((key) => key.id),
  ).toEqual(['key_Ferro', id]);
  await rm(folder, { recursive: true });
});
