import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { SignJWT, generateKeyPair } from 'jose';
import { Fault } from '../ports/errors.ts';
import { Principal } from '../ports/identity.ts';
import { ringOf } from './testing.ts';
import { createTokens, namedUuid } from './tokens.ts';

const key = randomBytes(32);
const digestKey = randomBytes(32);
const withKeys = (keys: Record<string, Buffer>) => createTokens(ringOf(keys), async () => digestKey);
const tokens = withKeys({ k1: key });
const principal = Principal.parse({
  userId: randomUUID(),
  email: 'root@platform.test',
  role: 'super_admin',
  tenantId: null,
});
const { userId, ...claims } = principal;

const signed = (change: (jwt: SignJWT) => SignJWT = (jwt) => jwt, header: object = {}) =>
  change(
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'k1', ...header })
      .setSubject(userId)
      .setIssuer('bizosaas')
      .setAudience('bizosaas-api')
      .setExpirationTime('1h'),
  ).sign(key);

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

test('a token names the principal that it was issued for', async () => {
  const { token } = await tokens.issue(principal);
  expect((await tokens.verify(token)).principal).toEqual(principal);
  expect((await tokens.verify(await signed())).principal).toEqual(principal);
});

test('C64: no algorithm, another algorithm, another key, issuer or audience, and a lapsed or early token are all refused', async () => {
  const { privateKey } = await generateKeyPair('RS256');
  const body = { ...claims, sub: userId, iss: 'bizosaas', aud: 'bizosaas-api', exp: Date.now() / 1000 + 60 };
  const unsigned = `${base64({ alg: 'none', kid: 'k1' })}.${base64(body)}.`;
  const sha512 = `${base64({ alg: 'HS512', kid: 'k1' })}.${base64(body)}`;
  const forgeries = [
    unsigned,
    `${sha512}.${createHmac('sha512', key).update(sha512).digest('base64url')}`,
    await new SignJWT(body).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).sign(privateKey),
    await new SignJWT(body).setProtectedHeader({ alg: 'HS256', kid: 'k1' }).sign(randomBytes(32)),
    await new SignJWT(body).setProtectedHeader({ alg: 'HS256' }).sign(key),
    await signed(undefined, { kid: 'k2' }),
    await signed(undefined, { kid: '__proto__' }),
    await signed((jwt) => jwt.setIssuer('evil')),
    await signed((jwt) => jwt.setAudience('another-api')),
    await signed((jwt) => jwt.setExpirationTime(new Date(Date.now() - 1000))),
    await signed((jwt) => jwt.setNotBefore(new Date(Date.now() + 60_000))),
    await signed((jwt) => jwt.setSubject('not-a-uuid')),
    `${(await signed()).slice(0, -2)}xx`,
    'x'.repeat(100_000),
    '',
  ];
  for (const token of forgeries) await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'unauthenticated' });
});

test('C64: a token without an end is refused', async () => {
  const endless = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
    .setSubject(userId)
    .setIssuer('bizosaas')
    .setAudience('bizosaas-api')
    .sign(key);
  await expect(tokens.verify(endless)).rejects.toMatchObject({ code: 'unauthenticated' });
});

test('a token lives through a rotation: the new key signs, the old one is accepted until it is given up', async () => {
  const [old, next] = [randomBytes(32), randomBytes(32)];
  const { token: before } = await withKeys({ k1: old }).issue(principal);
  const { token: after } = await withKeys({ k1: old, k2: next }).issue(principal);
  await expect(withKeys({ k1: old, k2: next }).verify(before)).resolves.toMatchObject({ principal });
  await expect(withKeys({ k2: next }).verify(after)).resolves.toMatchObject({ principal });
  await expect(withKeys({ k2: next }).verify(before)).rejects.toMatchObject({ code: 'unauthenticated' });
});

test('a token that cannot be judged, as the keys cannot be had, is not called wrong', async () => {
  const away = () => Promise.reject(new Fault('unavailable', 'the secret store does not answer'));
  const { token } = await tokens.issue(principal);
  const judged = createTokens({ current: away, find: away }, async () => digestKey).verify(token);
  await expect(judged).rejects.toMatchObject({ code: 'unavailable' });
});

test('a digest of a body cannot be had without the key, and is the same before and after a rotation', async () => {
  const digest = await tokens.digest('password');
  const others = createTokens(ringOf({ k1: key }), async () => randomBytes(32));
  expect(await others.digest('password')).not.toBe(digest);
  expect(await withKeys({ k2: randomBytes(32) }).digest('password')).toBe(digest);
});

test('a named UUID is a UUID, the same for one name and another for another', () => {
  const [a, b] = [namedUuid('tenant a'), namedUuid('tenant b')];
  expect(a).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect(namedUuid('tenant a')).toBe(a);
  expect(b).not.toBe(a);
});
