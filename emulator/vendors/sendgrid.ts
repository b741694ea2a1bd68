import { randomBytes } from 'node:crypto';
import {
  askedHost,
  json,
  jsonBody,
  list,
  record,
  route,
  router,
  tokenIn,
  type Call,
  type Handler,
  type Reply,
} from '../http.ts';
import type { Origin } from '../world.ts';
import { createApiKeys, type ApiKey, type KeyVendor } from './api-keys.ts';

/** The two accounts: one on the global host, one pinned to the EU's. A key of one is unknown at the other's. */
const EU_HOST = 'api.eu.sendgrid.com';
const KEYS_MAX = 100;

const ASSIGNABLE = [
  ...['api_keys.create', 'api_keys.delete', 'api_keys.read', 'api_keys.update'],
  ...['mail.send', 'marketing.read', 'templates.read', 'suppression.read', 'user.username.read'],
  ...['user.webhooks.event.settings.read', 'user.webhooks.event.settings.update'],
];
/** What an account may, and no key can be given: they stand in the list of scopes all the same. */
const OF_THE_ACCOUNT = ['2fa_required', 'sender_verification_eligible'];

export function createSendgrid(origin: Origin): KeyVendor {
  const part = (bytes: number) => randomBytes(bytes).toString('base64url');
  // The middle part of a key's text is its id.
  const textOf = (id: string, rest: string) => ({ id, secret: `SG.${id}.${rest}` });
  const firstOf = (account: string, id: string) => ({
    ...textOf(id, 'emulated-emulated-emulated-emulated-emulate'),
    ...{ name: 'made by hand', account, scopes: ASSIGNABLE },
  });
  const keys = createApiKeys(origin, {
    vendor: 'sendgrid',
    spell: () => textOf(part(16), part(32)),
    first: [firstOf('global', 'emulatedGlobalKey00000'), firstOf('eu', 'emulatedEuropeanKey000')],
    scopes: ASSIGNABLE,
  });

  const asCaller =
    (scope: string | null, answer: (key: ApiKey, call: Call, ...params: string[]) => Reply): Handler =>
    (call, ...params) => {
      const region = askedHost(call) === EU_HOST ? 'eu' : 'global';
      const text = tokenIn(call, 'Bearer');
      const key = keys.used(({ secret, account }) => secret === text && account === region);
      if (!key) return refused(401, 'The provided authorization grant is invalid, expired, or revoked');
      return scope === null || key.scopes.includes(scope)
        ? answer(key, call, ...params)
        : refused(403, 'access forbidden');
    };

  const create = asCaller('api_keys.create', (asking, call) => {
    const given = record(jsonBody(call));
    const { name } = given;
    if (typeof name !== 'string' || name === '') return refused(400, 'missing required argument', 'name');
    if (keys.of(asking.account).length >= KEYS_MAX) return refused(403, 'maximum number of keys reached', 'name');
    const scopes = 'scopes' in given ? list(given['scopes']).map(String) : ASSIGNABLE;
    if (scopes.length === 0 || scopes.some((scope) => !asking.scopes.includes(scope)))
      return refused(400, 'one or more of your assigned permissions is invalid', 'scopes');
    const made = keys.add({ name, account: asking.account, scopes });
    return json(201, { api_key: made.secret, api_key_id: made.id, name, scopes });
  });

  return {
    handle: router(
      [
        route(
          'GET',
          '/v3/scopes',
          asCaller(null, ({ scopes }) => json(200, { scopes: [...scopes, ...OF_THE_ACCOUNT] })),
        ),
        route(
          'GET',
          '/v3/user/username',
          asCaller('user.username.read', () => json(200, { username: 'kornblume', user_id: 15_443_219 })),
        ),
        route(
          'GET',
          '/v3/api_keys',
          asCaller('api_keys.read', ({ account }, { query }) => {
            const found = keys.of(account).slice(0, Number(query.get('limit') ?? KEYS_MAX));
            return json(200, { result: found.map(({ id, name }) => ({ api_key_id: id, name })) });
          }),
        ),
        route('POST', '/v3/api_keys', create),
        route(
          'DELETE',
          '/v3/api_keys/:id',
          asCaller('api_keys.delete', ({ account }, _call, id = '') => {
            const known = keys.of(account).some((key) => key.id === id);
            return known && keys.remove(id) ? { status: 204 } : refused(404, 'unable to find API Key');
          }),
        ),
      ],
      () => refused(404, 'not found'),
    ),
    keys: keys.control,
    now: origin.now,
  };
}

const refused = (status: number, message: string, field: string | null = null): Reply =>
  json(status, { errors: [{ field, message }] });
