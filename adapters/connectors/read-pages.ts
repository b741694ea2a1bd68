import { z } from 'zod';
import type { ReadQuery, Row } from '../../ports/connectors.ts';
import type { Ask } from './ask.ts';
import { decodeCursor, encodeCursor } from './cursors.ts';
import { nextOf } from './next.ts';
import { at } from './paths.ts';
import { filterParams, itemsOf } from './rows.ts';
import type { Source } from './rows.ts';
import type { PagesPaging } from './streams.ts';
import { BEGINNING, further, Trail } from './trail.ts';
import type { PageRead } from './read.ts';

/** `p`: where this page begins, in the vendor's terms. `s`: the moment from which the read goes. `z`: rows on a page, kept where pages are numbered. */
const Position = z.strictObject({
  p: z.string().min(1).max(4000),
  s: z.int().nullable(),
  z: z.int().min(1),
  ...Trail.shape,
});

export async function readByPages(ask: Ask, source: Source, paging: PagesPaging, query: ReadQuery): Promise<PageRead> {
  const { next, since } = paging;
  const filter = filterParams(source, query.filter);
  const given = query.cursor === undefined ? undefined : decodeCursor(Position, query.cursor);
  const wanted = given && next.kind === 'page' ? given.z : query.limit;
  const limit = Math.min(Math.max(wanted, 1), paging.sizeMax);
  const sinceMs = given
    ? given.s
    : since && query.since !== undefined
      ? Date.parse(query.since) - since.lookBackMs
      : null;
  const position = given?.p ?? null;
  const call = paging.call({
    limit,
    position,
    sinceMs,
    filter,
    newest: query.order === 'newest',
    settings: source.settings,
  });
  const follows = position !== null && (next.kind === 'link' || next.kind === 'path');
  const reply = await ask(follows ? { ...call, follow: position } : call);
  const { ids, last, ...items } = itemsOf(source, reply.json, query, filter);
  const page = { ...items, total: paging.total === undefined ? null : countOf(at(reply.json, paging.total)) };
  const to = nextOf(source, next, { reply, position, limit, count: ids.length, last, call });
  if (to === null || (since?.stops && sinceMs !== null && items.rows.some(isOlder(sinceMs))))
    return { ...page, nextCursor: null };
  // Where we count ourselves, a vendor that does not page at all shows by what it sends.
  const mark = next.kind === 'page' || next.kind === 'offset' ? ids.join('\n') : to;
  const trail = further(
    given ?? BEGINNING,
    { mark, empty: ids.length === 0 },
    `the pages of ${source.name} at ${source.manifest.title}`,
  );
  return { ...page, nextCursor: encodeCursor({ p: to, s: sinceMs, z: limit, ...trail }) };
}

const isOlder =
  (ms: number) =>
  ({ modifiedAt }: Row): boolean =>
    modifiedAt !== null && Date.parse(modifiedAt) < ms;

const countOf = (found: unknown): number | null => {
  const count = typeof found === 'string' && /^\d{1,15}$/.test(found) ? Number(found) : found;
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : null;
};
