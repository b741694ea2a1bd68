import { json, type Call, type Reply } from '../../http.ts';
import { problem } from './problem.ts';
import { Malformed, parseSoql, type Condition, type Literal, type Query } from './soql.ts';
import { stamp, type Account, type SRecord, type Store } from './store.ts';

const BATCH = { least: 200, most: 2000 };
const DAY_MS = 86_400_000;

type Value = string | number | boolean | null;

/** What a record holds; undefined: there is no such field. */
function valueOf({ object }: Store, { id, body, madeAt, changedAt }: SRecord, field: string): Value | undefined {
  if (!Object.hasOwn(object.fields, field)) return undefined;
  const made: Record<string, Value> = { Id: id, CreatedDate: madeAt, SystemModstamp: changedAt, IsDeleted: false };
  return made[field] ?? (body[field] as Value | undefined) ?? null;
}

export function runQuery(account: Account, call: Call, now: number): Reply {
  let query: Query;
  try {
    query = parseSoql(call.query.get('q') ?? '');
  } catch (error) {
    if (error instanceof Malformed) return problem(400, 'MALFORMED_QUERY', error.message);
    throw error;
  }
  const store = account.stores.find(({ object }) => object.type.toLowerCase() === query.from.toLowerCase());
  if (!store) return problem(400, 'INVALID_TYPE', `sObject type '${query.from}' is not supported`);
  const { fields } = store.object;
  const used = [...query.fields, ...query.order.map(({ field }) => field), ...fieldsIn(query.where)];
  const unknown = used.find((field) => !Object.hasOwn(fields, field));
  if (unknown !== undefined)
    return problem(400, 'INVALID_FIELD', `No such column '${unknown}' on entity '${query.from}'`);
  if (quoted(query.where, fields)) return problem(400, 'INVALID_FIELD', 'a time must not be enclosed in quotes');

  const order = query.order.map(({ field, descending }) => (a: SRecord, b: SRecord) => {
    const [left, right] = [valueOf(store, a, field) ?? '', valueOf(store, b, field) ?? ''];
    return left === right ? 0 : left < right === descending ? 1 : -1;
  });
  const rows = store
    .all()
    .filter((one) => holds(store, one, query.where, now))
    .sort((a, b) => order.reduce((verdict, by) => verdict || by(a, b), 0))
    .slice(0, query.limit ?? undefined)
    .map((one) => shown(store, one, query.fields));
  const [, asked] = /batchSize=(\d+)/.exec(String(call.headers['sforce-query-options'] ?? '')) ?? [];
  const batch = Math.min(Math.max(Number(asked ?? BATCH.most), BATCH.least), BATCH.most);
  return batchOf(account, rows, 0, account.wide() ? 2 : batch, now);
}

/** A batch may be smaller than what was asked for: records with many fields make it so. */
function batchOf(account: Account, rows: unknown[], from: number, size: number, now: number): Reply {
  const end = from + size;
  const done = end >= rows.length;
  const answer = { totalSize: rows.length, done, records: rows.slice(from, end) };
  if (done) return json(200, answer);
  const locator = account.locators.put({ rows, from: end, size, now });
  return json(200, { ...answer, nextRecordsUrl: `/services/data/v67.0/query/${locator}` });
}

export function nextBatch(account: Account, locator: string, now: number): Reply {
  const found = account.locators.take(locator, now);
  if (!found) return problem(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator');
  return batchOf(account, found.rows, found.from, found.size, now);
}

function shown(store: Store, held: SRecord, asked: string[]): Record<string, unknown> {
  const { type, fields } = store.object;
  const pairs = asked.map((field) => {
    const value = valueOf(store, held, field);
    return [field, fields[field] === 'time' ? stamp(Number(value)) : value];
  });
  const all = Object.fromEntries(pairs) as Record<string, unknown>;
  if (held.broken) delete all['SystemModstamp'];
  return { attributes: { type, url: `/services/data/v67.0/sobjects/${type}/${held.id}` }, ...all };
}

const fieldsIn = (where: Condition | null): string[] => {
  if (!where) return [];
  if ('field' in where) return [where.field];
  return ('all' in where ? where.all : where.any).flatMap(fieldsIn);
};

const quoted = (where: Condition | null, fields: Record<string, string>): boolean => {
  if (!where) return false;
  if ('field' in where) return where.value.kind === 'text' && ['time', 'date'].includes(fields[where.field] ?? '');
  return ('all' in where ? where.all : where.any).some((one) => quoted(one, fields));
};

function holds(store: Store, one: SRecord, where: Condition | null, now: number): boolean {
  if (!where) return true;
  if ('all' in where) return where.all.every((each) => holds(store, one, each, now));
  if ('any' in where) return where.any.some((each) => holds(store, one, each, now));
  const type = store.object.fields[where.field] ?? 'text';
  const held = valueOf(store, one, where.field) ?? null;
  // Text is compared without regard to case, ids are not.
  const bare = typeof held === 'string' && type === 'text' ? held.toLowerCase() : held;
  if (where.operator === 'LIKE') return typeof bare === 'string' && pattern(where.value).test(bare);
  const wanted = meant(where.value, type, now);
  if (where.value.kind === 'days') return typeof bare === 'number' && bare >= Number(wanted);
  if (where.operator === '=') return bare === wanted;
  if (where.operator === '!=') return bare !== wanted;
  if (bare === null || wanted === null) return false;
  if (where.operator === '<') return bare < wanted;
  if (where.operator === '<=') return bare <= wanted;
  return where.operator === '>' ? bare > wanted : bare >= wanted;
}

function meant(literal: Literal, type: string, now: number): Value {
  if (literal.kind === 'text') return type === 'text' ? literal.value.toLowerCase() : literal.value;
  if (literal.kind === 'days') return Math.floor(now / DAY_MS) * DAY_MS - literal.value * DAY_MS;
  const { value } = literal;
  if (value.toLowerCase() === 'null') return null;
  if (type === 'boolean') return value.toLowerCase() === 'true';
  if (type === 'time') return Date.parse(value);
  return type === 'number' ? Number(value) : value;
}

function pattern({ value }: Literal): RegExp {
  const source = String(value)
    .toLowerCase()
    .replace(/\\?[%_]|[.*+?^${}()|[\]\\]/g, (sign) =>
      sign === '%' ? '.*' : sign === '_' ? '.' : `\\${sign.slice(-1)}`,
    );
  return new RegExp(`^${source}$`, 's');
}
