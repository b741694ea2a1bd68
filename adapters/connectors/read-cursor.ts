import { z } from 'zod';
import type { ReadQuery } from '../../ports/connectors.ts';
import { Fault } from '../../ports/errors.ts';
import type { Ask } from './ask.ts';
import { decodeCursor, encodeCursor } from './cursors.ts';
import { at } from './paths.ts';
import type { PageRead } from './read.ts';
import { filterParams, itemsOf } from './rows.ts';
import type { Source, Wanted } from './rows.ts';
import type { CursorPaging } from './streams.ts';
import { BEGINNING, further, Trail } from './trail.ts';

/** `a`: the vendor's own cursor. `f`: in a search of changes, the moment from which this page reads. */
const Position = z.strictObject({ a: z.string().max(300).nullable(), f: z.int().nullable(), ...Trail.shape });
type Position = z.infer<typeof Position>;

export async function readByCursor(
  ask: Ask,
  source: Source,
  paging: CursorPaging,
  query: ReadQuery,
): Promise<PageRead> {
  const { stream } = source;
  const filter = filterParams(source, query.filter);
  const given = query.cursor === undefined ? undefined : decodeCursor(Position, query.cursor);
  const limit = Math.min(Math.max(query.limit, 1), paging.sizeMax);
  const asked = { limit, filter, wanted: query, from: given ?? { a: null, f: null, ...BEGINNING } };
  if (query.since !== undefined || Object.keys(filter).length > 0) {
    const fromMs = query.since === undefined ? null : Math.max(0, Date.parse(query.since) - paging.search.lookBackMs);
    return search(ask, source, paging, given ? asked : { ...asked, from: { ...asked.from, f: fromMs } });
  }
  const after = asked.from.a;
  const page = { ...stream.query, [paging.size]: String(limit), ...(after !== null && { [paging.cursor]: after }) };
  const reply = await ask({ path: stream.path, query: page });
  const { rows, unreadable, fields, ids } = itemsOf(source, reply.json, query, filter);
  const next = nextOf(source, paging, reply.json, after);
  const found = { rows, unreadable, fields, total: null };
  return { ...found, nextCursor: next === null ? null : cursor(source, asked.from, { a: next, f: null }, ids) };
}

/** The cursor of the page that follows this one; a vendor that leads in a circle is found out by it. */
function cursor(source: Source, from: Position, to: Pick<Position, 'a' | 'f'>, ids: unknown[]): string {
  const { manifest, name } = source;
  const page = { mark: `${to.f ?? ''}/${to.a ?? ''}`, empty: ids.length === 0 };
  return encodeCursor({ ...to, ...further(from, page, `the pages of ${name} at ${manifest.title}`) });
}

interface SearchAsk {
  limit: number;
  filter: Record<string, string>;
  wanted: Wanted;
  from: Position;
}

/**
 * Changes are read oldest first, and each page begins at the moment where the one before ended: a row that changes
 * meanwhile moves to the end and is read there, where counting rows would let its neighbours slip past, and the vendor's
 * cap on rows is never met. Within one moment the vendor's cursor goes on.
 */
async function search(ask: Ask, source: Source, paging: CursorPaging, asked: SearchAsk): Promise<PageRead> {
  const { path, rowsMax, body, limit: own } = paging.search;
  const { limit, filter, from } = asked;
  const { a: after, f: fromMs } = from;
  if (after !== null && Number(after) + limit > rowsMax) throw tooMany(source, rowsMax);
  const reply = await ask({
    ...{ method: 'POST', path, body: body({ fromMs, after, limit, filter }) },
    ...(own !== undefined && { limit: own }),
  });
  const { rows, unreadable, fields, ids } = itemsOf(source, reply.json, asked.wanted, filter);
  const next = nextOf(source, paging, reply.json, after);
  const total = at(reply.json, 'total');
  const page = { rows, unreadable, fields, total: after === null && typeof total === 'number' ? total : null };
  if (next === null) return { ...page, nextCursor: null };
  // Of a page where nothing can be read, no moment is known: there the vendor's cursor goes on.
  const last = rows.at(-1);
  const lastMs = fromMs === null || (!last && unreadable.length > 0) ? null : Date.parse(last?.modifiedAt ?? '');
  if (Number.isNaN(lastMs))
    throw new Fault('provider_garbage', `${source.manifest.title} does not say when ${source.name} changed`);
  const moved = lastMs !== null && fromMs !== null && lastMs > fromMs;
  const to = moved ? { a: null, f: lastMs } : { a: next, f: fromMs };
  return { ...page, nextCursor: cursor(source, from, to, ids) };
}

const tooMany = ({ manifest, name }: Source, rowsMax: number) =>
  new Fault(
    'unsupported',
    `${manifest.title} gives no more than ${rowsMax} ${name} of one search; narrow it, or read them all`,
  );

/** Null is the vendor's word that this was the last page. The cursor that we just used would go round for ever. */
function nextOf({ manifest, name }: Source, { next }: CursorPaging, json: unknown, used: string | null): string | null {
  const found = at(json, next);
  if (found === undefined || found === null || found === '') return null;
  const after = typeof found === 'number' ? String(found) : found;
  if (typeof after !== 'string' || after.length > 300 || after === used) {
    throw new Fault('provider_garbage', `${manifest.title} pages ${name} in a circle or by a cursor that is none`);
  }
  return after;
}
