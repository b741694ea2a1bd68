import { randomBytes } from 'node:crypto';
import { json, route, router, tokenIn, type Call, type Handler, type Reply } from '../../http.ts';
import type { Collection } from '../../records/collection.ts';
import { createLimiter } from '../../records/limiter.ts';
import type { Origin } from '../../world.ts';
import { createApiKeys, type ApiKey, type KeyVendor } from '../api-keys.ts';
import { deliveryOf } from './events.ts';
import { createIdempotency } from './idempotency.ts';
import { listObjects } from './list.ts';
import { createObjects, KINDS, shown, wasThere } from './objects.ts';
import { missing, refused } from './refusals.ts';
import { createObject, deleteObject, updateObject } from './write.ts';

const ACCOUNTS: Record<string, { name: string; country: string }> = {
  acct_1Qx81bV0aZ3Kornb: { name: 'Kornblume Bakery', country: 'DE' },
  acct_1Qx81bV0aZ3Ferro: { name: 'Ferro SL', country: 'ES' },
};
const SCOPES = [
  'accounts.read',
  'balance.read',
  ...Object.keys(KINDS).flatMap((name) => [`${name}.read`, `${name}.write`]),
];

/** Keys are made and rolled by people in the dashboard: the API has no word for them. Both accounts show the same records. */
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
  const objects = createObjects(origin.now);
  const limiter = createLimiter(origin.now);
  const once = createIdempotency();

  const asCaller =
    (scope: string, answer: (key: ApiKey, call: Call, id: string) => Reply): Handler =>
    (call, id = '') => {
      const text = tokenIn(call, 'Bearer') ?? basicUser(call);
      const key = keys.used(({ secret }) => secret === text);
      if (!key) return refused(401, `Invalid API Key provided: ${(text ?? '').slice(0, 8)}***`);
      const lacks = 'The provided key does not have the required permissions for this endpoint.';
      if (!key.scopes.includes(scope)) return refused(403, lacks);
      return limiter.take()?.ok === false ? tooMany() : answer(key, call, id);
    };
  const resource = (name: string, collection: Collection) => [
    route(
      'GET',
      `/v1/${name}`,
      asCaller(`${name}.read`, (_key, call) => listObjects(name, collection, call)),
    ),
    route(
      'GET',
      `/v1/${name}/:id`,
      asCaller(`${name}.read`, (_key, _call, id) => getObject(name, collection, id)),
    ),
    route(
      'POST',
      `/v1/${name}`,
      asCaller(`${name}.write`, (_key, call) => once(call, () => createObject(name, collection, call))),
    ),
    route(
      'POST',
      `/v1/${name}/:id`,
      asCaller(`${name}.write`, (_key, call, id) => once(call, () => updateObject(name, collection, call, id))),
    ),
    route(
      'DELETE',
      `/v1/${name}/:id`,
      asCaller(`${name}.write`, (_key, _call, id) => deleteObject(name, collection, id)),
    ),
  ];

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
        ...Object.entries(objects).flatMap(([name, collection]) => resource(name, collection)),
      ],
      ({ method, path }) => refused(404, `Unrecognized request URL (${method}: ${path}).`),
    ),
    keys: keys.control,
    now: origin.now,
    records: {
      collections: Object.fromEntries(Object.entries(objects).map(([name, { control }]) => [name, control])),
      limiter: limiter.control,
      delivery: deliveryOf(objects, origin.now),
    },
  };
}

/** A customer that was deleted is still named as one. */
function getObject(name: string, collection: Collection, id: string): Reply {
  const kind = KINDS[name];
  const record = collection.get(id);
  if (kind && record) return json(200, shown(kind, record));
  if (kind?.removes === 'stub' && wasThere(kind, id)) return json(200, { id, object: kind.object, deleted: true });
  return missing(kind?.object ?? name, id);
}

/** The vendor says why, and not for how long. */
const tooMany = (): Reply => {
  const { status, headers, body } = refused(429, 'Too many requests in a period of time.', { code: 'rate_limit' });
  return { status, headers: { ...headers, 'stripe-rate-limited-reason': 'global-rate' }, body: body ?? '' };
};

/** The key may also be the user name of a login without a password. */
const basicUser = (call: Call): string | undefined =>
  Buffer.from(tokenIn(call, 'Basic') ?? '', 'base64')
    .toString('utf8')
    .split(':')[0];
