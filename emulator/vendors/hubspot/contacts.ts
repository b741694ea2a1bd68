import { json, jsonBody, record, type Call, type Reply } from '../../http.ts';
import type { Contact, ContactStore } from './contact-store.ts';
import { apiError, invalid } from './errors.ts';
import { namesIn, shown, written } from './properties.ts';

const MAX_PAGE = 100;

export function listContacts(store: ContactStore, { query, base }: Call): Reply {
  const limit = Number(query.get('limit') ?? 10);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) {
    return invalid(`limit must be between 1 and ${MAX_PAGE}, was ${query.get('limit') ?? ''}`);
  }
  const after = query.get('after');
  if (after !== null && !/^\d+$/.test(after)) return invalid(`after is not a paging cursor: ${after}`);
  const names = query.getAll('properties').flatMap(namesIn);
  const page = store.page(Number(after ?? 0), limit, query.get('archived') === 'true');
  const results = page.rows.map((contact) => shown(contact, names));
  if (page.next === undefined) return json(200, { results });
  const next = new URLSearchParams(query);
  next.set('after', String(page.next));
  const link = `${base}/crm/objects/2026-09/contacts?${next.toString()}`;
  return json(200, { results, paging: { next: { after: String(page.next), link } } });
}

export function getContact(store: ContactStore, { query }: Call, id: string): Reply {
  const contact = store.get(Number(id));
  if (!contact || contact.archived !== (query.get('archived') === 'true')) return missing(id);
  return json(200, shown(contact, query.getAll('properties').flatMap(namesIn)));
}

export function createContact(store: ContactStore, call: Call): Reply {
  const body = jsonBody(call);
  if (record(body)['properties'] === undefined) return invalid('properties is required');
  const { values, unknown } = written(body);
  const problem = refused(values, unknown) ?? taken(store, values);
  if (problem) return problem;
  const contact = store.create(values);
  return json(201, shown(contact, Object.keys(values)));
}

export function updateContact(store: ContactStore, call: Call, id: string): Reply {
  const contact = store.get(Number(id));
  if (!contact || contact.archived) return missing(id);
  const { values, unknown } = written(jsonBody(call));
  const problem = refused(values, unknown) ?? taken(store, values, contact);
  if (problem) return problem;
  return json(200, shown(store.update(contact, values), Object.keys(values)));
}

/** To the recycle bin; a second time answers the same, as the vendor does. */
export function archiveContact(store: ContactStore, _call: Call, id: string): Reply {
  const contact = store.get(Number(id));
  if (contact && !contact.archived) store.archive(contact);
  return { status: 204 };
}

const missing = (id: string): Reply =>
  apiError(404, 'OBJECT_NOT_FOUND', `Object not found. objectId are usually numeric: ${id}`);

function refused(values: Record<string, string>, unknown: string[]): Reply | undefined {
  if (unknown.length > 0) {
    const errors = unknown.map((name) => ({
      message: `Property "${name}" does not exist`,
      code: 'PROPERTY_DOESNT_EXIST',
    }));
    return invalid(`Property values were not valid: ${unknown.join(', ')}`, errors);
  }
  if (values['email'] && !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(values['email'])) {
    return invalid(`Email address ${values['email']} is invalid`, [
      { message: 'Email address is invalid', code: 'INVALID_EMAIL', in: 'email' },
    ]);
  }
  return undefined;
}

function taken(store: ContactStore, values: Record<string, string>, self?: Contact): Reply | undefined {
  const holder = values['email'] ? store.holder(values['email']) : undefined;
  if (!holder || holder === self) return undefined;
  return apiError(409, 'CONFLICT', `Contact already exists. Existing ID: ${holder.id}`);
}
