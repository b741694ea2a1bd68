import { Fault } from '../../ports/errors.ts';
import type { Page, PageQuery } from '../../ports/tenants.ts';

const seqOf = ({ cursor }: PageQuery, side: 'before' | 'after'): number | null => {
  if (cursor === undefined) return null;
  const [, way, seq] = /^(before|after):(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (way !== side) {
    const message = 'is not a cursor of this list; take `nextCursor` of the page before';
    throw new Fault('invalid_request', 'The cursor is not known.', { fields: [{ path: 'cursor', message }] });
  }
  return Number(seq);
};

const cursorAt = (side: 'before' | 'after', seq: number) => Buffer.from(`${side}:${seq}`).toString('base64url');

/** Lists go from the newest to the oldest; the cursor hides the sequence number of the last row shown. */
export const beforeSeq = (page: PageQuery): number => seqOf(page, 'before') ?? Number.MAX_SAFE_INTEGER;

/** What is told in its order goes from the oldest to the newest. */
export const afterSeq = (page: PageQuery): number => seqOf(page, 'after') ?? 0;

const pageTo =
  (side: 'before' | 'after') =>
  <Row extends { seq: number }, Item>(
    rows: readonly Row[],
    { limit }: PageQuery,
    item: (row: Row) => Item,
  ): Page<Item> => {
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1) : undefined;
    return { data: shown.map(item), nextCursor: last ? cursorAt(side, last.seq) : null };
  };

/** Of `limit + 1` rows, newest first: the page, and where the next one begins. */
export const pageOf = pageTo('before');
/** The same, oldest first. */
export const pageFrom = pageTo('after');
