import { z } from 'zod';
import type { ReadQuery } from '../../ports/connectors.ts';
import { Fault, isFault } from '../../ports/errors.ts';
import { decodeCursor, encodeCursor } from './cursors.ts';
import type { PageRead } from './read.ts';
import type { Source } from './rows.ts';

/** Of so many parents the ids are held in a cursor. */
const PARENTS = 100;

/**
 * `l`: of a page of parents those that are not read to their end, the first one being read. `p`: where the next page of parents
 * begins. `c`: where the next page of the first one's own list begins.
 */
const Position = z.strictObject({ l: z.string(), p: z.string().nullable(), c: z.string().nullable() });
const BEGINNING: z.infer<typeof Position> = { l: '', p: null, c: null };

type Read = (source: Source, query: ReadQuery) => Promise<PageRead>;

/**
 * One page of a list that its vendor gives for one parent at a time, such as the cards of a board: parents are read one after
 * another, and one that went meanwhile has nothing.
 */
export async function readPer(read: Read, source: Source, query: ReadQuery): Promise<PageRead> {
  const { per } = source.stream;
  const parents = per && source.manifest.streams[per.stream];
  if (!parents) throw new Fault('internal', `${source.name} is declared to lie in a list that does not exist`);
  const position = query.cursor === undefined ? BEGINNING : decodeCursor(Position, query.cursor);
  let left = position.l.split('\n').filter((id) => id !== '');
  let after = position.p;
  let unreadable: PageRead['unreadable'] = [];
  if (left.length === 0) {
    const { lane, signal } = query;
    const page = await read(
      { ...source, name: per.stream, stream: parents },
      { limit: PARENTS, cursor: after ?? undefined, lane, signal },
    );
    after = page.nextCursor;
    // Whatever is wrong with a parent, its list may be read; only where it has no name the list of all is not whole.
    left = [...page.rows, ...page.unreadable].flatMap(({ externalId }) => externalId ?? []);
    unreadable = page.unreadable.filter(({ externalId }) => externalId === null);
  }
  const [first, ...others] = left;
  const page = await (first === undefined ? EMPTY : childrenOf(read, source, first, position.c, query));
  const next = page.nextCursor === null ? { l: others, c: null } : { l: left, c: page.nextCursor };
  const ended = next.l.length === 0 && after === null;
  return {
    ...page,
    unreadable: [...unreadable, ...page.unreadable],
    total: null,
    nextCursor: ended ? null : encodeCursor({ ...next, l: next.l.join('\n'), p: after }),
  };
}

const EMPTY: PageRead = { rows: [], unreadable: [], nextCursor: null, total: null, fields: [] };

async function childrenOf(
  read: Read,
  source: Source,
  parent: string,
  at: string | null,
  query: ReadQuery,
): Promise<PageRead> {
  const { per } = source.stream;
  const filter = { ...query.filter, ...(per && { [per.filter]: parent }) };
  try {
    return await read(source, { ...query, filter, cursor: at ?? undefined });
  } catch (error) {
    if (isFault(error, 'not_found')) return EMPTY;
    throw error;
  }
}
