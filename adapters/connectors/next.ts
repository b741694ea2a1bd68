import { Fault } from '../../ports/errors.ts';
import type { Reply } from './ask.ts';
import type { Call } from './call.ts';
import { at } from './paths.ts';
import type { Source } from './rows.ts';
import type { Next } from './streams.ts';

/** One page as it came, and how it was asked for. */
export interface PageMet {
  reply: Reply;
  position: string | null;
  limit: number;
  /** Items on it. */
  count: number;
  /** The vendor's last item. */
  last: unknown;
  call: Call;
}

/** Where the next page begins; null is the vendor's word, or the short page's, that this was the last one. */
export function nextOf(source: Source, next: Next, page: PageMet): string | null {
  const to = found(source, next, page);
  if (to === null || to === '') return null;
  if (to.length > 4000 || to === page.position) throw garbled(source, 'in a circle or by a cursor that is none');
  return to;
}

function found(source: Source, next: Next, page: PageMet): string | null {
  const { reply, position, limit, count, last } = page;
  const { json, headers } = reply;
  const short = count < limit;
  switch (next.kind) {
    case 'none':
      return null;
    case 'told':
      return next.by(json, position, { limit });
    case 'cursor':
      return next.while !== undefined && !isTrue(at(json, next.while)) ? null : cursorOf(source, at(json, next.at));
    case 'last-id':
      return isTrue(at(json, next.more)) ? lastOf(source, at(last, source.stream.idAt ?? 'id')) : null;
    case 'keyset':
      return short ? null : lastOf(source, at(last, next.field));
    case 'page': {
      const number = position === null ? 1 : Number(position);
      const more =
        next.more !== undefined
          ? isTrue(at(json, next.more))
          : next.pages !== undefined
            ? number < countOf(source, headers.get(next.pages))
            : !short;
      return more ? String(number + 1) : null;
    }
    case 'offset': {
      // Rows that are hidden from this account make a page short in the middle; then some are read twice and none is missed.
      const end = Number(position ?? 0) + (count === 0 ? limit : count);
      const total = next.at === undefined ? next.header && headers.get(next.header) : at(json, next.at);
      const untold = next.at === undefined && next.header === undefined;
      return (untold ? short : end >= countOf(source, total)) ? null : String(end);
    }
    case 'link':
      return linkOf(source, headers.get('link'), reply.url);
    case 'path':
      return pathOf(source, at(json, next.at), page);
  }
}

/** Something is there, and it does not say no. */
const isTrue = (value: unknown): boolean => Boolean(value) && value !== 'false';

function cursorOf(source: Source, value: unknown): string | null {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  throw garbled(source, 'by a cursor that is none');
}

function lastOf(source: Source, value: unknown): string {
  const cursor = cursorOf(source, value);
  if (cursor === null) throw garbled(source, 'by ids, and its last item has none');
  return cursor;
}

function countOf(source: Source, value: unknown): number {
  const count = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value;
  if (typeof count === 'number' && Number.isSafeInteger(count)) return count;
  throw garbled(source, 'and does not say how many there are');
}

/** The query of `rel="next"`: our own address stays. */
function linkOf(source: Source, header: string | undefined, from: string): string | null {
  for (const [, target = '', params = ''] of (header ?? '').matchAll(/<([^>]*)>([^<]*)/g)) {
    if (!/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\b)/i.test(params)) continue;
    return ours(source, target, from).search;
  }
  return null;
}

/** Path and query of a next address below the list's own path: no cursor may become another question to this vendor. */
function pathOf(source: Source, value: unknown, { reply }: PageMet): string | null {
  const target = cursorOf(source, value);
  if (target === null) return null;
  const { pathname, search } = ours(source, target, reply.url);
  return pathname + search;
}

/** A next page on another host would be asked with the tenant's credential. */
function ours({ manifest, name }: Source, target: string, from: string): URL {
  const url = URL.parse(target, from);
  if (url && url.hostname === new URL(from).hostname) return url;
  throw new Fault('host_refused', `${manifest.title} says that ${name} go on at another host; nothing is asked there`);
}

const garbled = ({ manifest, name }: Source, how: string) =>
  new Fault('provider_garbage', `${manifest.title} pages ${name} ${how}`);
