import { askedHost, type Call } from '../http.ts';
import { CLIENT, type Clients } from '../oauth/clients.ts';
import { readRequest, type OAuthRequest } from './request.ts';
import { same, signature, type SignatureMethod } from './signature.ts';

/** In the words of the old OAuth problem reporting extension, which vendors still use. */
export type Problem =
  | 'parameter_absent'
  | 'version_rejected'
  | 'signature_method_rejected'
  | 'consumer_key_rejected'
  | 'token_rejected'
  | 'timestamp_refused'
  | 'nonce_used'
  | 'signature_invalid';

const REQUIRED = ['oauth_consumer_key', 'oauth_signature_method', 'oauth_signature', 'oauth_timestamp', 'oauth_nonce'];
const WINDOW_SECONDS = 300;

interface Parts {
  method: SignatureMethod;
  clients: Clients;
  now: () => number;
}

/** `secretOf`: of the token that the request names; undefined when there is no such token. */
export type Guard = (call: Call, secretOf: (token: string | undefined) => string | undefined) => OAuthRequest | Problem;

/** Believes a signed request once, within five minutes of the vendor's clock. */
export function createGuard({ method, clients, now }: Parts): Guard {
  const seen = new Map<string, number>();
  const replayed = (key: string, seconds: number): boolean => {
    for (const [old, at] of seen) if (at < seconds - 2 * WINDOW_SECONDS) seen.delete(old);
    const known = seen.has(key);
    seen.set(key, seconds);
    return known;
  };

  return (call, secretOf) => {
    const request = readRequest(call);
    const { protocol, signed } = request;
    if (REQUIRED.some((name) => !protocol[name])) return 'parameter_absent';
    if ((protocol['oauth_version'] ?? '1.0') !== '1.0') return 'version_rejected';
    if (protocol['oauth_signature_method'] !== method) return 'signature_method_rejected';
    if (!clients.knows(protocol['oauth_consumer_key'] ?? null)) return 'consumer_key_rejected';
    const tokenSecret = secretOf(protocol['oauth_token']);
    if (tokenSecret === undefined) return 'token_rejected';

    const expected = signature(
      { method: call.method, url: meantUrl(call), params: signed },
      method,
      CLIENT.secret,
      tokenSecret,
    );
    if (!same(expected, protocol['oauth_signature'] ?? '')) return 'signature_invalid';
    const [seconds, timestamp] = [now() / 1000, Number(protocol['oauth_timestamp'])];
    if (!(Math.abs(seconds - timestamp) <= WINDOW_SECONDS)) return 'timestamp_refused';
    const used = [timestamp, protocol['oauth_token'] ?? '', protocol['oauth_nonce'] ?? ''].join(' ');
    return replayed(used, seconds) ? 'nonce_used' : request;
  };
}

/** The URL that was signed: the vendor's own when the caller's client put us in the vendor's place. */
function meantUrl(call: Call): string {
  const host = askedHost(call);
  return host === undefined ? `${call.base}${call.path}` : `https://${host}${call.path}`;
}
