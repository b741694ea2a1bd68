import { formBody, isForm, jsonBody, record, type Call } from '../../http.ts';

/** What a write was given: as JSON, as a form or in the query. */
export function given(call: Call): Record<string, unknown> {
  const body = isForm(call) ? Object.fromEntries(formBody(call)) : record(jsonBody(call));
  return { ...Object.fromEntries(call.query), ...body };
}
