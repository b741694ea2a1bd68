import { randomBytes } from 'node:crypto';
import { json, route, router, tokenIn, type Call, type Handler, type Reply } from '../http.ts';
import type { Origin } from '../world.ts';
import { createApiKeys, type ApiKey, type KeyVendor } from './api-keys.ts';

const ACCOUNTS: Record<string, { name: string; country: string }> = {
  acct_1Qx81bV0aZ3Kornb: { name: 'Kornblume Bakery', country: 'DE' },
  acct_1Qx81bV0aZ3Ferro: { name: 'Ferro SL', country: 'ES' },
};
const SCOPES = ['accounts.read', 'balance.read'];

/** Keys are made and rolled by people in the dashboard: the API has no word for them. */
export function createStripe(origin: Origin): KeyVendor {
  const keys = createApiKeys(origin, {
    vendor: 'stripe',
    spell: () => {
      const text = randomBytes(24).toString('base64url').replace(/[-_]/g, '0');
      return { id: `key_${text.slice(0, 14)}`, secret: `rk_test_51${text}` };
    },
    first: Object.keys(ACCOUNTS).map((account) => ({
      id: `key_${account.slice(-5)}`,
      secret: `rk_test_51emulated${account.slice(-5)}`,
      ...{ name: 'made by hand', account, scopes: SCOPES },
    })),
    scopes: SCOPES,
  });

  const asCaller =
    (scope: string, answer: (key: ApiKey) => Reply): Handler =>
    (call) => {
      const text = tokenIn(call, 'Bearer') ?? basicUser(call);
      const key = keys.used(({ secret }) => secret === text);
      if (!key) return refused(401, `Invalid API Key provided: ${(text ?? '').slice(0, 8)}***`);
      const lacks = 'The provided key does not have the required permissions for this endpoint.';
      return key.scopes.includes(scope) ? answer(key) : refused(403, lacks);
    };

  return {
    handle: router(
      [
        route(
          'GET',
          '/v1/account',
          asCaller('accounts.read', ({ account }) => {
            const { name, country } = ACCOUNTS[account] ?? { name: null, country: null };
            return json(200, {
              id: account,
              object: 'account',
              business_profile: { name },
              ...{ charges_enabled: true, country, default_currency: 'eur', type: 'standard' },
              settings: { dashboard: { display_name: name, timezone: 'Europe/Berlin' } },
            });
          }),
        ),
        route(
          'GET',
          '/v1/balance',
          asCaller('balance.read', () =>
            json(200, { object: 'balance', livemode: false, available: [{ amount: 129_900, currency: 'eur' }] }),
          ),
        ),
      ],
      ({ method, path }) => refused(404, `Unrecognized request URL (${method}: ${path}).`),
    ),
    keys: keys.control,
    now: origin.now,
  };
}

/** The key may also be the user name of a login without a password. */
const basicUser = (call: Call): string | undefined =>
  Buffer.from(tokenIn(call, 'Basic') ?? '', 'base64')
    .toString('utf8')
    .split(':')[0];

const refused = (status: number, message: string): Reply =>
  json(status, { error: { message, type: 'invalid_request_error' } });
