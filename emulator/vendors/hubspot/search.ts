import { json, jsonBody, list, record, type Call, type Reply } from '../../http.ts';
import { invalid } from './errors.ts';
import type { Kind } from './kinds.ts';
import { shown, valueOf } from './properties.ts';
import type { CrmRecord, Store } from './store.ts';

const MAX_PAGE = 200;
const MAX_ROWS = 10_000;
const MAX_GROUPS = 5;
const MAX_FILTERS_IN_GROUP = 6;
const MAX_FILTERS = 18;

type Test = (held: CrmRecord) => boolean;

export function searchObjects(store: Store, call: Call): Reply {
  const { kind } = store;
  const body = record(jsonBody(call));
  const limit = Number(body['limit'] ?? 10);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE)
    return invalid(`limit must be between 1 and ${MAX_PAGE}`);
  const offset = Number(body['after'] ?? 0);
  if (!Number.isInteger(offset) || offset < 0) return invalid('after is not a paging cursor');
  if (offset + limit > MAX_ROWS) return invalid(`Search gives at most ${MAX_ROWS} results; narrow the filter instead`);

  const groups = list(body['filterGroups']).map((group) => list(record(group)['filters']).map(record));
  const counts = groups.map(({ length }) => length);
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (groups.length > MAX_GROUPS || total > MAX_FILTERS || counts.some((count) => count > MAX_FILTERS_IN_GROUP)) {
    return invalid('too many filters or filter groups');
  }
  const tests = groups.map((filters) => filters.map((filter) => testOf(kind, filter)));
  if (tests.flat().includes(undefined))
    return invalid('a filter needs propertyName and a known operator, and its value');

  const words = typeof body['query'] === 'string' ? body['query'].toLowerCase() : '';
  const matches = store
    .all()
    .filter((held) => tests.length === 0 || tests.some((all) => all.every((test) => test?.(held))))
    .filter((held) => words === '' || Object.values(held.body).some((value) => value.toLowerCase().includes(words)));
  const [sort] = list(body['sorts']);
  const sorted = sort === undefined ? matches : matches.sort(order(kind, sort));
  const rows = sorted.slice(offset, offset + limit);
  const names = list(body['properties']).filter((name) => typeof name === 'string');
  const next = offset + rows.length;
  return json(200, {
    total: matches.length,
    results: rows.map((held) => shown(kind, held, names)),
    ...(next < matches.length ? { paging: { next: { after: String(next) } } } : {}),
  });
}

function testOf(kind: Kind, filter: Record<string, unknown>): Test | undefined {
  const { propertyName: name, operator, value, highValue, values } = filter;
  if (typeof name !== 'string') return undefined;
  const of = (one: CrmRecord) => heldBy(kind, one, name);
  const wanted = comparable(kind, name, typeof value === 'number' ? String(value) : (value as string | undefined));
  const high = comparable(kind, name, highValue as string | undefined);
  const several = list(values).map((one) => comparable(kind, name, one as string));
  const known =
    (test: (held: string | number) => boolean): Test =>
    (one) => {
      const held = of(one);
      return held !== null && test(held);
    };
  switch (operator) {
    case 'HAS_PROPERTY':
      return known(() => true);
    case 'NOT_HAS_PROPERTY':
      return (one) => of(one) === null;
    case 'IN':
      return several.length > 0 ? known((held) => several.includes(held)) : undefined;
    case 'NOT_IN':
      return several.length > 0 ? (one) => !several.includes(of(one)) : undefined;
  }
  if (wanted === null) return undefined;
  switch (operator) {
    case 'EQ':
      return known((held) => held === wanted);
    case 'NEQ':
      return (one) => of(one) !== wanted;
    case 'GT':
      return known((held) => held > wanted);
    case 'GTE':
      return known((held) => held >= wanted);
    case 'LT':
      return known((held) => held < wanted);
    case 'LTE':
      return known((held) => held <= wanted);
    case 'BETWEEN':
      return high === null ? undefined : known((held) => held >= wanted && held <= high);
    case 'CONTAINS_TOKEN':
      return known((held) => String(held).includes(String(wanted).replaceAll('*', '')));
    default:
      return undefined;
  }
}

/** What a record holds, as it is compared. */
function heldBy(kind: Kind, one: CrmRecord, name: string): string | number | null {
  if (name === kind.modified) return one.changedAt;
  return name === 'createdate' ? one.madeAt : comparable(kind, name, valueOf(kind, one, name));
}

/** Dates compare as numbers, given as epoch milliseconds in a string (the documented form) or as ISO time. */
function comparable(kind: Kind, name: string, value: string | null | undefined): string | number | null {
  if (value === null || value === undefined || value === '') return null;
  if (name === 'createdate' || name === kind.modified) {
    return /^\d+$/.test(value) ? Number(value) : Date.parse(value);
  }
  return name === 'hs_object_id' ? Number(value) : value.toLowerCase();
}

function order(kind: Kind, sort: unknown): (a: CrmRecord, b: CrmRecord) => number {
  const { propertyName, direction } = typeof sort === 'string' ? { propertyName: sort, direction: '' } : record(sort);
  const name = String(propertyName);
  const sign = direction === 'DESCENDING' ? -1 : 1;
  const key = (one: CrmRecord): string | number => heldBy(kind, one, name) ?? '';
  return (a, b) => {
    const [left, right] = [key(a), key(b)];
    return left === right ? Number(a.id) - Number(b.id) : left < right ? -sign : sign;
  };
}
