import { z } from 'zod';
import { renamed } from '../../cells.ts';
import type { Params } from '../../params.ts';
import { at } from '../../paths.ts';
import type { Next, PageAsk, PagesPaging } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';

/** Its first eight digits say when it was made, in seconds: ids ascend. */
export const ID = /^[0-9a-f]{24}$/;
export const id = z.string().regex(ID);

/** Lists that exist board by board, and are read so. */
export const PER_BOARD = {
  filters: { boardId: { param: 'board', like: ID } },
  per: { stream: 'boards', filter: 'boardId' },
} as const;

/** `name` of one board, whole. */
export const wholeOf = (name: string, query: Params): PagesPaging => ({
  kind: 'pages',
  sizeMax: 1000,
  call: ({ filter }) => ({ path: pathOf(filter, name), query }),
  next: { kind: 'none' },
});

/** `name` of one board, from the newest back: more than a thousand are cut off without any hint. */
export const backwardsOf = (
  name: string,
  query: Params,
  more: Pick<PagesPaging, 'since'> & { asked?: (ask: PageAsk) => Params } = {},
): PagesPaging => ({
  kind: 'pages',
  sizeMax: 1000,
  call: (ask) => ({
    path: pathOf(ask.filter, name),
    query: {
      ...query,
      ...more.asked?.(ask),
      limit: String(ask.limit),
      ...(ask.position !== null && { before: ask.position }),
    },
  }),
  next: BACKWARDS,
  ...(more.since && { since: more.since }),
});

const pathOf = ({ board = '' }: Params, name: string): string => `/boards/${encodeURIComponent(board)}/${name}`;

/** The oldest of a page, whatever place it has in it. */
const BACKWARDS: Next = {
  kind: 'told',
  by(json, _position, { limit }) {
    if (!Array.isArray(json) || json.length < limit) return null;
    const ids = json.map((item: unknown) => at(item, 'id')).filter((one) => typeof one === 'string');
    return ids.reduce<string | null>((oldest, one) => (oldest === null || one < oldest ? one : oldest), null);
  },
};

export const receipt = z
  .object({ id, url: z.url().nullish(), shortUrl: z.url().nullish() })
  .transform(({ id: externalId, url, shortUrl }) => ({ externalId, link: shortUrl ?? url ?? null }));

interface Writing<Create extends z.ZodObject, Update extends z.ZodObject> {
  path: string;
  /** Our names of what may be written, and the vendor's parameter for each. */
  names: Record<string, string>;
  create: Create;
  update: Update;
}

/** Sent as JSON: what stands in a query stands in the logs of proxies. */
export function writes<Create extends z.ZodObject, Update extends z.ZodObject>(spec: Writing<Create, Update>) {
  const { path, names, create, update } = spec;
  return {
    create: writing({
      safety: 'unsafe',
      input: create,
      call: ({ input }) => ({ method: 'POST', path, body: renamed(names, input) }),
      receipt,
    }),
    update: writing({
      safety: 'idempotent',
      input: update,
      call: ({ input, id: of }) => ({ method: 'PUT', path: `${path}/${of}`, body: renamed(names, input) }),
      receipt,
    }),
  };
}

export const removal = (path: string) => deletion((of) => ({ method: 'DELETE', path: `${path}/${of}` }));
