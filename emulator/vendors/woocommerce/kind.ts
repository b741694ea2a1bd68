import { list, type Reply } from '../../http.ts';
import type { Collection, Kept } from '../../records/collection.ts';

/** The store's clock is two hours ahead of Greenwich, all year: whoever reads store time as UTC is found out. */
const OFFSET_MS = 2 * 3_600_000;

/** Both spellings of a time: the store's own, which lists sort by unless asked otherwise, and Greenwich. Whole seconds. */
export const times = (name: string, at: number | null): Record<string, string | null> => ({
  [name]: at === null ? null : new Date(at + OFFSET_MS).toISOString().slice(0, 19),
  [`${name}_gmt`]: at === null ? null : new Date(at).toISOString().slice(0, 19),
});

/** A date of a query: store time, unless it has a zone or `dates_are_gmt` is set. NaN when it is none. */
export function instant(text: string, gmt: boolean): number {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text)) return Number.NaN;
  if (/(Z|[+-]\d\d:?\d\d)$/.test(text)) return Date.parse(text);
  return Date.parse(`${text}Z`) - (gmt ? 0 : OFFSET_MS);
}

export type Body = Record<string, unknown>;

/** What sets one resource of a store apart from the others. */
export interface Kind {
  /** As it stands in paths. */
  name: string;
  /** The error code for an id that is none. */
  unknown: string;
  /** Status of those that are listed unless the query says otherwise; absent: it has none. */
  statuses?: string[];
  /** Whether `modified_after` is looked at; unknown parameters are dropped without a word. */
  modified: boolean;
  /** Deleted ones lie in a bin first. */
  bin: boolean;
  orders: Record<string, (kept: Kept<Body>) => number | string>;
  firstOrder: string;
  /** Whether one fits the query, besides dates, ids and status. */
  fits: (kept: Kept<Body>, query: URLSearchParams) => boolean;
  shown: (kept: Kept<Body>, base: string) => Body;
  /** What a write makes of a body, or its refusal. `self`: of an update. */
  merged: (given: Body, before: Body | null, all: Collection<Body>, self?: Kept<Body>) => Body | Reply;
  make: (place: number) => Body;
  edit: (body: Body) => Body;
  firstId: number;
}

export const isReply = (value: Body | Reply): value is Reply => typeof value['status'] === 'number' && 'body' in value;

export const byId = ({ id }: Kept<Body>): number => Number(id);
export const byDate = ({ madeAt }: Kept<Body>): number => madeAt;
export const byChange = ({ changedAt }: Kept<Body>): number => changedAt;

/** `given` over `before`, of these fields and no others. */
export const taken = (names: string[], given: Body, before: Body): Body => ({
  ...before,
  ...Object.fromEntries(names.filter((name) => name in given).map((name) => [name, given[name]])),
});

/** Lists of `key` and `value`; a key that is there already takes the new value. */
export function metaData(given: unknown, before: unknown): { id: number; key: string; value: unknown }[] {
  const rows = [...list(before), ...list(given)] as { key: string; value: unknown }[];
  const merged = new Map(rows.map(({ key, value }) => [key, value]));
  return [...merged].map(([key, value], index) => ({ id: index + 1, key, value }));
}
