import { told, type ZohoRecord } from './store.ts';

const OWNER = { name: 'Mara Kornblum', id: '5725767000000411001', email: 'owner@kornblume.example' };
const FIELDS_MAX = 50;

/** A record with the fields that were asked for; names that do not exist are left out without a word. */
export function shown({ id, body, madeAt, changedAt, broken }: ZohoRecord, fields: string[]): Record<string, unknown> {
  const all: Record<string, unknown> = {
    ...body,
    Owner: OWNER,
    Created_Time: told(madeAt),
    ...(broken ? {} : { Modified_Time: told(changedAt) }),
  };
  const names = fields.length > 0 ? fields : Object.keys(all);
  return { ...Object.fromEntries(names.filter((name) => name in all).map((name) => [name, all[name]])), id };
}

/** Undefined: more than may be asked for. */
export function fieldsIn(query: URLSearchParams): string[] | undefined {
  const names = (query.get('fields') ?? '').split(',').filter(Boolean);
  return names.length > FIELDS_MAX ? undefined : names;
}
