import { createHmac, randomBytes } from 'node:crypto';
import OAuth from 'oauth-1.0a';

interface Pair {
  key: string;
  secret: string;
}

export interface Signing {
  algorithm: 'HMAC-SHA1' | 'HMAC-SHA256';
  consumer: Pair;
  token?: Pair;
  method: string;
  url: string;
  /** Parameters of a form body, and those of the protocol such as `oauth_callback`. */
  params?: Record<string, string>;
}

/** The Authorization header of one request that is signed by OAuth 1.0a (RFC 5849). JSON bodies are not signed. */
export function signedHeader(signing: Signing): string {
  const { protocol, request } = signer(signing);
  const signed = protocol.authorize(request, signing.token);
  const own = Object.entries(signing.params ?? {}).filter(([name]) => name.startsWith('oauth_'));
  return protocol.toHeader({ ...signed, ...Object.fromEntries(own) }).Authorization;
}

/** The same in the query, where some servers alone look for it. */
export function signedUrl(signing: Signing): string {
  const { protocol, request } = signer(signing);
  const url = new URL(signing.url);
  for (const [name, value] of Object.entries(protocol.authorize(request, signing.token))) {
    if (name.startsWith('oauth_')) url.searchParams.set(name, String(value));
  }
  return url.href;
}

export function signer({ algorithm, consumer, method, url, params = {} }: Signing) {
  const digest = algorithm === 'HMAC-SHA1' ? 'sha1' : 'sha256';
  const protocol = new OAuth({
    consumer,
    signature_method: algorithm,
    hash_function: (base, key) => createHmac(digest, key).update(base).digest('base64'),
  });
  // The library's own nonce does not come from a secure source.
  protocol.getNonce = () => randomBytes(16).toString('hex');
  // It also splits a query at every `=` and leaves `+` as it is, so that the query is read here.
  const { origin, pathname, searchParams } = new URL(url);
  const data: Record<string, string[]> = {};
  for (const [name, value] of [...searchParams, ...Object.entries(params)]) (data[name] ??= []).push(value);
  return { protocol, request: { method, url: origin + pathname, data } };
}
