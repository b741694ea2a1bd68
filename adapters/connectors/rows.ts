import type { Row } from '../../ports/connectors.ts';
import { Fault } from '../../ports/errors.ts';
import type { Manifest, Stream } from './manifest.ts';
import { at } from './paths.ts';

export interface Source {
  manifest: Manifest;
  name: string;
  stream: Stream;
}

/** The rows of a list's answer. One that we cannot read stops the page and is named: left out, it would count as deleted. */
export function rowsOf({ manifest, name, stream }: Source, json: unknown): Row[] {
  const items = at(json, stream.items);
  if (!Array.isArray(items)) throw new Fault('provider_garbage', `${manifest.title} sent no list of ${name}`);
  return items.map((item, index) => rowOf({ manifest, name: `${name}[${index}]`, stream }, item));
}

export function rowOf({ manifest, name, stream }: Source, item: unknown): Row {
  const checked = stream.parse.safeParse(item);
  if (checked.success) return checked.data;
  const where = checked.error.issues.map(({ path, code }) => [name, ...path].join('.') + ` (${code})`);
  throw new Fault('provider_garbage', `${manifest.title} sent what we cannot read: ${where.slice(0, 5).join(', ')}`);
}

/** Our filters in the vendor's parameters. One that the stream does not have is refused, not ignored. */
export function filterParams({ stream }: Source, filter: Record<string, string> = {}): Record<string, string> {
  const given = Object.entries(filter);
  const fields = given.flatMap(([name, value]) => {
    const known = Object.hasOwn(stream.filters, name) ? stream.filters[name] : undefined;
    const path = `filter.${name}`;
    if (!known)
      return [{ path, message: `there is no such filter; there are: ${Object.keys(stream.filters).join(', ')}` }];
    const { values = [value] } = known;
    return values.includes(value) ? [] : [{ path, message: `must be one of ${values.join(', ')}` }];
  });
  if (fields.length > 0) throw new Fault('invalid_request', 'a filter does not fit', { fields });
  return Object.fromEntries(given.map(([name, value]) => [stream.filters[name]?.param ?? name, value]));
}
