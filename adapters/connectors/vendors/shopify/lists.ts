import { z } from 'zod';
import type { WriteReceipt } from '../../../../ports/connectors.ts';
import type { Params } from '../../params.ts';
import { at } from '../../paths.ts';
import type { PageAsk, PagesPaging } from '../../streams.ts';
import { graphql } from './graphql.ts';

/** Global ids: `gid://shopify/Product/8123456789012`. */
export const gid = (type: string): RegExp => new RegExp(`^gid://shopify/${type}/\\d{1,20}$`);

/** The number of a global id, by which lists are searched. */
const numberIn = (id: string): string => /\d+$/.exec(id)?.[0] ?? '';

/** The parameter of a filter that is free text. */
const WORDS = 'text';

/** Its search syntax: whatever is not plainly a word is quoted, and a quote ends nothing. */
const term = (name: string, value: string): string => `${name}:'${value.replaceAll(/['"\\]/g, ' ')}'`;

/**
 * Lists are searched by id, upwards: what is made meanwhile comes last, what changes does not move, and the 25,000 objects
 * beyond which one list is not paged are never met, for each page is a list of its own.
 */
const searched = ({ position, sinceMs, filter, newest }: PageAsk): string => {
  const { [WORDS]: text, ...named } = filter;
  return [
    ...(text === undefined ? [] : [`'${text.replaceAll(/['"\\]/g, ' ')}'`]),
    ...Object.entries(named).map(([name, value]) => term(name, value)),
    // Times hold colons, so that they are quoted; an unquoted one would be dropped with a warning that nobody reads.
    ...(sinceMs === null ? [] : [`updated_at:>='${new Date(sinceMs).toISOString()}'`]),
    ...(position === null ? [] : [`id:${newest ? '<' : '>'}${numberIn(position)}`]),
  ].join(' AND ');
};

/** Its search index may be that far behind what it knows. */
const LOOK_BACK_MS = 60_000;

/** A list of one kind of record. `inner`: how many objects the lists within one record may bring. */
export const paged = (field: string, node: string, inner: number): PagesPaging => ({
  kind: 'pages',
  sizeMax: 250,
  call: (ask) =>
    graphql(
      `query($first:Int!,$q:String,$newest:Boolean!){${field}(first:$first,query:$q,sortKey:ID,reverse:$newest){nodes{${node}} pageInfo{hasNextPage}}}`,
      { first: ask.limit, q: searched(ask), newest: ask.newest },
      ask.limit + inner,
    ),
  next: { kind: 'last-id', more: `data.${field}.pageInfo.hasNextPage` },
  since: { finds: 'changed', lookBackMs: LOOK_BACK_MS },
});

/** What a change answers that made or changed a record. */
export const receiptOf =
  (record: string) =>
  ({ json }: { json: unknown }): WriteReceipt => ({
    externalId: String(at(json, `data.done.${record}.id`)),
    link: null,
  });

/** Of a look that found the record itself. */
export const Found = z.object({ id: z.string() }).transform(({ id }) => ({ externalId: id, link: null }));

/** Filters by what the search syntax calls them, and free text. */
export const filters = (names: Params): Record<string, { param: string }> => ({
  search: { param: WORDS },
  ...Object.fromEntries(Object.entries(names).map(([name, param]) => [name, { param }])),
});
