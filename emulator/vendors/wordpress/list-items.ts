import type { Call, Reply } from '../../http.ts';
import { invalidParam, wpError } from './errors.ts';
import { csv, ordered, pageAsked, pageOf } from './paging.ts';
import { GMT_OFFSET_HOURS, pickFields, rendered } from './render.ts';
import type { Item, Resource, Site } from './site.ts';

const STATUSES = ['publish', 'draft', 'pending', 'future', 'private', 'trash', 'inherit', 'any'];
const ORDERS: Record<string, (item: Item) => number | string> = {
  date: ({ date }) => date,
  modified: ({ modified }) => modified,
  id: ({ id }) => id,
  title: ({ title }) => title.toLowerCase(),
  slug: ({ slug }) => slug,
};

export function listItems(site: Site, resource: Resource, call: Call, owner: boolean): Reply {
  const { query, base } = call;
  const asked = pageAsked(query);
  if ('status' in asked) return asked;
  const edit = query.get('context') === 'edit';
  if (edit && !owner) {
    return wpError(401, 'rest_forbidden_context', 'Sorry, you are not allowed to edit posts in this post type.');
  }
  const statuses = csv(query, 'status') ?? [resource === 'media' ? 'inherit' : 'publish'];
  if (statuses.some((status) => !STATUSES.includes(status)))
    return invalidParam('status', 'status is not one of the known ones');
  if (!owner && statuses.some((status) => status !== 'publish' && status !== 'inherit')) {
    return invalidParam('status', 'Status is forbidden.');
  }
  const sortKey = ORDERS[query.get('orderby') ?? 'date'];
  if (!sortKey) return invalidParam('orderby', `orderby is not one of ${Object.keys(ORDERS).join(', ')}.`);
  const dates = dateBounds(query);
  if (typeof dates === 'string') return invalidParam(dates, 'Invalid date.');

  const matches = [...site.items.values()].filter(
    (item) => item.resource === resource && hasStatus(item, statuses) && dates(item) && named(item, query),
  );
  ordered(matches, sortKey, (query.get('order') ?? 'desc') !== 'asc');
  if (asked.page > Math.ceil(matches.length / asked.perPage) && matches.length > 0 && !query.has('offset')) {
    return wpError(
      400,
      'rest_post_invalid_page_number',
      'The page number requested is larger than the number of pages available.',
    );
  }
  const fields = query.get('_fields');
  return pageOf(
    call,
    asked,
    matches.map((item) => pickFields(rendered(item, base, edit), fields)),
  );
}

const hasStatus = ({ status }: Item, wanted: string[]): boolean =>
  wanted.includes(status) || (wanted.includes('any') && status !== 'trash');

function named(item: Item, query: URLSearchParams): boolean {
  const slugs = csv(query, 'slug');
  const included = csv(query, 'include');
  const excluded = csv(query, 'exclude');
  const words = (query.get('search') ?? '').toLowerCase();
  return (
    (!slugs || slugs.includes(item.slug)) &&
    (!included || included.includes(String(item.id))) &&
    (!excluded || !excluded.includes(String(item.id))) &&
    `${item.title} ${item.excerpt} ${item.content}`.toLowerCase().includes(words)
  );
}

/** A test of the dates, or the name of the parameter that is no date. All four bounds are exclusive. */
function dateBounds(query: URLSearchParams): ((item: Item) => boolean) | string {
  const tests: ((item: Item) => boolean)[] = [];
  for (const [name, holds] of [
    ['after', (item: Item, bound: number) => item.date > bound],
    ['before', (item: Item, bound: number) => item.date < bound],
    ['modified_after', (item: Item, bound: number) => item.modified > bound],
    ['modified_before', (item: Item, bound: number) => item.modified < bound],
  ] as const) {
    const text = query.get(name);
    if (text === null) continue;
    const bound = instant(text);
    if (Number.isNaN(bound)) return name;
    tests.push((item) => holds(item, bound));
  }
  return (item) => tests.every((test) => test(item));
}

/** Without a zone a time is the site's own. */
function instant(text: string): number {
  // An unescaped + of a zone arrives as a space.
  const time = text.trim().replace(' ', '+');
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(time)) return Number.NaN;
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(time);
  return zoned ? Date.parse(time) : Date.parse(`${time}Z`) - GMT_OFFSET_HOURS * 3_600_000;
}
