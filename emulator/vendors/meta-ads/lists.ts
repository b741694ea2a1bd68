import { json, list, record, type Call, type Reply } from '../../http.ts';
import type { Kept } from '../../records/collection.ts';
import { isGone, picked, type Ads, type Edge } from './objects.ts';
import { failed } from './refusals.ts';

const PAGE_MAX = 500;
const DAY_MS = 86_400_000;
const DAYS = 6;

const parsed = (text: string | null): unknown => {
  try {
    return JSON.parse(text ?? 'null') as unknown;
  } catch {
    return null;
  }
};
const coded = (mark: string): string => Buffer.from(mark).toString('base64url');

/** One page of what was found, by cursor. `next` holds the token, as the real one does: whoever writes it down gives it away. */
function paged<Item>(
  call: Call,
  all: Item[],
  markOf: (item: Item) => string,
  show: (page: Item[]) => unknown[],
): Reply {
  const { query, path } = call;
  const limit = Number(query.get('limit') ?? 25);
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_MAX)
    return failed(400, '(#100) param limit is invalid', 100);
  const after = query.get('after');
  const mark = after === null ? null : Buffer.from(after, 'base64url').toString('utf8');
  if (mark !== null && !/^[\d:-]+$|^act_/.test(mark)) return failed(400, '(#100) Invalid cursors values', 100);
  const left = mark === null ? all : all.filter((item) => markOf(item) > mark);
  const page = left.slice(0, limit);
  const [first, last] = [page[0], page.at(-1)];
  if (!first || !last) return json(200, { data: [] });
  const cursors = { before: coded(markOf(first)), after: coded(markOf(last)) };
  const more = new URLSearchParams({
    ...Object.fromEntries(query),
    access_token: 'EAAG-in-clear',
    after: cursors.after,
  });
  const next = left.length > page.length && { next: `https://graph.facebook.com${path}?${more.toString()}` };
  return json(200, { data: show(page), paging: { cursors, ...next } });
}

export const listAccounts = ({ accounts }: Ads, call: Call): Reply =>
  paged(
    call,
    accounts.all(),
    ({ id }) => id,
    (page) => page.map((one) => picked(one, call.query.get('fields'))),
  );

/** Deleted ones are left out after the page was cut, so that a page may hold few rows, or none, and still not be the last. */
export function listEdge(ads: Ads, edge: Edge, account: string, call: Call): Reply {
  const { query } = call;
  const filters = list(parsed(query.get('filtering'))).map(record);
  const unknown = filters.find(
    ({ field, operator }) => !/^\w+\.updated_time$/.test(String(field)) || operator !== 'GREATER_THAN',
  );
  if (unknown) return failed(400, '(#100) Filtering field is not valid', 100);
  const states = list(parsed(query.get('effective_status')));
  const all = (ads[edge].all() as Kept[])
    .filter(({ body }) => body['account'] === account)
    .filter(({ changedAt }) => filters.every(({ value }) => Math.floor(changedAt / 1000) > Number(value)));
  const isShown = (one: Kept): boolean =>
    states.length > 0 ? states.includes(one.body['effective_status']) : !isGone(one);
  return paged(
    call,
    all,
    ({ id }) => id,
    (page) => page.filter(isShown).map((one) => picked(one, query.get('fields'))),
  );
}

interface DayOf {
  mark: string;
  row: Record<string, unknown>;
}

/** A row for each campaign and day of the last days. */
export function listInsights(ads: Ads, account: string, call: Call, now: number): Reply {
  const { query } = call;
  const range = record(parsed(query.get('time_range')));
  const [since, until] = [range['since'], range['until']];
  if (typeof since !== 'string' || typeof until !== 'string' || since > until)
    return failed(400, '(#100) time_range is not valid', 100);
  if (query.get('level') !== 'campaign' || query.get('time_increment') !== '1')
    return failed(400, '(#100) only level=campaign by day is emulated', 100);
  const fields = (query.get('fields') ?? '').split(',');
  const days = Array.from({ length: DAYS }, (_, back) =>
    new Date(now - (DAYS - 1 - back) * DAY_MS).toISOString().slice(0, 10),
  );
  const rows = ads.campaigns
    .all()
    .filter(({ body }) => body['account'] === account)
    .flatMap(({ id, body }) =>
      days
        .filter((day) => day >= since && day <= until)
        .map((day): DayOf => {
          const all: Record<string, unknown> = {
            ...{ campaign_id: id, campaign_name: body['name'], impressions: '4120', clicks: '133', spend: '92.14' },
            ...{ reach: '3888', actions: [{ action_type: 'link_click', value: '120' }], account_currency: 'EUR' },
          };
          const shown = Object.fromEntries(Object.entries(all).filter(([name]) => fields.includes(name)));
          return { mark: `${id}:${day}`, row: { ...shown, date_start: day, date_stop: day } };
        }),
    );
  return paged(
    call,
    rows,
    ({ mark }) => mark,
    (page) => page.map(({ row }) => row),
  );
}
