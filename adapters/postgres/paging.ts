import { Fault } from '../../ports/errors.ts';
import type { Page, PageQuery } from '../../ports/tenants.ts';

/** Lists go from the newest to the oldest; the cursor hides the sequence number of the last row shown. */
export const beforeSeq = ({ cursor }: PageQuery): number => {
  if (cursor === undefined) return Number.MAX_SAFE_INTEGER;
  const seq = /^before:(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1];
  if (seq === undefined) {
    const message = 'is not a cursor of this list; take `nextCursor` of the page before';
    throw new Fault('invalid_request', 'The cursor is not known.', { fields: [{ path: 'cursor', message }] });
  }
  return Number(seq);
};

/** Of `limit + 1` rows: the page, and where the next one begins. */
export const pageOf = <Row extends { seq: number }, Item>(
  rows: readonly Row[],
  { limit }: PageQuery,
  item: (row: Row) => Item,
): Page<Item> => {
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return {
    data: shown.map(item),
    nextCursor: last ? Buffer.from(`before:${last.seq}`).toString('base64url') : null,
  };
};
