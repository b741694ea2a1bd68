import { z } from 'zod';
import type { ReadQuery } from '../../ports/connectors.ts';
import { Fault } from '../../ports/errors.ts';
import type { Ask, Reply } from './ask.ts';
import { decodeCursor, encodeCursor } from './cursors.ts';
import type { Params } from './manifest.ts';
import type { PageRead } from './read.ts';
import { filterParams, itemsOf } from './rows.ts';
import type { Source } from './rows.ts';
import type { OffsetPaging } from './streams.ts';

/** `o`: where to read next. `l`: id of the row just before it. `u`: rows changed later than this wait for the next run. */
const Position = z.strictObject({ o: z.int().min(0), l: z.int().optional(), u: z.int().optional() });
type Position = z.infer<typeof Position>;

/**
 * Reads by ascending id, each page beginning with the last row of the one before. When that row is not where it was, rows
 * before it have gone and all others moved up: the page is then taken from further back, so that none slips past.
 */
export async function readByOffset(
  ask: Ask,
  source: Source,
  paging: OffsetPaging,
  query: ReadQuery,
): Promise<PageRead> {
  const position = query.cursor === undefined ? { o: 0 } : decodeCursor(Position, query.cursor);
  const newest = query.order === 'newest';
  const size = Math.min(Math.max(query.limit, 1) + (position.l === undefined ? 0 : 1), paging.sizeMax);
  const filter = filterParams(source, query.filter);
  const params: Params = {
    ...source.stream.query,
    ...filter,
    ...(newest ? paging.newest : paging.stable),
    ...bounds(paging, query.since, position.u),
    [paging.size]: String(size),
  };

  let offset = position.l === undefined ? position.o : position.o - 1;
  for (;;) {
    const reply = await ask({ path: source.stream.path, query: { ...params, [paging.offset]: String(offset) } });
    const { ids, rows, unreadable, fields } = itemsOf(source, reply.json, query, filter);
    if (position.l !== undefined && offset > 0 && slipped(ids, position.l)) {
      offset = Math.max(0, offset - size + 1);
      continue;
    }
    const total = totalOf(reply, paging, source);
    const end = offset + size;
    const { l = -1 } = position;
    const isFresh = (id: string | null) => newest || id === null || Number(id) > l;
    const full = ids.length === size;
    const last = ids.at(-1);
    if (full && !ids.some(isFresh)) {
      throw new Fault(
        'provider_garbage',
        `${source.manifest.title} does not page ${source.name} by \`${paging.offset}\``,
      );
    }
    const until = position.u ?? dateOf(reply);
    const next: Position = {
      o: end,
      // A short page in the middle means that rows are hidden from this account: then the place of the last one is not known.
      ...(full && typeof last === 'string' && !newest && { l: Number(last) }),
      ...(query.since !== undefined && paging.window && until !== undefined && { u: until }),
    };
    return {
      rows: rows.filter(({ externalId }) => isFresh(externalId)),
      unreadable: unreadable.filter(({ externalId }) => isFresh(externalId)),
      nextCursor: end < total ? encodeCursor({ ...next }) : null,
      total,
      fields,
    };
  }
}

/** Nothing, or only rows that come later: the row that should be first is further up now. */
const slipped = ([first]: (string | null)[], lastId: number): boolean =>
  first === undefined || (first !== null && Number(first) > lastId);

function bounds({ window }: OffsetPaging, since: string | undefined, untilMs: number | undefined): Params {
  if (since === undefined || !window) return {};
  const { after, before, lookBackMs, time = (ms) => new Date(ms).toISOString() } = window;
  const from = time(Date.parse(since) - lookBackMs);
  return { [after]: from, ...(untilMs !== undefined && { [before]: time(untilMs) }) };
}

/** The vendor's own clock, to close the window of an incremental read: what changes later must not move its rows about. */
function dateOf({ headers }: Reply): number | undefined {
  const ms = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(ms) ? undefined : ms + 1000;
}

function totalOf({ headers }: Reply, { total }: OffsetPaging, { manifest, name }: Source): number {
  const count = headers.get(total) ?? '';
  if (/^\d{1,12}$/.test(count)) return Number(count);
  throw new Fault('provider_garbage', `${manifest.title} does not say how many ${name} there are (${total})`);
}
