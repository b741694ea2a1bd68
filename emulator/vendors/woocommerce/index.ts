import { createHmac, randomBytes } from 'node:crypto';
import { json, route, router, type Call, type Reply } from '../../http.ts';
import type { Collection } from '../../records/collection.ts';
import type { Delivery, RecordsControl } from '../../records/control.ts';
import { createLimiter } from '../../records/limiter.ts';
import type { Origin } from '../../world.ts';
import { createApiKeys, type KeyVendor } from '../api-keys.ts';
import { createAccess } from './access.ts';
import { wcError } from './errors.ts';
import { KINDS } from './kinds.ts';
import { createRecords, restRoutes, type Guarded } from './rest.ts';

const ROOT = '/wp-json/wc/v3';
const ACCOUNT = 'kornblume';

/** One store, at the root of the mount. Its keys are made by people in the shop's settings. */
export function createWoocommerce(origin: Origin): KeyVendor {
  const { now } = origin;
  const keys = createApiKeys(origin, {
    vendor: 'woocommerce',
    spell: () => ({ id: `ck_${randomBytes(20).toString('hex')}`, secret: `cs_${randomBytes(20).toString('hex')}` }),
    first: [
      { id: 'ck_emulated', secret: 'cs_emulated', name: 'for reading and writing', account: ACCOUNT, scopes: ALL },
      { id: 'ck_readonly', secret: 'cs_readonly', name: 'for reading', account: ACCOUNT, scopes: ['read'] },
    ],
    scopes: ALL,
  });
  const limiter = createLimiter(now);
  const access = createAccess({ used: keys.used, all: () => keys.of(ACCOUNT), now });

  const guarded: Guarded =
    (needs, answer) =>
    (call, id = '') => {
      const caller = access(call);
      if (caller === null) {
        return wcError(401, 'woocommerce_rest_cannot_view', 'Sorry, you cannot list resources.');
      }
      if ('status' in caller) return caller;
      if (!caller.scopes.includes(needs)) {
        const told = `The API key provided does not have ${needs} permissions.`;
        return wcError(401, 'woocommerce_rest_authentication_error', told);
      }
      // The store has no limit; what stands in front of it may have one.
      if (limiter.take()?.ok === false)
        return { status: 429, headers: { 'retry-after': '1' }, body: 'Too Many Requests' };
      return answer(call, id);
    };

  const stores = Object.fromEntries(KINDS.map((kind) => [kind.name, createRecords(kind, now)]));
  const routes = KINDS.flatMap((kind) => restRoutes(kind, stores[kind.name] as Collection, ROOT, guarded));
  const collections = Object.fromEntries(KINDS.map(({ name }) => [name, (stores[name] as Collection).control]));
  return {
    handle: router(
      [
        route('GET', '/wp-json', index),
        route(
          'GET',
          `${ROOT}/system_status`,
          guarded('read', ({ base }) => json(200, { environment: { site_url: base, version: '9.8.1' } })),
        ),
        ...routes,
      ],
      () => wcError(404, 'rest_no_route', 'No route was found matching the URL and request method.'),
    ),
    keys: keys.control,
    now,
    records: { collections, limiter: limiter.control, delivery: deliveries(stores), handshake },
  };
}

const ALL = ['read', 'write'];

const index = ({ base }: Call): Reply =>
  json(200, {
    name: 'Kornblume shop',
    url: base,
    home: base,
    namespaces: ['oembed/1.0', 'wp/v2', 'wc/v1', 'wc/v2', 'wc/v3'],
    authentication: [],
    routes: {},
  });

const WEBHOOK_ID = '12';

const deliveries =
  (stores: Record<string, Collection>): NonNullable<RecordsControl['delivery']> =>
  ({ collection, id, kind, secret, eventId }) => {
    const store = KINDS.find(({ name }) => name === collection);
    const kept = stores[collection]?.get(id);
    const body = JSON.stringify(kept && store && kind !== 'delete' ? store.shown(kept, '') : { id: Number(id) });
    const event = { create: 'created', update: 'updated', delete: 'deleted' }[kind];
    const resource = collection.replace(/s$/, '');
    return posted('application/json', body, {
      'x-wc-webhook-source': 'https://shop.kornblume.example/',
      'x-wc-webhook-topic': `${resource}.${event}`,
      'x-wc-webhook-resource': resource,
      'x-wc-webhook-event': event,
      'x-wc-webhook-signature': createHmac('sha256', secret).update(body).digest('base64'),
      'x-wc-webhook-id': WEBHOOK_ID,
      'x-wc-webhook-delivery-id': eventId,
    });
  };

/** On creation and activation: a ping that nobody signed. */
const handshake: NonNullable<RecordsControl['handshake']> = () => ({
  ...posted('application/x-www-form-urlencoded', `webhook_id=${WEBHOOK_ID}`, {}),
  expects: '',
});

const posted = (type: string, body: string, headers: Record<string, string>): Delivery => ({
  method: 'POST',
  query: '',
  headers: { 'content-type': type, ...headers },
  body,
});
