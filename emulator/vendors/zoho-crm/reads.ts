import { json, type Call, type Reply } from '../../http.ts';
import { problem } from './replies.ts';
import { fieldsIn, shown } from './shown.ts';
import { told, type Account, type Place, type Store, type ZohoRecord } from './store.ts';

const PAGE_MAX = 200;
/** As far as page numbers lead; beyond it only tokens do, and they only so far. */
const BY_PAGE_MAX = 2000;
const BY_TOKEN_MAX = 100_000;
const SORTS: Record<string, (record: ZohoRecord) => string | number> = {
  id: ({ id }) => id,
  Created_Time: ({ madeAt }) => madeAt,
  Modified_Time: ({ changedAt }) => changedAt,
};

const seconds = (ms: number): number => Math.floor(ms / 1000);
const wrong = (name: string): Reply =>
  problem(400, 'INVALID_DATA', `the value of ${name} is invalid`, { param_name: name });

export function listRecords({ pages }: Account, store: Store, { query, headers }: Call): Reply {
  const names = fieldsIn(query);
  if (names === undefined) return problem(400, 'LIMIT_EXCEEDED', 'more than 50 fields', { limit: 50 });
  if (names.length === 0)
    return problem(400, 'REQUIRED_PARAM_MISSING', 'One of the expected parameter is missing', { param_name: 'fields' });
  const perPage = Number(query.get('per_page') ?? PAGE_MAX);
  const page = Number(query.get('page') ?? 1);
  if (!(Number.isInteger(perPage) && perPage >= 1 && perPage <= PAGE_MAX)) return wrong('per_page');
  if (!(Number.isInteger(page) && page >= 1)) return wrong('page');
  const token = query.get('page_token');
  if (token !== null && query.has('page')) return problem(400, 'AMBIGUITY_DURING_PROCESSING', 'page or page_token');
  if (token === null && page * perPage > BY_PAGE_MAX)
    return problem(400, 'DISCRETE_PAGINATION_LIMIT_EXCEEDED', 'use page_token beyond 2000 records');
  const from = token === null ? null : pages.find(token);
  if (from === undefined) return wrong('page_token');
  const since = headers['if-modified-since'];
  const sinceMs = since === undefined ? null : Date.parse(String(since));
  if (Number.isNaN(sinceMs)) return wrong('If-Modified-Since');
  const sortBy = query.get('sort_by') ?? 'id';
  const key = SORTS[sortBy];
  if (!key) return wrong('sort_by');
  const descending = (query.get('sort_order') ?? 'desc') === 'desc';

  const sorted = store
    .all()
    .filter(({ changedAt }) => sinceMs === null || seconds(changedAt) >= seconds(sinceMs))
    .sort((a, b) => compared(key(a), key(b), a.id, b.id) * (descending ? -1 : 1));
  const left = from
    ? sorted.filter((one) => compared(key(one), from.key, one.id, from.id) * (descending ? -1 : 1) > 0)
    : sorted.slice((page - 1) * perPage);
  const rows = left.slice(0, perPage);
  if (rows.length === 0) return { status: sinceMs === null ? 204 : 304 };
  const read = (from?.read ?? (page - 1) * perPage) + rows.length;
  const more = left.length > rows.length;
  if (more && read >= BY_TOKEN_MAX) return problem(400, 'PAGINATION_LIMIT_EXCEEDED', 'at most 100000 records');
  const last = rows.at(-1);
  const place: Place = { sortBy, descending, sinceMs, key: last ? key(last) : '', id: last?.id ?? '', read };
  const next = more ? pages.issue(place) : null;
  return json(200, {
    data: rows.map((one) => shown(one, names)),
    info: {
      per_page: perPage,
      count: rows.length,
      page,
      sort_by: sortBy,
      sort_order: descending ? 'desc' : 'asc',
      more_records: more,
      next_page_token: next?.token ?? null,
      page_token_expiry: next ? told(next.expiresAt) : null,
      previous_page_token: null,
    },
  });
}

const compared = (a: string | number, b: string | number, idA: string, idB: string): number =>
  a === b ? (idA < idB ? -1 : idA > idB ? 1 : 0) : a < b ? -1 : 1;

/** By a word anywhere, an e-mail address or a phone number; what was just written may not be found yet. */
export function searchRecords(store: Store, { query }: Call): Reply {
  const asked = ['word', 'email', 'phone'].find((name) => query.has(name));
  const text = (query.get(asked ?? '') ?? '').toLowerCase();
  if (!asked || text === '')
    return problem(400, 'REQUIRED_PARAM_MISSING', 'criteria, email, phone or word', { param_name: 'criteria' });
  const perPage = Number(query.get('per_page') ?? PAGE_MAX);
  const page = Number(query.get('page') ?? 1);
  if (!(perPage >= 1 && perPage <= PAGE_MAX)) return wrong('per_page');
  if (page * perPage > BY_PAGE_MAX)
    return problem(400, 'LIMIT_REACHED', 'at most 2000 records', { limit: BY_PAGE_MAX });
  const within = asked === 'email' ? ['Email'] : asked === 'phone' ? store.module.phones : null;
  const holds = ({ body }: ZohoRecord): boolean =>
    (within ?? Object.keys(body)).some((name) => {
      const value = body[name];
      if (typeof value !== 'string') return false;
      return within ? value.toLowerCase() === text : value.toLowerCase().includes(text);
    });
  const found = store.all().filter(holds);
  const rows = found.slice((page - 1) * perPage, page * perPage);
  if (rows.length === 0) return { status: 204 };
  return json(200, {
    data: rows.map((one) => shown(one, fieldsIn(query) ?? [])),
    info: { per_page: perPage, count: rows.length, page, more_records: found.length > page * perPage },
  });
}

/** A well-formed id that nothing has is answered with nothing. */
export function getRecord(store: Store, { query }: Call, id: string): Reply {
  if (!/^\d{15,19}$/.test(id)) return problem(400, 'INVALID_DATA', 'the related id given seems to be invalid');
  const found = store.get(id);
  return found ? json(200, { data: [shown(found, fieldsIn(query) ?? [])] }) : { status: 204 };
}
