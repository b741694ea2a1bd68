import { formBody, isForm, json, jsonBody, record, type Call, type Reply } from '../../http.ts';

export const ok = (body: Record<string, unknown>): Reply => json(200, { ok: true, ...body });
export const failed = (error: string, more: Record<string, unknown> = {}): Reply =>
  json(200, { ok: false, error, ...more });

/** Arguments of a method: reads take the query or a form, writes take JSON as well. */
export function argsOf(call: Call, takesJson = false): Record<string, string> {
  const body = isForm(call) ? Object.fromEntries(formBody(call)) : takesJson ? record(jsonBody(call)) : {};
  const texts = Object.entries(body).map(([name, value]) => [name, String(value)]);
  return { ...Object.fromEntries(call.query), ...Object.fromEntries(texts) } as Record<string, string>;
}

/** One page by cursor; at the end the cursor is an empty text. Null: the cursor is none of ours. */
export function paged<Item extends { id: string }>(
  all: Item[],
  { limit = '100', cursor = '' }: Record<string, string>,
  max: number,
) {
  const size = Math.min(Math.max(Number(limit) || 0, 1), max);
  const mark = Buffer.from(cursor, 'base64').toString('utf8');
  if (cursor !== '' && !mark.startsWith('next:')) return null;
  const after = mark.slice('next:'.length);
  // The mark names the last one given, so that what goes meanwhile moves nobody.
  const left = cursor === '' ? all : all.filter(({ id }) => id > after);
  const page = left.slice(0, size);
  const last = page.at(-1);
  const next = left.length > page.length && last ? Buffer.from(`next:${last.id}`).toString('base64') : '';
  return { page, next };
}
