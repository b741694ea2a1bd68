import type { Kept } from '../../records/collection.ts';
import { Refused, type Source } from './execute.ts';
import { search, type Fields, type SearchWarning } from './search.ts';

const FIRST_MAX = 250;
/** No list is paged beyond this many; a narrower query or a bulk operation is for more. */
const PAGED_MAX = 25_000;

interface Rules {
  args: Record<string, unknown>;
  records: Kept[];
  /** Null: a list that cannot be searched. */
  fields: Fields<Kept> | null;
  text: (kept: Kept) => string;
  node: (kept: Kept) => Source;
  /** Told of what is ignored in a search. */
  warn: (warnings: SearchWarning[]) => void;
}

/** The number at the end of a global id: of a level, that of its item. */
export const numberOf = (gid: string): number => Number(/(\d+)$/.exec(gid)?.[1] ?? 0);

/** Whole seconds, as its times are. */
const seconds = (at: number): number => Math.floor(at / 1000) * 1000;
export const iso = (at: number): string => new Date(seconds(at)).toISOString().replace('.000Z', 'Z');

export const KEPT_FIELDS: Fields<Kept> = {
  id: ({ id }) => numberOf(id),
  created_at: ({ madeAt }) => seconds(madeAt),
  updated_at: ({ changedAt }) => seconds(changedAt),
};

const SORTS: Record<string, (kept: Kept) => number> = {
  ID: ({ id }) => numberOf(id),
  CREATED_AT: ({ madeAt }) => seconds(madeAt),
  UPDATED_AT: ({ changedAt }) => seconds(changedAt),
};

/** A page of a list by a cursor that names the last record and its place in the order, so that others may come and go. */
export function connection({ args, records, fields, text, node, warn }: Rules): Source {
  const { first, after, query, sortKey = 'ID', reverse } = args;
  if (typeof first !== 'number') throw new Refused('BAD_REQUEST', 'you must provide one of first or last');
  if (first < 1 || first > FIRST_MAX) throw new Refused('BAD_REQUEST', `first cannot exceed ${FIRST_MAX}`);
  const sort = SORTS[sortKey as string];
  if (!sort) throw new Refused('argumentLiteralsIncompatible', `sortKey has an invalid value ${String(sortKey)}`);
  const asked = fields && typeof query === 'string' ? search(query, fields, text) : null;
  if (asked && asked.warnings.length > 0) warn(asked.warnings);

  const sign = reverse === true ? -1 : 1;
  const order = (a: Place, b: Place) => sign * (a.value - b.value || a.id - b.id);
  const place = (kept: Kept): Place => ({ value: sort(kept), id: numberOf(kept.id) });
  const from = typeof after === 'string' ? decoded(after) : null;
  const rest = records
    .filter((kept) => (asked?.fits(kept) ?? true) && (from === null || order(place(kept), from) > 0))
    .sort((a, b) => order(place(a), place(b)));
  const page = rest.slice(0, first);
  const read = (from?.read ?? 0) + page.length;
  if (read > PAGED_MAX) throw new Refused('BAD_REQUEST', `no more than ${PAGED_MAX} objects can be paged through`);
  const last = page.at(-1);
  return {
    nodes: page.map(node),
    edges: page.map((kept) => ({ cursor: encoded({ ...place(kept), read }), node: node(kept) })),
    pageInfo: {
      hasNextPage: rest.length > page.length,
      hasPreviousPage: from !== null,
      endCursor: last ? encoded({ ...place(last), read }) : null,
    },
  };
}

interface Place {
  value: number;
  id: number;
  /** How many were read up to here. */
  read?: number;
}

const encoded = (place: Place): string => Buffer.from(JSON.stringify(place)).toString('base64');

function decoded(cursor: string): Place {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64').toString('utf8')) as Place;
  } catch {
    throw new Refused('BAD_REQUEST', 'Invalid cursor for current pagination sort.');
  }
}
