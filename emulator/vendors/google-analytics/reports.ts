import { json, jsonBody, list, record, type Call, type Reply } from '../../http.ts';
import { named, problem } from './admin.ts';

const DAY_MS = 86_400_000;
/** So many days have data. */
const DAYS = 20;
const ROWS_MAX = 250_000;
const CHANNELS = ['Direct', 'Organic Search', 'Referral'];
const DIMENSIONS = ['date', 'sessionDefaultChannelGroup', 'country', 'deviceCategory'];
const METRICS = ['sessions', 'totalUsers', 'activeUsers', 'screenPageViews', 'keyEvents'];

interface Visit {
  date: string;
  values: Record<string, string>;
  counts: Record<string, number>;
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

/** `runReport`: the visits of the last days, summed by what was asked. */
export function runReport(call: Call, now: number): Reply {
  const body = record(jsonBody(call));
  const [range] = list(body['dateRanges']).map(record);
  const [dimensions, metrics] = [named(body['dimensions']), named(body['metrics'])];
  const strange = [
    ...dimensions.filter((name) => !DIMENSIONS.includes(name)),
    ...metrics.filter((name) => !METRICS.includes(name)),
  ];
  if (strange.length > 0)
    return problem(400, 'INVALID_ARGUMENT', `Field ${strange[0] ?? ''} is not a valid dimension or metric.`);
  if (!range || metrics.length === 0) return problem(400, 'INVALID_ARGUMENT', 'dateRanges and metrics are required.');
  const [from, to] = [dateIn(range['startDate'], now), dateIn(range['endDate'], now)];
  if (from === null || to === null || from > to) return problem(400, 'INVALID_ARGUMENT', 'The date range is invalid.');
  const [limit, offset] = [Number(body['limit'] ?? 10_000), Number(body['offset'] ?? 0)];
  if (!Number.isInteger(limit) || limit < 1 || limit > ROWS_MAX || !Number.isInteger(offset) || offset < 0)
    return problem(400, 'INVALID_ARGUMENT', `limit is at most ${ROWS_MAX}.`);

  const sums = new Map<string, number[]>();
  for (const { date, values, counts } of visits(now)) {
    if (date < from || date > to) continue;
    const key = JSON.stringify(dimensions.map((name) => values[name] ?? '(not set)'));
    const sum = sums.get(key) ?? metrics.map(() => 0);
    sums.set(
      key,
      sum.map((before, index) => before + (counts[metrics[index] ?? ''] ?? 0)),
    );
  }
  const all = [...sums].sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = all.slice(offset, offset + limit).map(([key, counts]) => ({
    dimensionValues: (JSON.parse(key) as string[]).map((value) => ({ value })),
    metricValues: counts.map((value) => ({ value: String(value) })),
  }));
  return json(200, {
    ...(dimensions.length > 0 && { dimensionHeaders: dimensions.map((name) => ({ name })) }),
    metricHeaders: metrics.map((name) => ({ name, type: 'TYPE_INTEGER' })),
    // Both are left out when there is nothing.
    ...(all.length > 0 && { rows, rowCount: all.length }),
    metadata: { currencyCode: 'EUR', timeZone: 'Europe/Berlin' },
    ...(body['returnPropertyQuota'] === true && {
      propertyQuota: {
        tokensPerDay: { consumed: 12, remaining: 199_000 },
        tokensPerHour: { consumed: 12, remaining: 39_000 },
        tokensPerProjectPerHour: { consumed: 12, remaining: 13_900 },
        concurrentRequests: { consumed: 0, remaining: 10 },
      },
    }),
    kind: 'analyticsData#runReport',
  });
}

function visits(now: number): Visit[] {
  return Array.from({ length: DAYS }, (_, back) => back).flatMap((back) =>
    CHANNELS.map((channel, place) => {
      const date = dayOf(now - back * DAY_MS);
      const sessions = 100 + ((back * 7 + place * 31) % 50);
      const counts = {
        sessions,
        totalUsers: sessions - 9,
        activeUsers: sessions - 12,
        screenPageViews: sessions * 3,
        keyEvents: 4,
      };
      const values = {
        date: date.replaceAll('-', ''),
        sessionDefaultChannelGroup: channel,
        country: 'Germany',
        deviceCategory: 'mobile',
      };
      return { date, values, counts };
    }),
  );
}

/** `2026-10-01`, `today`, `yesterday` and `7daysAgo`. */
function dateIn(value: unknown, now: number): string | null {
  if (typeof value !== 'string') return null;
  if (/^\d{4}-\d\d-\d\d$/.test(value)) return value;
  const back =
    value === 'today' ? 0 : value === 'yesterday' ? 1 : Number(/^(\d{1,4})daysAgo$/.exec(value)?.[1] ?? Number.NaN);
  return Number.isNaN(back) ? null : dayOf(now - back * DAY_MS);
}
