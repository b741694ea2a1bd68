import { json, jsonBody, list, record, type Call, type Reply } from '../../http.ts';
import { createCollection, type Collection, type Kept } from '../../records/collection.ts';

const PAGE_MAX = 200;
const DEFAULT_PAGE = 50;
const property = (place: number): string => `properties/${331_204_877 + (place % 2)}`;

export const problem = (code: number, status: string, message: string): Reply =>
  json(code, { error: { code, message, status } });

/** One kind of what the Admin API keeps. Its list is read under a parent; `items` is the list's name in the answer. */
interface Kind {
  items: string;
  collection: Collection;
  needs: string[];
  /** Of a new one: what comes before its number. */
  under: (call: Call) => string;
}

/** Accounts, properties and what lies below a property, all named by their path. */
export function createAdmin(now: () => number) {
  let asked: string | undefined;
  const kept = (first: (place: number) => string, make: (place: number) => Record<string, unknown>) =>
    createCollection<Record<string, unknown>>({
      now,
      count: 4,
      spell: (place) => {
        const name = asked === undefined ? first(place) : `${asked}/${900_000_000 + place}`;
        asked = undefined;
        return name;
      },
      make,
      edit: (body) => ({
        ...body,
        ...('displayName' in body
          ? { displayName: `${String(body['displayName'])} (edited)` }
          : { custom: body['custom'] !== true }),
      }),
    });

  const accounts = kept(
    (place) => `accounts/${104_482_913 + place}`,
    (place) => ({ displayName: place === 0 ? 'Kornblume Bakery' : `Harbor Trading ${place}`, regionCode: 'DE' }),
  );
  const properties = kept(
    (place) => `properties/${331_204_877 + place}`,
    (place) => ({
      ...{ parent: `accounts/${104_482_913 + (place % 2)}`, account: `accounts/${104_482_913 + (place % 2)}` },
      ...{ displayName: `shop-${place}.example`, timeZone: 'Europe/Berlin', currencyCode: 'EUR' },
      ...{ serviceLevel: 'GOOGLE_ANALYTICS_STANDARD', propertyType: 'PROPERTY_TYPE_ORDINARY' },
    }),
  );
  const streams = kept(
    (place) => `${property(place)}/dataStreams/${4_410_029 + place}`,
    (place) => ({
      ...{ type: 'WEB_DATA_STREAM', displayName: `Shop web ${place}` },
      webStreamData: { measurementId: `G-4KX2M1QZ${place}`, defaultUri: 'https://harbor-shop.example' },
    }),
  );
  const events = kept(
    (place) => `${property(place)}/keyEvents/${9_928_811 + place}`,
    (place) => ({ eventName: `purchase_${place}`, deletable: true, custom: false, countingMethod: 'ONCE_PER_EVENT' }),
  );
  const below = (call: Call): string => call.path.replace('/v1beta/', '');
  const kinds: Record<string, Kind> = {
    accounts: { items: 'accounts', collection: accounts, needs: ['displayName'], under: () => 'accounts' },
    properties: {
      items: 'properties',
      collection: properties,
      needs: ['parent', 'displayName', 'timeZone'],
      under: () => 'properties',
    },
    dataStreams: { items: 'dataStreams', collection: streams, needs: ['type', 'displayName'], under: below },
    keyEvents: { items: 'keyEvents', collection: events, needs: ['eventName', 'countingMethod'], under: below },
  };

  const listed = ({ items, collection }: Kind, { query, path }: Call): Reply => {
    const parent = /^parent:(accounts\/\d+)$/.exec(query.get('filter') ?? '')?.[1];
    if (items === 'properties' && parent === undefined)
      return problem(400, 'INVALID_ARGUMENT', 'The filter is missing or invalid: parent:accounts/123 is expected.');
    const size = Math.min(Number(query.get('pageSize') ?? DEFAULT_PAGE), PAGE_MAX);
    if (!Number.isInteger(size) || size < 1) return problem(400, 'INVALID_ARGUMENT', 'pageSize is invalid.');
    const after = Buffer.from(query.get('pageToken') ?? '', 'base64url').toString('utf8');
    if (query.has('pageToken') && !after.includes('/'))
      return problem(400, 'INVALID_ARGUMENT', 'pageToken is invalid.');
    const place = after === '' ? 0 : Number(/\d+$/.exec(after)?.[0] ?? 0);
    const all = collection
      .all()
      .filter(({ id, body }) =>
        parent === undefined
          ? items === 'accounts' || id.startsWith(`${path.replace('/v1beta/', '')}/`)
          : body['parent'] === parent,
      )
      .filter(({ id }) => Number(/\d+$/.exec(id)?.[0] ?? 0) > place);
    const page = all.slice(0, size);
    const next = all.length > page.length ? Buffer.from(page.at(-1)?.id ?? '').toString('base64url') : undefined;
    // An empty list is left out, as everything empty is.
    return json(200, { ...(page.length > 0 && { [items]: page.map(shown) }), ...(next && { nextPageToken: next }) });
  };
  const made = ({ collection, needs, under }: Kind, call: Call): Reply => {
    const body = record(jsonBody(call));
    const lacking = needs.filter((name) => typeof body[name] !== 'string');
    if (lacking.length > 0)
      return problem(400, 'INVALID_ARGUMENT', `Required fields are missing: ${lacking.join(', ')}`);
    asked = under(call);
    return json(200, shown(collection.create({ deletable: true, ...body })));
  };
  const changed = ({ collection }: Kind, found: Kept, call: Call): Reply => {
    const mask = (call.query.get('updateMask') ?? '').split(',').filter(Boolean);
    if (mask.length === 0) return problem(400, 'INVALID_ARGUMENT', 'updateMask is required.');
    const body = record(jsonBody(call));
    const fields = Object.fromEntries(mask.map((name) => [name, body[name]]));
    return json(200, shown(collection.update(found, { ...found.body, ...fields })));
  };

  return {
    collections: {
      ...{ accounts: accounts.control, properties: properties.control },
      ...{ 'data-streams': streams.control, 'key-events': events.control },
    },
    hasProperty: (name: string): boolean => properties.get(name) !== undefined,
    /** Undefined: not a path of this API. */
    answer(call: Call): Reply | undefined {
      const parts = call.path.replace(/^\/v1beta\//, '').split('/');
      const kind = kinds[parts.length % 2 === 1 ? (parts.at(-1) ?? '') : (parts.at(-2) ?? '')];
      if (!kind) return undefined;
      if (parts.length % 2 === 1) {
        if (parts.length === 3 && !properties.get(parts.slice(0, 2).join('/')))
          return problem(403, 'PERMISSION_DENIED', 'The caller does not have permission');
        if (call.method === 'GET') return listed(kind, call);
        return call.method === 'POST' && kind.collection !== accounts ? made(kind, call) : undefined;
      }
      const found = kind.collection.get(parts.join('/'));
      if (!found) return problem(404, 'NOT_FOUND', 'Requested entity was not found.');
      if (call.method === 'GET') return json(200, shown(found));
      if (call.method === 'PATCH') return changed(kind, found, call);
      if (call.method !== 'DELETE') return undefined;
      kind.collection.remove(found.id);
      return json(200, {});
    },
  };
}

const shown = ({ id, body, madeAt, changedAt, broken }: Kept) => ({
  name: id,
  ...body,
  ...(broken && { displayName: undefined, eventName: undefined }),
  createTime: new Date(madeAt).toISOString(),
  ...('eventName' in body ? {} : { updateTime: new Date(changedAt).toISOString() }),
});

export const isWrite = ({ method, path }: Call): boolean => method !== 'GET' && !path.endsWith(':runReport');
export const named = (value: unknown): string[] => list(value).map((one) => String(record(one)['name']));
