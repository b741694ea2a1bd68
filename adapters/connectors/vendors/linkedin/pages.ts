import { z } from 'zod';
import { Row } from '../../../../ports/connectors.ts';
import { listAt } from '../../list-at.ts';
import { at } from '../../paths.ts';
import { clean } from '../../plain-text.ts';
import { stream } from '../../streams.ts';
import { byOffset, inPath, moment, numberOf, ORGANIZATION, perOrganization, whole } from './urns.ts';

const DAY_MS = 86_400_000;
/** So far back LinkedIn tells of each day. */
const YEAR_MS = 365 * DAY_MS;

export const organizations = stream({
  title: 'Pages that this login administers',
  text: false,
  path: '',
  query: {},
  filters: {},
  items: 'elements',
  idAt: 'organization',
  paging: byOffset(({ page }) => ({
    path: '/organizationAcls',
    query: { q: 'roleAssignee', role: 'ADMINISTRATOR', state: 'APPROVED', ...page },
  })),
  id: ORGANIZATION,
  one: null,
  raw: z.object({ organization: z.string(), role: z.string(), state: z.string() }),
  row: Row.extend({ role: z.string(), status: z.string() }),
  map: ({ organization, role, state }) => ({ externalId: organization, modifiedAt: null, role, status: state }),
});

export const profiles = stream({
  title: 'Pages',
  ...perOrganization,
  model: 'profiles',
  items: '',
  idAt: 'urn',
  itemsOf: (json) => [{ ...(json as object), urn: `urn:li:organization:${String(at(json, 'id'))}` }],
  paging: whole(({ filter }) => ({ path: `/organizations/${numberOf(filter['organization'] ?? '')}` })),
  id: ORGANIZATION,
  one: (id) => ({ path: `/organizations/${numberOf(id)}` }),
  raw: z.object({ urn: z.string(), localizedName: z.string().transform(clean), vanityName: z.string().nullish() }),
  map: ({ urn, localizedName: name, vanityName }) => ({
    ...{ externalId: urn, modifiedAt: null, name, followers: null },
    link: vanityName ? `https://www.linkedin.com/company/${encodeURIComponent(vanityName)}/` : null,
  }),
});

export const followers = stream({
  title: 'Followers',
  ...perOrganization,
  items: '',
  idAt: 'organization',
  // One number, and no word of whose it is.
  itemsOf: (json, { filter, id }) => [{ ...(json as object), organization: id ?? filter['organization'] }],
  paging: whole(({ filter }) => networkSize(filter['organization'] ?? '')),
  id: ORGANIZATION,
  one: (id) => networkSize(id),
  raw: z.object({ organization: z.string(), firstDegreeSize: z.int() }),
  row: Row.extend({ followers: z.number() }),
  map: ({ organization, firstDegreeSize }) => ({
    externalId: organization,
    modifiedAt: null,
    followers: firstDegreeSize,
  }),
});

const networkSize = (organization: string) => ({
  path: `/networkSizes/${inPath(organization)}`,
  query: { edgeType: 'COMPANY_FOLLOWED_BY_MEMBER' },
});

const Totals = z.object({
  ...{ impressionCount: z.int(), uniqueImpressionsCount: z.int().nullish(), clickCount: z.int(), likeCount: z.int() },
  ...{ commentCount: z.int(), shareCount: z.int() },
});

export const shareStatistics = stream({
  title: 'What posts of a page reached, by day',
  ...perOrganization,
  items: 'elements',
  itemsOf: (json) =>
    listAt(json, 'elements').map((day) => {
      const [organization, start] = [at(day, 'organizationalEntity'), at(day, 'timeRange.start')];
      return { ...(day as object), id: `${String(organization)}|${String(start)}` };
    }),
  paging: whole(
    ({ filter, sinceMs }) => {
      const end = Math.ceil(Date.now() / DAY_MS) * DAY_MS;
      const start = Math.floor(Math.max(sinceMs ?? 0, end - YEAR_MS) / DAY_MS) * DAY_MS;
      // The signs of its record syntax stand as they are: the query is written here and not encoded once more.
      const times = `(timeRange:(start:${start},end:${end}),timeGranularityType:DAY)`;
      const query = `q=organizationalEntity&organizationalEntity=${inPath(filter['organization'] ?? '')}`;
      return { path: `/organizationalEntityShareStatistics?${query}&timeIntervals=${times}` };
    },
    { since: { finds: 'changed', lookBackMs: 2 * DAY_MS }, complete: false },
  ),
  id: /^urn:li:organization:\d{1,20}\|\d{10,16}$/,
  one: null,
  raw: z.object({
    ...{ id: z.string(), organizationalEntity: z.string() },
    ...{ timeRange: z.object({ start: moment }), totalShareStatistics: Totals },
  }),
  row: Row.extend({
    ...{ organizationId: z.string(), date: z.string(), impressions: z.number(), clicks: z.number() },
    ...{ likes: z.number(), comments: z.number(), shares: z.number() },
  }),
  map: ({ id, organizationalEntity: organizationId, timeRange, totalShareStatistics: totals }) => ({
    ...{ externalId: id, modifiedAt: null, organizationId, date: timeRange.start.slice(0, 10) },
    ...{ impressions: totals.impressionCount, clicks: totals.clickCount, likes: totals.likeCount },
    ...{ comments: totals.commentCount, shares: totals.shareCount },
  }),
});
