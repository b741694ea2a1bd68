import { record } from '../../http.ts';
import type { Contact } from './contact-store.ts';

const WRITABLE = [
  'firstname',
  'lastname',
  'email',
  'phone',
  'mobilephone',
  'company',
  'jobtitle',
  'lifecyclestage',
  'hs_lead_status',
  'hubspot_owner_id',
  'website',
  'address',
  'city',
  'state',
  'zip',
  'country',
];
const ALWAYS = ['createdate', 'lastmodifieddate', 'hs_object_id'];
const DEFAULTS = [...ALWAYS, 'email', 'firstname', 'lastname'];

const isWritable = (name: string): boolean => WRITABLE.includes(name);

/** Null for a property that exists and has no value, undefined for one that does not exist. */
export function valueOf(contact: Contact, name: string): string | null | undefined {
  switch (name) {
    case 'createdate':
      return new Date(contact.createdAt).toISOString();
    case 'lastmodifieddate':
      return new Date(contact.updatedAt).toISOString();
    case 'hs_object_id':
      return String(contact.id);
    default:
      return isWritable(name) ? (contact.values[name] ?? null) : undefined;
  }
}

/** Only the default properties unless others are named; a name that does not exist is dropped without a word. */
export function shown(contact: Contact, asked: string[]): Record<string, unknown> {
  const names = asked.length > 0 ? [...ALWAYS, ...asked] : DEFAULTS;
  const pairs = [...new Set(names)].map((name) => [name, valueOf(contact, name)] as const);
  return {
    id: String(contact.id),
    properties: Object.fromEntries(pairs.filter(([, value]) => value !== undefined)),
    createdAt: new Date(contact.createdAt).toISOString(),
    updatedAt: new Date(contact.updatedAt).toISOString(),
    archived: contact.archived,
    ...(contact.archived ? { archivedAt: new Date(contact.updatedAt).toISOString() } : {}),
  };
}

export const namesIn = (text: string | null): string[] =>
  (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);

/** The properties of a write, each as the string the vendor keeps; names that do not exist are told apart. */
export function written(body: unknown): { values: Record<string, string>; unknown: string[] } {
  const given = Object.entries(record(record(body)['properties']));
  const known = given.filter(([name]) => isWritable(name)).map(([name, value]) => [name, textOf(value)]);
  return {
    values: Object.fromEntries(known) as Record<string, string>,
    unknown: given.map(([name]) => name).filter((name) => !isWritable(name)),
  };
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value);
