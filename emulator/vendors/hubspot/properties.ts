import { record } from '../../http.ts';
import type { Kind } from './kinds.ts';
import type { CrmRecord, Values } from './store.ts';

const iso = (ms: number): string => new Date(ms).toISOString();

/** Null for a property that exists and has no value, undefined for one that does not exist. */
export function valueOf(
  kind: Kind,
  { id, body, madeAt, changedAt }: CrmRecord,
  name: string,
): string | null | undefined {
  switch (name) {
    case 'createdate':
      return iso(madeAt);
    case kind.modified:
      return iso(changedAt);
    case 'hs_object_id':
      return id;
    default:
      return kind.writable.includes(name) ? (body[name] ?? null) : undefined;
  }
}

/** Only the default properties unless others are named; a name that does not exist is dropped without a word. */
export function shown(kind: Kind, held: CrmRecord, asked: string[], archived = false): Record<string, unknown> {
  const names = ['createdate', kind.modified, 'hs_object_id', ...(asked.length > 0 ? asked : kind.defaults)];
  const pairs = [...new Set(names)].map((name) => [name, valueOf(kind, held, name)] as const);
  return {
    id: held.id,
    properties: Object.fromEntries(pairs.filter(([, value]) => value !== undefined)),
    createdAt: iso(held.madeAt),
    ...(held.broken ? {} : { updatedAt: iso(held.changedAt) }),
    archived,
    ...(archived ? { archivedAt: iso(held.changedAt) } : {}),
  };
}

export const namesIn = (text: string | null): string[] =>
  (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);

/** The properties of a write, each as the string the vendor keeps; names that do not exist are told apart. */
export function written(kind: Kind, body: unknown): { values: Values; unknown: string[] } {
  const given = Object.entries(record(record(body)['properties']));
  const known = given.filter(([name]) => kind.writable.includes(name)).map(([name, value]) => [name, textOf(value)]);
  return {
    values: Object.fromEntries(known) as Values,
    unknown: given.map(([name]) => name).filter((name) => !kind.writable.includes(name)),
  };
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value);
