import { z } from 'zod';
import type { Params } from '../../params.ts';
import type { PagesPaging } from '../../streams.ts';

export const ORGANIZATION = /^urn:li:organization:\d{1,20}$/;
/** A post is a share or a ugcPost; which of them, only LinkedIn knows. */
export const POST = /^urn:li:(?:share|ugcPost):\d{1,25}$/;

export const numberOf = (urn: string): string => urn.split(':').at(-1) ?? '';
/** In a path: the colons too. */
export const inPath = (urn: string): string => encodeURIComponent(urn);

/** Epoch milliseconds. */
export const moment = z
  .int()
  .positive()
  .transform((at) => new Date(at).toISOString());

/** `start` and `count`; the answer says how many there are in all. */
export const byOffset = (
  call: (ask: { filter: Params; page: Params; sinceMs: number | null }) => ReturnType<PagesPaging['call']>,
  more: Partial<PagesPaging> = {},
): PagesPaging => ({
  kind: 'pages',
  sizeMax: 100,
  call: ({ limit, position, filter, sinceMs }) =>
    call({ filter, sinceMs, page: { start: position ?? '0', count: String(limit) } }),
  next: { kind: 'offset', at: 'paging.total' },
  // A place is counted from the newest one: when one goes meanwhile, another slips past.
  complete: false,
  ...more,
});

/** Of one answer that is the whole list. */
export const whole = (call: PagesPaging['call'], more: Partial<PagesPaging> = {}): PagesPaging => ({
  kind: 'pages',
  sizeMax: 100,
  call,
  next: { kind: 'none' },
  ...more,
});

export const perOrganization = {
  text: false,
  path: '',
  query: {},
  per: { stream: 'organizations', filter: 'organizationId' },
  filters: { organizationId: { param: 'organization', like: ORGANIZATION } },
};
