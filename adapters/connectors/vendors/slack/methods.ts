import { z } from 'zod';
import type { Call } from '../../call.ts';
import type { Params } from '../../params.ts';
import { clean } from '../../plain-text.ts';
import type { PagesPaging } from '../../streams.ts';

export const text = z.string().transform(clean);

/** Epoch seconds, also with the decimals of a `ts`. */
export const seconds = z.coerce
  .number()
  .positive()
  .transform((at) => new Date(at * 1000).toISOString());

/** Reads take the query, writes take JSON. */
export const reading = (method: string, query: Params): Call => ({ path: `/${method}`, query });
export const posting = (method: string, body: Record<string, unknown>): Call => ({
  method: 'POST',
  path: `/${method}`,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body,
});

/** A list by cursor, which is an empty text at the end. */
export const byCursor = (method: string, query: Params, more: Partial<PagesPaging> = {}): PagesPaging => ({
  kind: 'pages',
  sizeMax: 1000,
  call: ({ limit, position, filter }) =>
    reading(method, { ...query, ...filter, limit: String(limit), ...(position !== null && { cursor: position }) }),
  next: { kind: 'cursor', at: 'response_metadata.next_cursor' },
  ...more,
});
