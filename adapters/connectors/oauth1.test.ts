import { expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { signedHeader, signer } from './oauth1.ts';
import type { Signing } from './oauth1.ts';

const PHOTOS = { key: 'dpf43f3p2l4k3l03', secret: 'kd94hf93k423kf44' };
const TOKEN = { key: 'nnch734d00sl2jdk', secret: 'pfkkdhi9sl3r4s00' };

/** The signature of a request whose protocol parameters are given, as the published examples have them. */
function signature(signing: Signing, data: Record<string, string>): string {
  const { protocol, request } = signer(signing);
  const common = { oauth_consumer_key: signing.consumer.key, oauth_signature_method: signing.algorithm };
  return protocol.getSignature(request, signing.token?.secret, { ...common, ...data } as never);
}

const twitter = (version: string): Signing => ({
  algorithm: 'HMAC-SHA1',
  consumer: { key: 'xvz1evFS4wEEPTGEFPHBog', secret: 'kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw' },
  token: {
    key: '370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb',
    secret: 'LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE',
  },
  method: 'post',
  url: `https://api.twitter.com/${version}/statuses/update.json?include_entities=true`,
  params: { status: 'Hello Ladies + Gentlemen, a signed OAuth request!' },
});

test.each([
  ['1', 'tnnArxj06cWHq44gCs1OSKk/jLY='],
  ['1.1', 'hCtSmYh+iHYCEqBWrE7C7hYmtUk='],
])('Twitter’s published example, API %s', (version, expected) => {
  const signing = twitter(version);
  const data = {
    oauth_nonce: 'kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg',
    oauth_timestamp: '1318622958',
    oauth_token: signing.token?.key ?? '',
    oauth_version: '1.0',
  };
  expect(signature(signing, data)).toBe(expected);
});

test('the example of OAuth Core 1.0: the photos', () => {
  const signing: Signing = {
    algorithm: 'HMAC-SHA1',
    consumer: PHOTOS,
    token: TOKEN,
    method: 'GET',
    url: 'http://photos.example.net/photos?file=vacation.jpg&size=original',
  };
  const data = {
    oauth_nonce: 'kllo9940pd9333jh',
    oauth_timestamp: '1191242096',
    oauth_token: TOKEN.key,
    oauth_version: '1.0',
  };
  expect(signature(signing, data)).toBe('tR3+Ty81lMeYAr/Fid0kMTYa/WM=');
});

test.each<[string, Partial<Signing>, Record<string, string>, string]>([
  [
    'temporary credentials',
    {
      method: 'POST',
      url: 'https://photos.example.net/initiate',
      params: { oauth_callback: 'http://printer.example.com/ready' },
    },
    { oauth_timestamp: '137131200', oauth_nonce: 'wIjqoS' },
    '74KNZJeDHnMBp0EMJ9ZHt/XKycU=',
  ],
  [
    'token credentials',
    {
      method: 'POST',
      url: 'https://photos.example.net/token',
      token: { key: 'hh5s93j4hdidpola', secret: 'hdhd0244k9j7ao03' },
      params: { oauth_verifier: 'hfdp7dh39dks9884' },
    },
    { oauth_timestamp: '137131201', oauth_nonce: 'walatlh', oauth_token: 'hh5s93j4hdidpola' },
    'gKgrFCywp7rO0OXSjdot/IHF7IU=',
  ],
  [
    'the photo itself',
    { method: 'GET', url: 'http://photos.example.net/photos?file=vacation.jpg&size=original', token: TOKEN },
    { oauth_timestamp: '137131202', oauth_nonce: 'chapoH', oauth_token: TOKEN.key },
    'MdpQcU8iPSUjWoN/UDMsK2sui9I=',
  ],
])('RFC 5849 §1.2: %s', (_step, part, data, expected) => {
  const signing: Signing = { algorithm: 'HMAC-SHA1', consumer: PHOTOS, method: 'POST', url: '', ...part };
  expect(signature(signing, data)).toBe(expected);
});

test('RFC 5849 §3.4.1.1: the base string, with a name that comes twice, empty values and odd characters', () => {
  const { protocol, request } = signer({
    algorithm: 'HMAC-SHA1',
    consumer: { key: '9djdj82h48djs9d2', secret: 'j49sk3j29djd' },
    method: 'POST',
    url: 'http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b',
    params: { c2: '', a3: '2 q' },
  });
  const data = {
    oauth_consumer_key: '9djdj82h48djs9d2',
    oauth_token: 'kkk9d7dh3k39sjv7',
    oauth_signature_method: 'HMAC-SHA1',
    oauth_timestamp: 137131201,
    oauth_nonce: '7d8f3e4a',
  };
  expect(protocol.getBaseString(request, data as never)).toBe(
    'POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26' +
      'c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26' +
      'oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7',
  );
});

test('a signed header holds all that the other side needs to check it, by SHA-256 as well, and no secret', () => {
  const signing: Signing = {
    algorithm: 'HMAC-SHA256',
    consumer: { key: 'ck', secret: 'cs-canary&/' },
    token: { key: 'tk', secret: 'ts-canary+' },
    method: 'GET',
    url: 'https://shop.test/rest/V1/orders?searchCriteria%5BpageSize%5D=100&q=a+b',
  };
  const header = signedHeader(signing);
  const said = Object.fromEntries(
    [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, decodeURIComponent(value ?? '')]),
  ) as Record<string, string>;
  expect(header).toMatch(/^OAuth /);
  expect(header).not.toContain('canary');
  expect(said).toMatchObject({ oauth_consumer_key: 'ck', oauth_token: 'tk', oauth_version: '1.0' });
  expect(Math.abs(Number(said['oauth_timestamp']) - Date.now() / 1000)).toBeLessThan(5);
  const escape = (text: string) => encodeURIComponent(text);
  const signed = [
    ...Object.entries(said).filter(([name]) => name !== 'oauth_signature'),
    ['q', 'a b'],
    ['searchCriteria[pageSize]', '100'],
  ]
    .map(([name = '', value = '']) => `${escape(name)}=${escape(value)}`)
    .sort()
    .join('&');
  const base = ['GET', 'https://shop.test/rest/V1/orders', signed].map(escape).join('&');
  const expected = createHmac('sha256', `${escape('cs-canary&/')}&${escape('ts-canary+')}`).update(base);
  expect(said['oauth_signature']).toBe(expected.digest('base64'));
  expect(signedHeader(signing)).not.toBe(header);
});
