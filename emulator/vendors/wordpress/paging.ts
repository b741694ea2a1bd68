import { json, type Call, type Reply } from '../../http.ts';
import { invalidParam } from './errors.ts';

const MAX_PAGE = 100;

export interface PageAsked {
  perPage: number;
  page: number;
  offset: number;
}

/** What every list of the vendor reads of its query, or the refusal of what does not fit. */
export function pageAsked(query: URLSearchParams): PageAsked | Reply {
  const perPage = whole(query.get('per_page') ?? '10');
  if (perPage === undefined || perPage < 1 || perPage > MAX_PAGE) {
    return invalidParam('per_page', `per_page must be between 1 (inclusive) and ${MAX_PAGE} (inclusive)`);
  }
  const page = whole(query.get('page') ?? '1');
  if (page === undefined || page < 1) return invalidParam('page', 'page must be greater than or equal to 1');
  const offset = whole(query.get('offset') ?? String((page - 1) * perPage));
  return offset === undefined ? invalidParam('offset', 'offset is not of type integer.') : { perPage, page, offset };
}

/** One page of `shown`, with the counts of the whole list in headers and the neighbours in `Link`. */
export function pageOf(
  { query, base, path }: Call,
  { perPage, page, offset }: PageAsked,
  shown: Record<string, unknown>[],
): Reply {
  const pages = Math.ceil(shown.length / perPage);
  const rows = shown.slice(offset, offset + perPage);
  return json(200, rows, {
    // Past the end by `offset` the real one has counted nothing.
    'x-wp-total': String(rows.length === 0 ? 0 : shown.length),
    'x-wp-totalpages': String(pages),
    ...linkHeader(`${base}${path}`, query, page, pages),
  });
}

function linkHeader(url: string, query: URLSearchParams, page: number, pages: number): Record<string, string> {
  const to = (number: number, rel: string) => {
    const target = new URLSearchParams(query);
    target.set('page', String(number));
    return `<${url}?${target.toString()}>; rel="${rel}"`;
  };
  const links = [...(page > 1 ? [to(page - 1, 'prev')] : []), ...(page < pages ? [to(page + 1, 'next')] : [])];
  return links.length > 0 ? { link: links.join(', ') } : {};
}

/** In the vendor's order: by this key, upwards unless `order` says otherwise; of equals, the older first. */
export function ordered<One extends { id: number }>(
  rows: One[],
  key: (row: One) => number | string,
  descending: boolean,
): One[] {
  const sign = descending ? -1 : 1;
  return rows.sort((a, b) => {
    const [left, right] = [key(a), key(b)];
    return sign * (left === right ? a.id - b.id : left < right ? -1 : 1);
  });
}

const whole = (text: string): number | undefined => (/^\d+$/.test(text) ? Number(text) : undefined);

export function csv(query: URLSearchParams, name: string): string[] | undefined {
  const values = [...query.getAll(name), ...query.getAll(`${name}[]`)]
    .flatMap((value) => value.split(','))
    .filter(Boolean);
  return values.length > 0 ? values : undefined;
}
