import { jsonBody, list, record, type Call, type Reply } from '../../http.ts';
import { failed, problem, verdicts, type Outcome } from './replies.ts';
import { told, type Store, type ZohoRecord } from './store.ts';

const RECORDS_MAX = 100;

const good = ({ id, madeAt, changedAt }: ZohoRecord, alone: number, message: string): Outcome => ({
  alone,
  told: {
    code: 'SUCCESS',
    details: { id, Created_Time: told(madeAt), Modified_Time: told(changedAt) },
    message,
    status: 'success',
  },
});
/** No detail names a field: it is the id that fits nothing. */
const unknownId = (): Outcome => failed(400, 'INVALID_DATA', 'the id given seems to be invalid');

/** Undefined: nothing speaks against these values. */
function refused(store: Store, values: Record<string, unknown>, self?: ZohoRecord): Outcome | undefined {
  const { mandatory, unique } = store.module;
  const merged = { ...self?.body, ...values };
  const absent = mandatory.find((name) => typeof merged[name] !== 'string' || merged[name] === '');
  if (absent !== undefined) return failed(400, 'MANDATORY_NOT_FOUND', 'required field not found', { api_name: absent });
  const { Email: email } = values;
  if (email !== undefined && email !== null && !(typeof email === 'string' && /^[^@\s]+@[^@\s]+$/.test(email)))
    return failed(400, 'INVALID_DATA', 'invalid data', { api_name: 'Email', expected_data_type: 'email' });
  const holder = unique && values[unique] ? store.all().find(({ body }) => body[unique] === values[unique]) : undefined;
  // Accepted as a request, and refused as a record.
  if (holder && holder !== self)
    return failed(202, 'DUPLICATE_DATA', 'duplicate data', { api_name: unique, id: holder.id });
  return undefined;
}

const recordsOf = (call: Call): Record<string, unknown>[] | Reply => {
  const given = list(record(jsonBody(call))['data']).map(record);
  if (given.length === 0) return problem(400, 'MANDATORY_NOT_FOUND', 'required field not found', { api_name: 'data' });
  if (given.length > RECORDS_MAX)
    return problem(400, 'LIMIT_EXCEEDED', 'more than 100 records', { limit: RECORDS_MAX });
  return given;
};

export function createRecords(store: Store, call: Call): Reply {
  const given = recordsOf(call);
  if (!Array.isArray(given)) return given;
  return verdicts(given.map((one) => refused(store, one) ?? good(store.create(one), 201, 'record added')));
}

export function updateRecord(store: Store, call: Call, id: string): Reply {
  const given = recordsOf(call);
  if (!Array.isArray(given)) return given;
  const held = store.get(id);
  const [values = {}] = given;
  if (!held) return verdicts([unknownId()]);
  const problems = refused(store, values, held);
  return verdicts([problems ?? good(store.update(held, { ...held.body, ...values }), 200, 'record updated')]);
}

export function deleteRecord(store: Store, _call: Call, id: string): Reply {
  const held = store.get(id);
  if (!held || !store.remove(id)) return verdicts([unknownId()]);
  return verdicts([good(held, 200, 'record deleted')]);
}
