import { z } from 'zod';
import { listAt } from '../../list-at.ts';
import { at } from '../../paths.ts';
import { stream } from '../../streams.ts';
import { ACCOUNT, next } from './graph.ts';

const DAY_MS = 86_400_000;
const DATE = /^\d{4}-\d\d-\d\d$/;
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

export const insights = stream({
  title: 'Insights by campaign and day',
  text: false,
  path: '',
  query: {},
  per: { stream: 'accounts', filter: 'accountId' },
  filters: {
    accountId: { param: 'account', like: ACCOUNT },
    from: { param: 'from', like: DATE },
    to: { param: 'to', like: DATE },
  },
  items: 'data',
  // They have no id of their own.
  itemsOf: (json) =>
    listAt(json, 'data').map((row) => ({
      ...(row as object),
      id: `${String(at(row, 'campaign_id'))}:${String(at(row, 'date_start'))}`,
    })),
  paging: {
    kind: 'pages',
    sizeMax: 500,
    call: ({ limit, position, sinceMs, filter }) => {
      // Meta keeps 37 months.
      const since = filter['from'] ?? dayOf(sinceMs ?? Date.now() - 36 * 30 * DAY_MS);
      return {
        path: `/${filter['account'] ?? ''}/insights`,
        query: {
          ...{ level: 'campaign', time_increment: '1', limit: String(limit) },
          time_range: JSON.stringify({ since, until: filter['to'] ?? dayOf(Date.now()) }),
          fields:
            'campaign_id,campaign_name,impressions,clicks,spend,reach,actions,account_currency,date_start,date_stop',
          ...(position !== null && { after: position }),
        },
      };
    },
    next,
    // Who bought after which ad goes on changing for so long.
    since: { finds: 'changed', lookBackMs: 28 * DAY_MS },
    complete: false,
  },
  model: 'insights',
  id: /^\d{1,25}:\d{4}-\d\d-\d\d$/,
  one: null,
  raw: z.object({
    ...{ id: z.string(), campaign_id: z.string(), date_start: z.iso.date(), account_currency: z.string().nullish() },
    ...{ impressions: z.coerce.number().int(), clicks: z.coerce.number().int().nullish(), spend: z.string().nullish() },
  }),
  map: ({ id, campaign_id: campaignId, date_start: date, account_currency: currency, impressions, clicks, spend }) => ({
    ...{ externalId: id, modifiedAt: null, date, campaignId, impressions, clicks: clicks ?? null },
    // Unlike budgets, what was spent is in major units already.
    ...{ spend: spend ?? null, currency: currency ?? null },
  }),
});
