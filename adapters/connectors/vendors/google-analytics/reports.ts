import { z } from 'zod';
import { listAt } from '../../list-at.ts';
import type { TellsLimits } from '../../manifest.ts';
import { at } from '../../paths.ts';
import { stream } from '../../streams.ts';
import { PROPERTY } from './admin.ts';

const DATE = /^(\d{4}-\d\d-\d\d|today|yesterday|\d{1,4}daysAgo)$/;
const NAMES = /^[A-Za-z][\w:]{0,99}(,[A-Za-z][\w:]{0,99}){0,9}$/;
/** The API takes no earlier one. */
const FIRST_DAY = '2015-08-14';
const DAY_MS = 86_400_000;
/** A guess at what an ordinary report costs of the property's tokens; the answer says what is really left. */
const TOKENS = 10;

const named = (names: string) => names.split(',').map((name) => ({ name }));
const headers = (json: unknown, path: string): string[] =>
  listAt(json, path, 'kind').map((header) => String(at(header, 'name')));
const values = (row: unknown, path: string): string[] => listAt(row, path, '').map((one) => String(at(one, 'value')));
const zipped = (names: string[], found: string[]) =>
  Object.fromEntries(names.map((name, index) => [name, found[index] ?? '']));

export const reports = stream({
  title: 'Report rows',
  text: false,
  path: '',
  query: {},
  per: { stream: 'properties', filter: 'propertyId' },
  filters: {
    propertyId: { param: 'property', like: PROPERTY },
    from: { param: 'from', like: DATE },
    to: { param: 'to', like: DATE },
    dimensions: { param: 'dimensions', like: NAMES },
    metrics: { param: 'metrics', like: NAMES },
  },
  items: 'rows',
  // Names come once, as headers; without any data rows are left out, and so is their number.
  itemsOf: (json, { filter }) => {
    const [dimensions, metrics] = [headers(json, 'dimensionHeaders'), headers(json, 'metricHeaders')];
    return listAt(json, 'rows', 'kind').map((row) => {
      const by = zipped(dimensions, values(row, 'dimensionValues'));
      const key = Object.entries(by).map(([name, value]) => `${name}=${value}`);
      return {
        id: [filter['property'], ...key].join('|').slice(0, 500),
        dimensions: by,
        metrics: zipped(metrics, values(row, 'metricValues')),
      };
    });
  },
  paging: {
    kind: 'pages',
    sizeMax: 100_000,
    call: ({ limit, position, sinceMs, filter }) => {
      const since =
        sinceMs === null ? FIRST_DAY : new Date(Math.max(sinceMs, Date.parse(FIRST_DAY))).toISOString().slice(0, 10);
      const dimensions = named(filter['dimensions'] ?? 'date,sessionDefaultChannelGroup');
      return {
        method: 'POST',
        base: 'https://analyticsdata.googleapis.com',
        path: `/v1beta/${filter['property'] ?? ''}:runReport`,
        cost: TOKENS,
        body: {
          dateRanges: [{ startDate: filter['from'] ?? since, endDate: filter['to'] ?? 'today' }],
          dimensions,
          metrics: named(filter['metrics'] ?? 'sessions,totalUsers'),
          // Without an order two pages may hold the same row.
          orderBys: dimensions.map(({ name: dimensionName }) => ({ dimension: { dimensionName } })),
          // Google writes 64-bit numbers as text.
          limit: String(limit),
          offset: position ?? '0',
          returnPropertyQuota: true,
        },
      };
    },
    next: {
      kind: 'told',
      by: (json, position, { limit }) => {
        const end = Number(position ?? 0) + limit;
        return end < Number(at(json, 'rowCount') ?? 0) ? String(end) : null;
      },
    },
    total: 'rowCount',
    // What is told of a day settles for up to three.
    since: { finds: 'changed', lookBackMs: 3 * DAY_MS },
    // A row is a sum, and one that is not told again has not been deleted.
    complete: false,
  },
  model: 'reports',
  id: /^properties\/\d{1,20}(\|[^\0]{1,480})?$/,
  one: null,
  raw: z.object({
    id: z.string(),
    dimensions: z.record(z.string(), z.string()),
    metrics: z.record(z.string(), z.coerce.number()),
  }),
  map: ({ id, dimensions, metrics }) => {
    const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)$/.exec(dimensions['date'] ?? '') ?? [];
    const date = year === undefined ? null : `${year}-${month}-${day}`;
    return { externalId: id, modifiedAt: null, date, dimensions, metrics };
  },
});

/** What is left of the hour is told in the answer of a report alone. */
export const tells: TellsLimits = ({ json }) => {
  const remaining = at(json, 'propertyQuota.tokensPerProjectPerHour.remaining');
  return typeof remaining === 'number' ? [{ limit: 'property_hour', remaining }] : [];
};
