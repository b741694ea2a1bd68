import { json, jsonBody, record, type Call, type Reply } from '../../http.ts';
import { problem } from './problem.ts';
import type { SRecord, Store } from './store.ts';

const READ_ONLY = ['Id', 'CreatedDate', 'SystemModstamp', 'IsDeleted', 'IsClosed', 'IsWon', 'IsConverted'];

function refused({ object }: Store, values: Record<string, unknown>, self?: SRecord): Reply | undefined {
  const { fields, required, type } = object;
  const unknown = Object.keys(values).find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined)
    return problem(400, 'INVALID_FIELD', `No such column '${unknown}' on sobject of type ${type}`, [unknown]);
  const fixed = Object.keys(values).filter((name) => READ_ONLY.includes(name));
  if (fixed.length > 0) return problem(400, 'INVALID_FIELD_FOR_INSERT_UPDATE', 'Unable to create/update fields', fixed);
  const merged = { ...self?.body, ...values };
  const absent = required.filter((name) => typeof merged[name] !== 'string' || merged[name] === '');
  if (absent.length > 0)
    return problem(400, 'REQUIRED_FIELD_MISSING', `Required fields are missing: [${absent.join(', ')}]`, absent);
  const { Email: email } = values;
  if (typeof email === 'string' && !/^[^@\s]+@[^@\s]+$/.test(email))
    return problem(400, 'INVALID_EMAIL_ADDRESS', 'Email: invalid email address', ['Email']);
  return undefined;
}

export function createRecord(store: Store, call: Call): Reply {
  const values = record(jsonBody(call));
  return refused(store, values) ?? json(201, { id: store.create(values).id, success: true, errors: [] });
}

export function updateRecord(store: Store, call: Call, id: string): Reply {
  const held = store.get(id);
  if (!held) return absent(store, id);
  const values = record(jsonBody(call));
  const problems = refused(store, values, held);
  if (problems) return problems;
  store.update(held, { ...held.body, ...values });
  return { status: 204 };
}

export function deleteRecord(store: Store, _call: Call, id: string): Reply {
  if (!store.remove(id)) return absent(store, id);
  store.gone.add(id);
  return { status: 204 };
}

const absent = ({ gone }: Store, id: string): Reply =>
  gone.has(id)
    ? problem(404, 'ENTITY_IS_DELETED', 'entity is deleted', [])
    : problem(404, 'NOT_FOUND', 'The requested resource does not exist');
