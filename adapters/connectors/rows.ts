import type { ReadQuery, Row, UnreadableItem } from '../../ports/connectors.ts';
import { Fault } from '../../ports/errors.ts';
import type { Manifest, Params } from './manifest.ts';
import { at } from './paths.ts';
import type { Stream } from './streams.ts';

export interface Source {
  manifest: Manifest;
  name: string;
  stream: Stream;
  /** The connection's. */
  settings: Params;
}

/** What of a row is wanted. */
export type Wanted = Pick<ReadQuery, 'fields' | 'native'>;

/** One answer's list, read. */
export interface Items {
  rows: Row[];
  unreadable: UnreadableItem[];
  /** Of every item, in the vendor's order; null where none can be read. */
  ids: (string | null)[];
  /** The vendor's own last item; undefined in an empty list. */
  last: unknown;
  /** Top-level field names of the vendor's items. */
  fields: string[];
}

/**
 * The rows of a list's answer. An item that does not fit is named beside them: left out, it would count as deleted.
 * `filter`: what was asked, in the vendor's parameters.
 */
export function itemsOf(source: Source, json: unknown, wanted: Wanted, filter: Params): Items {
  const { stream, settings } = source;
  const items = stream.itemsOf?.(json, { filter, settings }) ?? listOf(source, json);
  const rows: Row[] = [];
  const unreadable: UnreadableItem[] = [];
  const ids = items.map((item) => {
    const read = parsed(stream, item);
    if ('row' in read) rows.push(shown(read.row, item, wanted));
    else unreadable.push(read);
    return 'row' in read ? read.row.externalId : read.externalId;
  });
  return { rows, unreadable, ids, last: items.at(-1), fields: namesIn(items) };
}

function namesIn(items: unknown[]): string[] {
  const names = new Set<string>();
  // Most items have the fields of the one before them, in the same order: those cost a comparison each.
  const before: string[] = [];
  for (const item of items) {
    if (typeof item !== 'object' || item === null) continue;
    let place = 0;
    for (const name in item) {
      if (before[place] !== name) names.add((before[place] = name));
      place += 1;
    }
  }
  return [...new Set([...names].map(plain))].sort();
}

function listOf({ manifest, name, stream }: Source, json: unknown): unknown[] {
  const found = at(json, stream.items);
  if (Array.isArray(found)) return found;
  if (stream.absent && (found === undefined || found === null || found === '')) return [];
  throw new Fault('provider_garbage', `${manifest.title} sent no list of ${name}`);
}

/** The row of the answer for one item. */
export function rowOf({ manifest, name, stream, settings }: Source, json: unknown, id: string, wanted: Wanted): Row {
  const own = () => (stream.item === undefined ? json : at(json, stream.item));
  const item = stream.itemsOf ? stream.itemsOf(json, { filter: {}, settings, id })[0] : own();
  if (item === null || item === undefined) throw new Fault('not_found', `${manifest.title} has nothing under this id`);
  const read = parsed(stream, item);
  if ('row' in read) return shown(read.row, item, wanted);
  throw new Fault('provider_garbage', `${manifest.title} sent what we cannot read: ${name}: ${read.reason}`);
}

/** The id that the vendor itself gives an item, where it looks like one. */
function idOf({ id, idAt = 'id' }: Stream, item: unknown): string | null {
  const found = at(item, idAt);
  const text = Number.isSafeInteger(found) ? String(found) : found;
  return typeof text === 'string' && id.test(text) ? text : null;
}

function parsed(stream: Stream, item: unknown): { row: Row } | UnreadableItem {
  try {
    const read = stream.parse(item);
    if ('row' in read) return read;
    const misfits = read.misfits.map(({ path, code }) => `${path.map(plain).join('.')} (${code})`);
    return { externalId: idOf(stream, item), reason: misfits.slice(0, 5).join(', ') };
  } catch {
    // A mapping that meets what its schema did not foresee. Its own words may hold a value.
    return { externalId: idOf(stream, item), reason: 'cannot be mapped' };
  }
}

/** A key of a record may be anybody's word. */
const plain = (name: PropertyKey): string => (/^[\w-]{1,64}$/.test(String(name)) ? String(name) : '…');

function shown(row: Row, item: unknown, { fields, native }: Wanted): Row {
  if (!fields && !native) return row;
  const { externalId, modifiedAt } = row;
  const kept = fields && Object.fromEntries(fields.flatMap((name) => (name in row ? [[name, row[name]]] : [])));
  return { ...(kept ?? row), externalId, modifiedAt, ...(native && { native: item }) };
}

/** Our filters in the vendor's parameters. One that the stream does not have, or that it lacks, is refused, not ignored. */
export function filterParams({ stream }: Source, filter: Record<string, string> = {}): Record<string, string> {
  const given = Object.entries(filter);
  const misfits = given.flatMap(([name, value]) => {
    const known = Object.hasOwn(stream.filters, name) ? stream.filters[name] : undefined;
    const path = `filter.${name}`;
    if (!known)
      return [{ path, message: `there is no such filter; there are: ${Object.keys(stream.filters).join(', ')}` }];
    const { values = [value], like } = known;
    if (like?.test(value) === false) return [{ path, message: 'this is none that the system has; list them' }];
    return values.includes(value) ? [] : [{ path, message: `must be one of ${values.join(', ')}` }];
  });
  const missing = (stream.needs ?? []).filter((name) => !Object.hasOwn(filter, name));
  const fields = [
    ...misfits,
    ...missing.map((name) => ({ path: `filter.${name}`, message: 'nothing is listed without it' })),
  ];
  if (fields.length > 0) throw new Fault('invalid_request', 'a filter does not fit', { fields });
  return Object.fromEntries(given.map(([name, value]) => [stream.filters[name]?.param ?? name, value]));
}
