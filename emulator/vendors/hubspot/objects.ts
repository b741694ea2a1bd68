import { json, jsonBody, list, record, type Call, type Reply } from '../../http.ts';
import { apiError, invalid } from './errors.ts';
import { namesIn, shown, written } from './properties.ts';
import type { CrmRecord, Store, Values } from './store.ts';

const MAX_PAGE = 100;
const MAX_BATCH = 100;

export function listObjects(store: Store, { query, base }: Call): Reply {
  const { kind } = store;
  const limit = Number(query.get('limit') ?? 10);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) {
    return invalid(`limit must be between 1 and ${MAX_PAGE}, was ${query.get('limit') ?? ''}`);
  }
  const after = query.get('after');
  if (after !== null && !/^\d+$/.test(after)) return invalid(`after is not a paging cursor: ${after}`);
  const names = query.getAll('properties').flatMap(namesIn);
  const archived = query.get('archived') === 'true';
  const page = archived ? { records: [...store.bin.values()], next: null } : store.from(placeOf(store, after), limit);
  const results = page.records.map((held) => shown(kind, held, names, archived));
  if (page.next === null) return json(200, { results });
  const from = String(kind.firstId + page.next);
  const next = new URLSearchParams(query);
  next.set('after', from);
  const link = `${base}/crm/objects/2026-09/${kind.name}?${next.toString()}`;
  return json(200, { results, paging: { next: { after: from, link } } });
}

const placeOf = ({ kind }: Store, after: string | null): number =>
  after === null ? 0 : Math.max(0, Number(after) - kind.firstId);

export function getObject(store: Store, { query }: Call, id: string): Reply {
  const archived = query.get('archived') === 'true';
  const held = archived ? store.bin.get(id) : store.get(id);
  return held ? json(200, shown(store.kind, held, query.getAll('properties').flatMap(namesIn), archived)) : missing(id);
}

/** By id, or by the property that `idProperty` names. What is not there is told beside what is. */
export function readBatch(store: Store, call: Call): Reply {
  const body = record(jsonBody(call));
  const inputs = list(body['inputs']).map((input) => String(record(input)['id']));
  const by = body['idProperty'];
  if (inputs.length === 0 || inputs.length > MAX_BATCH) return invalid(`inputs must hold 1 to ${MAX_BATCH} ids`);
  if (by !== undefined && by !== store.kind.unique) return invalid(`${JSON.stringify(by)} is not a unique property`);
  const names = list(body['properties']).filter((name) => typeof name === 'string');
  const found = inputs.map((id) => (by === undefined ? store.get(id) : store.holder(id)));
  const absent = inputs.filter((_id, place) => !found[place]);
  const results = found.flatMap((held) => (held ? [shown(store.kind, held, names)] : []));
  const errors = [{ status: 'error', category: 'OBJECT_NOT_FOUND', message: 'Could not get some objects' }];
  return absent.length === 0
    ? json(200, { status: 'COMPLETE', results })
    : json(207, { status: 'COMPLETE', results, numErrors: errors.length, errors });
}

export function createObject(store: Store, call: Call): Reply {
  const body = jsonBody(call);
  if (record(body)['properties'] === undefined) return invalid('properties is required');
  const { values, unknown } = written(store.kind, body);
  const problem = refused(values, unknown) ?? taken(store, values);
  if (problem) return problem;
  const held = store.create(values);
  return json(201, shown(store.kind, held, Object.keys(values)));
}

export function updateObject(store: Store, call: Call, id: string): Reply {
  const held = store.get(id);
  if (!held) return missing(id);
  const { values, unknown } = written(store.kind, jsonBody(call));
  const problem = refused(values, unknown) ?? taken(store, values, held);
  if (problem) return problem;
  return json(200, shown(store.kind, store.update(held, { ...held.body, ...values }), Object.keys(values)));
}

/** To the recycle bin; a second time answers the same, as the vendor does. */
export function archiveObject(store: Store, _call: Call, id: string): Reply {
  store.archive(id);
  return { status: 204 };
}

const missing = (id: string): Reply =>
  apiError(404, 'OBJECT_NOT_FOUND', `Object not found. objectId are usually numeric: ${id}`);

function refused(values: Values, unknown: string[]): Reply | undefined {
  if (unknown.length > 0) {
    const errors = unknown.map((name) => ({
      message: `Property "${name}" does not exist`,
      code: 'PROPERTY_DOESNT_EXIST',
      context: { propertyName: [name] },
    }));
    return invalid(`Property values were not valid: ${unknown.join(', ')}`, errors);
  }
  if (values['email'] && !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(values['email'])) {
    return invalid(`Email address ${values['email']} is invalid`, [
      { message: 'Email address is invalid', code: 'INVALID_EMAIL', in: 'email' },
    ]);
  }
  return undefined;
}

function taken(store: Store, values: Values, self?: CrmRecord): Reply | undefined {
  const holder = store.holder(values[store.kind.unique ?? '']);
  if (!holder || holder === self) return undefined;
  return apiError(409, 'CONFLICT', `Contact already exists. Existing ID: ${holder.id}`);
}
