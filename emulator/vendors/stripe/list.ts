import { json, type Call, type Reply } from '../../http.ts';
import type { Collection, Kept } from '../../records/collection.ts';
import { KINDS, shown, wasThere } from './objects.ts';
import { invalid, missing, refused, unknownParam } from './refusals.ts';

const PAGE_MAX = 100;
const CREATED = /^created(?:\[(gte|gt|lte|lt)\])?$/;

/** The newest first. `starting_after` and `ending_before` name the row beside the page. */
export function listObjects(name: string, collection: Collection, { query }: Call): Reply {
  const kind = KINDS[name];
  if (!kind) return missing('list', name);
  const given = [...query];
  const known = ['limit', 'starting_after', 'ending_before', 'expand', ...kind.filters];
  const stranger = given.find(([key]) => {
    const plain = key.replace(/\[\d*\]$/, '');
    return !known.includes(plain) && !CREATED.test(key) && !(name === 'subscriptions' && key === 'status');
  });
  if (stranger) return unknownParam(stranger[0]);
  const limit = Number(query.get('limit') ?? 10);
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_MAX)
    return invalid('limit', `This value must be between 1 and ${PAGE_MAX}.`);
  const [after, before] = [query.get('starting_after'), query.get('ending_before')];
  if (after !== null && before !== null)
    return refused(400, 'You may only specify one of these parameters: starting_after, ending_before.');
  const beside = after ?? before;
  if (beside !== null && !collection.get(beside) && !wasThere(kind, beside))
    return missing(kind.object, beside, after === null ? 'ending_before' : 'starting_after');

  const fits = collection
    .all()
    .reverse()
    .filter((record) => isMade(record, given) && kind.filters.every((field) => equals(record, query, field)))
    .filter((record) => name !== 'subscriptions' || hasStatus(record, query.get('status')));
  const side = fits.filter(({ id }) => (after !== null ? id < after : before === null || id > before));
  const page = before === null ? side.slice(0, limit) : side.slice(-limit);
  const rows = page.map((record) => shown(kind, record));
  return json(200, { object: 'list', url: `/v1/${name}`, has_more: side.length > page.length, data: rows });
}

const equals = ({ body }: Kept, query: URLSearchParams, field: string): boolean => {
  const wanted = query.get(field);
  return wanted === null || String(body[field]) === wanted;
};

/** Those that were cancelled are left out unless they are asked for. */
const hasStatus = ({ body }: Kept, wanted: string | null): boolean =>
  wanted === 'all' || (wanted === null ? body['status'] !== 'canceled' : body['status'] === wanted);

function isMade({ madeAt }: Kept, given: [string, string][]): boolean {
  const created = Math.floor(madeAt / 1000);
  return given.every(([key, text]) => {
    const found = CREATED.exec(key);
    const at = Number(text);
    switch (found ? (found[1] ?? 'eq') : 'none') {
      case 'gte':
        return created >= at;
      case 'gt':
        return created > at;
      case 'lte':
        return created <= at;
      case 'lt':
        return created < at;
      case 'eq':
        return created === at;
      default:
        return true;
    }
  });
}
