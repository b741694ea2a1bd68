import { json, type Call, type Reply } from '../../http.ts';
import type { Kept } from '../../records/collection.ts';

export const failed = (status: number, code: string, message: string, serviceErrorCode = 0): Reply =>
  json(status, { status, code, message, serviceErrorCode });

export const missing = (): Reply => failed(404, 'NOT_FOUND', 'Not Found');

export const invalid = (message: string): Reply => failed(400, 'INVALID_PARAM', message);

/** `start` and `count`; the answer says how many there are in all. */
export function paged(found: Kept[], { query }: Call, show: (record: Kept) => unknown): Reply {
  const [start, count] = [Number(query.get('start') ?? 0), Number(query.get('count') ?? 10)];
  if (!Number.isInteger(start) || start < 0 || !Number.isInteger(count) || count < 1 || count > 100)
    return invalid('start or count is out of range');
  const elements = found.slice(start, start + count).map(show);
  return json(200, { elements, paging: { start, count, total: found.length, links: [] } });
}
