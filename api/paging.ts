import { z } from 'zod';
import { Fault } from '../ports/errors.ts';
import type { Page, PageQuery } from '../ports/tenants.ts';

export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ data: z.array(item), nextCursor: z.string().nullable() });

/** One page of a list that a port gives whole. The cursor is the id of the last item shown. */
export const paginate = <Item>(items: Item[], { limit, cursor }: PageQuery, id: (item: Item) => string): Page<Item> => {
  const start = cursor === undefined ? 0 : items.findIndex((item) => id(item) === cursor) + 1;
  if (cursor !== undefined && start === 0) {
    throw new Fault('invalid_request', 'This cursor is not of this list; begin again without it.', {
      fields: [{ path: 'cursor', message: 'is not of this list' }],
    });
  }
  const data = items.slice(start, start + limit);
  const last = data.at(-1);
  return { data, nextCursor: last !== undefined && start + limit < items.length ? id(last) : null };
};
