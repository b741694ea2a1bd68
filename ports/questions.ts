import type { StreamInfo } from './connector-info.ts';
import type { ReadQuery } from './connectors.ts';
import { Fault } from './errors.ts';
import type { FieldError } from './errors.ts';

/** What a list is asked, whichever system it is of. `search`: text to look for, whatever the system calls such a filter. */
export type Question = ReadQuery & { search?: string | undefined };

/** A list, and its system's name for people. */
export interface Asked {
  title: string;
  stream: StreamInfo;
}

const wrongFilters = ({ filters }: StreamInfo, filter: Record<string, string>): FieldError[] => {
  const known = new Map(filters.map((one) => [one.name, one]));
  const names = [...known.keys()].join(', ') || 'none';
  const wrong = Object.entries(filter).flatMap(([name, value]): FieldError[] => {
    const path = `filter.${name}`;
    const declared = known.get(name);
    if (declared === undefined) return [{ path, message: `is no filter here; there are: ${names}` }];
    const { values } = declared;
    return values === null || values.includes(value) ? [] : [{ path, message: `is one of ${values.join(', ')}` }];
  });
  const missing = filters.filter(({ name, required }) => required && !Object.hasOwn(filter, name));
  return [...wrong, ...missing.map(({ name }) => ({ path: `filter.${name}`, message: 'must be given here' }))];
};

/**
 * The question in the system's own words. Before anything is asked: `unsupported` says what the system cannot be asked at all,
 * `invalid_request` names each filter that does not fit.
 */
export const inOwnWords = ({ stream, title }: Asked, { search, ...query }: Question): ReadQuery => {
  if (search !== undefined && stream.search === null) {
    throw new Fault('unsupported', `${title} cannot search ${stream.name} for text; use a filter, or read the list.`);
  }
  if (query.since !== undefined && stream.incremental === null) {
    throw new Fault('unsupported', `${title} cannot say which ${stream.name} changed since; read the whole list.`);
  }
  const found = search !== undefined && stream.search !== null ? { [stream.search]: search } : {};
  const filter = { ...query.filter, ...found };
  const fields = wrongFilters(stream, filter);
  if (fields.length > 0) {
    throw new Fault('invalid_request', `${title} cannot filter ${stream.name} like this.`, { fields });
  }
  return { ...query, filter };
};
