import { createHmac, timingSafeEqual } from 'node:crypto';

export type SignatureMethod = 'HMAC-SHA1' | 'HMAC-SHA256';

export interface Signed {
  method: string;
  /** As the one who signed meant it: scheme, host, path; its query is not looked at. */
  url: string;
  /** All that is signed: the protocol's own, the query's and those of a form; neither realm nor the signature. */
  params: [name: string, value: string][];
}

/** RFC 5849 §3.6: only letters, digits and `-._~` stay as they are. */
export const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

/** RFC 5849 §3.4.1. */
export function baseString({ method, url, params }: Signed): string {
  const { protocol, host, pathname } = new URL(url);
  const sorted = params
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([name, value], [otherName, otherValue]) => order(name, otherName) || order(value, otherValue))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  return [method.toUpperCase(), `${protocol}//${host}${pathname}`, sorted].map(encode).join('&');
}

export function signature(signed: Signed, using: SignatureMethod, consumerSecret: string, tokenSecret = ''): string {
  const key = `${encode(consumerSecret)}&${encode(tokenSecret)}`;
  const algorithm = using === 'HMAC-SHA1' ? 'sha1' : 'sha256';
  return createHmac(algorithm, key).update(baseString(signed)).digest('base64');
}

export function same(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const order = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
