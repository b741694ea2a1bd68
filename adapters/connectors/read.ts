import type { ReadPage, ReadQuery } from '../../ports/connectors.ts';
import type { Ask } from './ask.ts';
import { readByCursor } from './read-cursor.ts';
import { readByOffset } from './read-offset.ts';
import { readByPages } from './read-pages.ts';
import { readPer } from './read-per.ts';
import type { Source } from './rows.ts';

/** A page as a reader gives it; what its calls took is counted where they are made. */
export type PageRead = Omit<ReadPage, 'bytes' | 'calls' | 'throttled'>;

/** One page of a stream, by whichever way its vendor pages. */
export function readPage(ask: Ask, source: Source, query: ReadQuery): Promise<PageRead> {
  const { paging, per } = source.stream;
  if (per && query.filter?.[per.filter] === undefined)
    return readPer((of, asked) => readPage(ask, of, asked), source, query);
  switch (paging.kind) {
    case 'offset':
      return readByOffset(ask, source, paging, query);
    case 'cursor':
      return readByCursor(ask, source, paging, query);
    case 'pages':
      return readByPages(ask, source, paging, query);
  }
}
