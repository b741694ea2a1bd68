import type { z } from 'zod';
import type { Row } from '../../ports/connectors.ts';
import { MODELS } from '../../ports/categories.ts';
import type { Resource, Unified } from '../../ports/categories.ts';
import type { Params } from './auth-methods.ts';
import type { Call } from './call.ts';
import { judging } from './judging.ts';
import type { Judged } from './judging.ts';
import type { Writes } from './writes.ts';

/** What one page is asked with. */
export interface PageAsk {
  /** At most this many rows. */
  limit: number;
  /** Where the page begins, in the vendor's own terms (`next` says which); null: at the beginning. */
  position: string | null;
  /** Only rows changed (or, where that is all there is, made) at or after this moment, with the look-back taken off; null: all. */
  sinceMs: number | null;
  /** The vendor's parameter names and what was asked of each. */
  filter: Params;
  /** The newest first, for people; never asked of a scan. */
  newest: boolean;
  /** The connection's. */
  settings: Params;
}

/** What an answer's items were asked with. */
export interface Asked extends Pick<PageAsk, 'filter' | 'settings'> {
  /** Of one item. */
  id?: string;
}

/** Where the next page begins. Whatever the vendor answers, a `next` never leaves its origin and never comes twice. */
export type Next =
  /** A cursor in the body; none, null or empty: the end. `while`: only as long as what lies there is true. */
  | { kind: 'cursor'; at: string; while?: string }
  /** The id of the last row, while what lies at `more` is true. */
  | { kind: 'last-id'; more: string }
  /** Page numbers from 1. `more`: a flag in the body; `pages`: a header with their number; neither: until a page is short. */
  | { kind: 'page'; more?: string; pages?: string }
  /** Rows to leave out. `total`: how many there are, at a path in the body (`at`) or in a header; neither: until a page is short. */
  | { kind: 'offset'; at?: string; header?: string }
  /** Query of the `Link` header's `rel="next"`; the position is that query. */
  | { kind: 'link' }
  /** A path or URL in the body, on the same origin; the position is its path and query. */
  | { kind: 'path'; at: string }
  /** The value of this field of the vendor's last item, unique and ascending; until a page is short. For lists that are capped by count. */
  | { kind: 'keyset'; field: string }
  /** A list within a list, or whatever else no path tells: from the answer (null: the end), given where this page began. */
  | { kind: 'told'; by: (json: unknown, position: string | null, ask: { limit: number }) => string | null }
  /** One page is all there is. */
  | { kind: 'none' };

/** A list that is read page by page, each asked by `call`. */
export interface PagesPaging {
  kind: 'pages';
  sizeMax: number;
  call: (ask: PageAsk) => Call;
  next: Next;
  /** Where the vendor says how many there are in all. */
  total?: string;
  /**
   * How `sinceMs` is understood. Absent: it cannot be asked for, and every read is a whole one. `stops`: it cannot be asked for,
   * but the list begins with what changed last, and ends for us with the first page that holds a row older than that.
   * `reachMs`: the vendor tells of no change older than this.
   */
  since?: { finds: 'changed' | 'created'; lookBackMs: number; reachMs?: number; stops?: true };
  /** False: a scan may miss or repeat rows that move meanwhile, so that nothing is ever taken for deleted. Absent: true. */
  complete?: false;
}

export interface OffsetPaging {
  kind: 'offset';
  size: string;
  sizeMax: number;
  offset: string;
  /** Header with the count of the whole list. */
  total: string;
  /** Order by ascending id: rows made during a scan come last. */
  stable: Params;
  newest: Params;
  /** How `since` is asked for. Absent: it cannot be, and every read is a whole one. `time`: how a moment is written, if not ISO 8601 in UTC. */
  window?: { after: string; before: string; lookBackMs: number; time?: (ms: number) => string };
}

export interface CursorPaging {
  kind: 'cursor';
  size: string;
  sizeMax: number;
  cursor: string;
  /** Where the next cursor lies. A `next` URL is never followed. */
  next: string;
  search: Search;
}

export type Paging = OffsetPaging | CursorPaging | PagesPaging;

/** A vendor's search endpoint: how what changed is read, and what filters need. */
export interface Search {
  path: string;
  /** A limit of its own (`Manifest.narrow`). */
  limit?: string;
  lookBackMs: number;
  /** The vendor answers no rows beyond this many of one search. */
  rowsMax: number;
  /** `fromMs`: rows changed at or after it, oldest change first. */
  body: (ask: { fromMs: number | null; after: string | null; limit: number; filter: Params }) => unknown;
}

export interface Stream {
  title: string;
  /** The unified resource that its rows are; null: they are this system's own. */
  model: Resource | null;
  text: boolean;
  /** Of `offset` and `cursor` paging, of one item (`{path}/{id}`) and of writes that say no other. */
  path: string;
  query: Params;
  /**
   * Our filter names, the vendor's parameter for each, what is allowed where that is a choice, and what a value must look like:
   * one that becomes part of a path needs that.
   */
  filters: Record<string, { param: string; values?: string[]; like?: RegExp }>;
  /** Which of the filters is a full-text search. */
  search?: string;
  /** Filters without which the vendor lists nothing. */
  needs?: string[];
  /**
   * The list exists for one row of another stream at a time, whose id `filter` names. Read without that filter, the rows of
   * `stream` are walked, so that the whole can be synced.
   */
  per?: { stream: string; filter: string };
  /** Where the rows lie in a list's answer; empty: the answer is the list. `absent`: no list there means an empty one. */
  items: string;
  absent?: true;
  /**
   * The items as `raw` reads them, where they do not lie in the answer like that: what the answer around them or the question
   * knows is added. In place of `items` and `item`; of the answer for one item the first counts, and none is `not_found`.
   */
  itemsOf?: (json: unknown, asked: Asked) => unknown[];
  paging: Paging;
  /** What an id looks like; whatever does not is nothing that the vendor is asked for. */
  id: RegExp;
  /** How one item is asked for, where it is not `{path}/{id}`; null: the vendor has no such call. */
  one?: ((id: string, settings: Params) => Call) | null;
  /** Where the item lies in that answer; absent: it is the answer. Null there: the vendor has none under this id. */
  item?: string;
  /** The row of an item, or what of it does not fit. May throw what a mapping throws. */
  parse: (item: unknown) => Judged;
  /** Where the id of an item that cannot be read lies; absent: `id`. */
  idAt?: string;
  writes?: Writes;
}

type Declared<Raw extends z.ZodType> = Omit<Stream, 'parse' | 'model'> & { raw: Raw };

/** `raw` is theirs, the unified model or `row` ours; `map` must turn one into the other, or this does not compile. */
export function stream<Raw extends z.ZodType, R extends Resource>(
  spec: Declared<Raw> & { model: R; map: (raw: z.output<Raw>) => Unified<R> },
): Stream;
export function stream<Raw extends z.ZodType, Ours extends z.ZodType<Row>>(
  spec: Declared<Raw> & { row: Ours; map: (raw: z.output<Raw>) => z.output<Ours> },
): Stream;
export function stream(
  spec: Declared<z.ZodType> & { model?: Resource; row?: z.ZodType<Row>; map: (raw: never) => Row },
): Stream {
  const { raw, row, map, model = null, ...rest } = spec;
  const ours: z.ZodType<Row> = row ?? MODELS[model as Resource];
  return { ...rest, model, parse: judging(raw, map as (item: unknown) => Row, ours) };
}
