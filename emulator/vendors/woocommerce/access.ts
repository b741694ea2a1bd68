import { tokenIn, type Call, type Reply } from '../../http.ts';
import { readRequest } from '../../oauth1/request.ts';
import { same, signature } from '../../oauth1/signature.ts';
import type { ApiKey } from '../api-keys.ts';
import { wcError } from './errors.ts';

const WINDOW_SECONDS = 900;

const refused = (message: string): Reply => wcError(401, 'woocommerce_rest_authentication_error', message);

interface Keys {
  /** Key and secret; counted as a use. */
  used: (is: (key: ApiKey) => boolean) => ApiKey | undefined;
  all: () => ApiKey[];
  now: () => number;
}

/**
 * Who asks: by Basic, by the two in the query, or by a signature over the request (OAuth 1.0a without a token), which may
 * stand in the header or in the query. Null: nobody.
 */
export function createAccess({ used, all, now }: Keys): (call: Call) => ApiKey | Reply | null {
  const nonces = new Set<string>();

  const byPair = (id: string, secret: string): ApiKey | Reply =>
    used((key) => key.id === id && key.secret === secret) ??
    refused(all().some((key) => key.id === id) ? 'Consumer secret is invalid.' : 'Consumer key is invalid.');

  const bySignature = (call: Call): ApiKey | Reply => {
    const { protocol, signed } = readRequest(call);
    const method = protocol['oauth_signature_method'];
    const key = all().find(({ id }) => id === protocol['oauth_consumer_key']);
    if (!key) return refused('Consumer key is invalid.');
    if (method !== 'HMAC-SHA256' && method !== 'HMAC-SHA1') return refused('Invalid signature - signature method.');
    const asked = { method: call.method, url: `${call.base}${call.path}`, params: signed };
    if (!same(signature(asked, method, key.secret), protocol['oauth_signature'] ?? '')) {
      return refused('Invalid signature - provided signature does not match.');
    }
    if (!(Math.abs(now() / 1000 - Number(protocol['oauth_timestamp'])) <= WINDOW_SECONDS)) {
      return refused('Invalid timestamp.');
    }
    const nonce = `${protocol['oauth_timestamp'] ?? ''} ${protocol['oauth_nonce'] ?? ''}`;
    if (nonces.has(nonce)) return refused('Invalid nonce - nonce has already been used.');
    nonces.add(nonce);
    return used(({ id }) => id === key.id) ?? refused('Consumer key is invalid.');
  };

  return (call) => {
    const basic = tokenIn(call, 'Basic');
    if (basic !== undefined) {
      const [id = '', secret = ''] = Buffer.from(basic, 'base64').toString('utf8').split(':');
      return byPair(id, secret);
    }
    const [id, secret] = [call.query.get('consumer_key'), call.query.get('consumer_secret')];
    if (id !== null && secret !== null) return byPair(id, secret);
    return readRequest(call).protocol['oauth_consumer_key'] === undefined ? null : bySignature(call);
  };
}
