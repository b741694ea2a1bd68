import { createCollection, type Kept } from '../../records/collection.ts';

type Body = Record<string, unknown>;

/** The account's clock is two hours ahead of Greenwich, and is written without a colon. */
export const local = (at: number): string => `${new Date(at + 7_200_000).toISOString().slice(0, 19)}+0200`;

const accountAt = (place: number): string => `act_9044177200${String(13_355 + place)}`;
const idAt = (kind: number, place: number): string => `12021455883${kind}${String(place).padStart(6, '0')}`;
const states = { status: 'ACTIVE', effective_status: 'ACTIVE' };
const renamed = (body: Body): Body => ({ ...body, name: `${String(body['name'])} (edited)` });

/** Campaigns, ad sets and ads, each with the account it lies in; Meta's numbers are texts. */
export function createAds(now: () => number) {
  const kept = (kind: number, make: (place: number) => Body) =>
    createCollection<Body>({
      now,
      count: 6,
      spell: (place) => idAt(kind, place),
      make: (place) => ({ ...make(place), ...states, account: accountAt(place % 2) }),
      edit: renamed,
    });
  return {
    accounts: createCollection<Body>({
      now,
      count: 2,
      spell: accountAt,
      make: (place) => ({
        ...{ account_id: accountAt(place).slice(4), name: `Harbor Trading ${place}`, currency: 'EUR' },
        ...{ timezone_name: 'Europe/Berlin', account_status: 1 },
      }),
      edit: renamed,
    }),
    campaigns: kept(1, (place) => ({
      ...{ name: `Autumn sales ${place}`, objective: 'OUTCOME_SALES', daily_budget: '2500' },
      start_time: '2026-09-15T00:00:00+0200',
    })),
    adsets: kept(2, (place) => ({
      ...{ name: `DE 25-45 ${place}`, campaign_id: idAt(1, place), daily_budget: '2500', billing_event: 'IMPRESSIONS' },
      ...{ optimization_goal: 'OFFSITE_CONVERSIONS', start_time: '2026-09-15T00:00:00+0200' },
    })),
    ads: kept(3, (place) => ({
      ...{ name: `Coat video ${place}`, adset_id: idAt(2, place), campaign_id: idAt(1, place) },
      creative: { id: `10884200331${String(place).padStart(5, '0')}` },
    })),
  };
}
export type Ads = ReturnType<typeof createAds>;
export type Edge = 'campaigns' | 'adsets' | 'ads';

/** Only the fields that are named; without any the id alone. */
export function picked({ id, body, madeAt, changedAt, broken }: Kept, fields: string | null): Body {
  const all: Body = { ...body, created_time: local(madeAt), updated_time: local(changedAt) };
  const names = (fields ?? 'id').split(',').map((name) => name.replace(/\{.*$/, '').trim());
  const shown = names.filter((name) => name in all && name !== 'account' && !(broken && name === 'name'));
  return { ...Object.fromEntries(shown.map((name) => [name, all[name]])), id };
}

export const isGone = ({ body }: Kept): boolean => body['effective_status'] === 'DELETED';
