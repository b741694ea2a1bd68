import { z } from 'zod';
import type { ReadPage, ReadQuery, Row } from '../../ports/connectors.ts';
import { Fault } from '../../ports/errors.ts';
import type { Ask, Reply } from './ask.ts';
import { decodeCursor, encodeCursor } from './cursors.ts';
import type { Paging, Params } from './manifest.ts';
import { filterParams, rowsOf } from './rows.ts';
import type { Source } from './rows.ts';

type OffsetPaging = Extract<Paging, { kind: 'offset' }>;

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
): Promise<ReadPage> {
  const position = query.cursor === undefined ? { o: 0 } : decodeCursor(Position, query.cursor);
  const newest = query.order === 'newest';
  const size = Math.min(Math.max(query.limit, 1) + (position.l === undefined ? 0 : 1), paging.sizeMax);
  const params: Params = {
    ...source.stream.query,
    ...filterParams(source, query.filter),
    ...(newest ? paging.newest : paging.stable),
    ...bounds(paging, query.since, position.u),
    [paging.size]: String(size),
  };

  let offset = position.l === undefined ? position.o : position.o - 1;
  let bytes = 0;
  for (;;) {
    const reply = await ask({ path: source.stream.path, query: { ...params, [paging.offset]: String(offset) } });
    bytes += reply.bytes;
    const rows = rowsOf(source, reply.json);
    if (position.l !== undefined && offset > 0 && slipped(rows, position.l)) {
      offset = Math.max(0, offset - size + 1);
      continue;
    }
    const total = totalOf(reply, paging, source);
    const end = offset + size;
    const { l = -1 } = position;
    const fresh = rows.filter((row) => newest || idOf(row) > l);
    const full = rows.length === size;
    const last = rows.at(-1);
    if (full && fresh.length === 0) {
      throw new Fault(
        'provider_garbage',
        `${source.manifest.title} does not page ${source.name} by \`${paging.offset}\``,
      );
    }
    const until = position.u ?? dateOf(reply);
    const next: Position = {
      o: end,
      // A short page in the middle means that rows are hidden from this account: then the place of the last one is not known.
      ...(full && last && !newest && { l: idOf(last) }),
      ...(query.since !== undefined && until !== undefined && { u: until }),
    };
    return { rows: fresh, nextCursor: end < total ? encodeCursor({ ...next }) : null, total, bytes };
  }
}

/** Nothing, or only rows that come later: the row that should be first is further up now. */
const slipped = ([first]: Row[], lastId: number): boolean => first === undefined || idOf(first) > lastId;

const idOf = ({ externalId }: Row): number => Number(externalId);

function bounds({ window }: OffsetPaging, since: string | undefined, untilMs: number | undefined): Params {
  if (since === undefined) return {};
  const from = new Date(Date.parse(since) - window.lookBackMs).toISOString();
  return { [window.after]: from, ...(untilMs !== undefined && { [window.before]: new Date(untilMs).toISOString() }) };
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
