import { json, jsonBody, record, route, type Call, type Handler, type Reply, type Route } from '../../http.ts';
import { createCollection, type Collection, type Kept } from '../../records/collection.ts';
import { invalidParam, wcError } from './errors.ts';
import { instant, isReply, type Kind } from './kind.ts';

const MAX_PAGE = 100;

/** Checks who asks, and lets those through who may. */
export type Guarded = (needs: 'read' | 'write', answer: (call: Call, id: string) => Reply) => Handler;

export const createRecords = (kind: Kind, now: () => number): Collection =>
  createCollection({ now, count: 5, spell: (place) => String(kind.firstId + place), ...kind });

/** The five calls of one resource. `root` is where its API begins. */
export function restRoutes(kind: Kind, records: Collection, root: string, guarded: Guarded): Route[] {
  const path = `${root}/${kind.name}`;
  /** Deleted ones, which can still be read by their id. */
  const bin = new Map<string, Kept>();
  const shown = (kept: Kept, { base }: Call) => kind.shown(kept, base);
  const found = (id: string, answer: (kept: Kept) => Reply): Reply => {
    const kept = records.get(id) ?? bin.get(id);
    return kept ? answer(kept) : wcError(404, kind.unknown, 'Invalid ID.');
  };

  const create = (call: Call): Reply => {
    const given = record(jsonBody(call));
    if ('id' in given) return wcError(400, `woocommerce_rest_${kind.name}_exists`, 'Cannot create existing resource.');
    const body = kind.merged(given, null, records);
    if (isReply(body)) return body;
    const kept = records.create(body);
    return json(201, shown(kept, call), { location: `${call.base}${path}/${kept.id}` });
  };
  const update = (call: Call, id: string): Reply =>
    found(id, (kept) => {
      const body = kind.merged(record(jsonBody(call)), kept.body, records, kept);
      return isReply(body) ? body : json(200, shown(records.update(kept, body), call));
    });
  const remove = (call: Call, id: string): Reply =>
    found(id, (kept) => {
      const forced = call.query.get('force') === 'true';
      if (!forced && !kind.bin) {
        return wcError(501, 'woocommerce_rest_trash_not_supported', 'This resource does not support trashing.');
      }
      if (!forced && bin.has(id)) return wcError(410, 'woocommerce_rest_already_trashed', 'It was deleted already.');
      records.remove(id);
      bin.delete(id);
      if (!forced) bin.set(id, { ...kept, body: { ...kept.body, status: 'trash' } });
      return json(200, shown(bin.get(id) ?? kept, call));
    });

  return [
    route(
      'GET',
      path,
      guarded('read', (call) => listed(kind, records, call)),
    ),
    route('POST', path, guarded('write', create)),
    route(
      'GET',
      `${path}/:id`,
      guarded('read', (call, id) => found(id, (kept) => json(200, shown(kept, call)))),
    ),
    ...['PUT', 'POST', 'PATCH'].map((method) => route(method, `${path}/:id`, guarded('write', update))),
    route('DELETE', `${path}/:id`, guarded('write', remove)),
  ];
}

function listed(kind: Kind, records: Collection, { query, base, path }: Call): Reply {
  const [perPage, page] = [whole(query.get('per_page') ?? '10'), whole(query.get('page') ?? '1')];
  if (perPage < 1 || perPage > MAX_PAGE) return invalidParam('per_page', 'per_page must be between 1 and 100');
  if (page < 1) return invalidParam('page', 'page must be greater than or equal to 1');
  const offset = whole(query.get('offset') ?? String((page - 1) * perPage));
  if (offset < 0) return invalidParam('offset', 'offset is not of type integer.');
  const key = kind.orders[query.get('orderby') ?? kind.firstOrder];
  if (!key) return invalidParam('orderby', `orderby is not one of ${Object.keys(kind.orders).join(', ')}.`);
  const status = query.get('status') ?? 'any';
  if (kind.statuses && status !== 'any' && !kind.statuses.includes(status)) {
    return invalidParam('status', `status is not one of ${kind.statuses.join(', ')}.`);
  }
  const dates = dateTests(kind, query);
  if (typeof dates === 'string') return invalidParam(dates, 'Invalid date.');
  const [included, excluded] = [ids(query, 'include'), ids(query, 'exclude')];

  const matches = records
    .all()
    .filter(
      (kept) =>
        (!kind.statuses || status === 'any' || kept.body['status'] === status) &&
        (!included || included.includes(kept.id)) &&
        !excluded?.includes(kept.id) &&
        kind.fits(kept, query) &&
        dates.every((test) => test(kept)),
    );
  const first = kind.firstOrder === 'date' ? 'desc' : 'asc';
  const sign = (query.get('order') ?? first) === 'asc' ? 1 : -1;
  matches.sort((a, b) => sign * (key(a) === key(b) ? Number(a.id) - Number(b.id) : key(a) < key(b) ? -1 : 1));
  const pages = Math.ceil(matches.length / perPage);
  const next = new URLSearchParams(query);
  next.set('page', String(page + 1));
  return json(
    200,
    matches.slice(offset, offset + perPage).map((kept) => kind.shown(kept, base)),
    {
      'x-wp-total': String(matches.length),
      'x-wp-totalpages': String(pages),
      ...(page < pages ? { link: `<${base}${path}?${next.toString()}>; rel="next"` } : {}),
    },
  );
}

/** All bounds are exclusive, and know whole seconds only. The parameter's name, when one is no date. */
function dateTests({ modified }: Kind, query: URLSearchParams): ((kept: Kept) => boolean)[] | string {
  const tests: ((kept: Kept) => boolean)[] = [];
  const seconds = (at: number) => Math.floor(at / 1000) * 1000;
  for (const [name, holds] of [
    ['after', ({ madeAt }: Kept, bound: number) => seconds(madeAt) > bound],
    ['before', ({ madeAt }: Kept, bound: number) => seconds(madeAt) < bound],
    ['modified_after', ({ changedAt }: Kept, bound: number) => seconds(changedAt) > bound],
    ['modified_before', ({ changedAt }: Kept, bound: number) => seconds(changedAt) < bound],
  ] as const) {
    const text = query.get(name);
    if (text === null || (name.startsWith('modified') && !modified)) continue;
    const bound = instant(text, query.get('dates_are_gmt') === 'true');
    if (Number.isNaN(bound)) return name;
    tests.push((kept) => holds(kept, bound));
  }
  return tests;
}

const whole = (text: string): number => (/^\d+$/.test(text) ? Number(text) : -1);

const ids = (query: URLSearchParams, name: string): string[] | undefined => query.get(name)?.split(',');
