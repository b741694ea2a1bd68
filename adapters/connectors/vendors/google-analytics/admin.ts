import { z } from 'zod';
import { Row } from '../../../../ports/connectors.ts';
import { clean } from '../../plain-text.ts';
import { stream } from '../../streams.ts';
import type { PagesPaging, Stream } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';

export const PROPERTY = /^properties\/\d{1,20}$/;
const ACCOUNT = /^accounts\/\d{1,20}$/;
const text = z.string().transform(clean);
const time = z.iso.datetime({ offset: true }).nullish();
const title = z.string().min(1).max(100);

/** Everything is named by its path, and asked for by its name. */
const named = { text: false, path: '/v1beta', query: {}, idAt: 'name', absent: true } satisfies Partial<Stream>;

const paged = (
  list: string,
  params: (filter: Record<string, string>) => Record<string, string> = () => ({}),
): PagesPaging => ({
  kind: 'pages',
  sizeMax: 200,
  call: ({ limit, position, filter }) => ({
    path: `/v1beta/${filter['property'] === undefined ? '' : `${filter['property']}/`}${list}`,
    query: { ...params(filter), pageSize: String(limit), ...(position !== null && { pageToken: position }) },
  }),
  next: { kind: 'cursor', at: 'nextPageToken' },
});

const create = (list: string, body: Record<string, unknown>) => ({
  method: 'POST' as const,
  path: `/v1beta/${list}`,
  body,
});
/** Only the fields that `updateMask` names are changed. */
const change = (id: string, body: Record<string, unknown>) => {
  const given = Object.entries(body).filter(([, value]) => value !== undefined);
  const updateMask = given.map(([name]) => name).join(',');
  return { method: 'PATCH' as const, path: `/v1beta/${id}`, query: { updateMask }, body: Object.fromEntries(given) };
};
const remove = deletion((id) => ({ method: 'DELETE', path: `/v1beta/${id}` }));
const receipt = z.object({ name: z.string() }).transform(({ name }) => ({ externalId: name, link: null }));

export const accounts = stream({
  title: 'Accounts',
  ...named,
  items: 'accounts',
  filters: {},
  paging: paged('accounts'),
  id: ACCOUNT,
  raw: z.object({ name: z.string(), displayName: text, regionCode: z.string().nullish(), updateTime: time }),
  row: Row.extend({ name: z.string(), region: z.string().nullable() }),
  map: ({ name, displayName, regionCode, updateTime }) => ({
    ...{ externalId: name, modifiedAt: updateTime ?? null, name: displayName, region: regionCode ?? null },
  }),
  writes: {
    update: writing({
      safety: 'idempotent',
      input: z.strictObject({ name: title }),
      call: ({ input, id }) => change(id, { displayName: input.name }),
    }),
    delete: remove,
  },
});

export const properties = stream({
  title: 'Properties',
  ...named,
  items: 'properties',
  per: { stream: 'accounts', filter: 'accountId' },
  filters: { accountId: { param: 'account', like: ACCOUNT } },
  paging: paged('properties', ({ account = '' }) => ({ filter: `parent:${account}` })),
  model: 'properties',
  id: PROPERTY,
  raw: z.object({ name: z.string(), displayName: text, updateTime: time }),
  map: ({ name, displayName, updateTime }) => ({ externalId: name, modifiedAt: updateTime ?? null, name: displayName }),
  writes: {
    create: writing({
      safety: 'unsafe',
      input: z.strictObject({
        ...{ accountId: z.string().regex(ACCOUNT), name: title, timezone: z.string().max(60) },
        currency: z
          .string()
          .regex(/^[A-Z]{3}$/)
          .optional(),
      }),
      call: ({ input: { accountId: parent, name: displayName, timezone: timeZone, currency: currencyCode } }) =>
        create('properties', { parent, displayName, timeZone, currencyCode }),
      receipt,
    }),
    update: writing({
      safety: 'idempotent',
      input: z.strictObject({ name: title.optional(), timezone: z.string().max(60).optional() }),
      call: ({ input, id }) => change(id, { displayName: input.name, timeZone: input.timezone }),
    }),
    delete: remove,
  },
});

const below = {
  ...named,
  per: { stream: 'properties', filter: 'propertyId' },
  filters: { propertyId: { param: 'property', like: PROPERTY } },
};
const propertyId = z.string().regex(PROPERTY);

export const dataStreams = stream({
  title: 'Data streams',
  ...below,
  items: 'dataStreams',
  paging: paged('dataStreams'),
  id: /^properties\/\d{1,20}\/dataStreams\/\d{1,20}$/,
  raw: z.object({
    ...{ name: z.string(), type: z.string(), displayName: text, updateTime: time },
    webStreamData: z.object({ measurementId: z.string().nullish(), defaultUri: z.string().nullish() }).nullish(),
  }),
  row: Row.extend({
    ...{ name: z.string(), kind: z.string(), propertyId: z.string() },
    ...{ measurementId: z.string().nullable(), link: z.string().nullable() },
  }),
  map: ({ name, type: kind, displayName, updateTime, webStreamData: web }) => ({
    ...{ externalId: name, modifiedAt: updateTime ?? null, name: displayName, kind },
    ...{ propertyId: name.replace(/\/dataStreams\/.*$/, ''), measurementId: web?.measurementId ?? null },
    link: web?.defaultUri ?? null,
  }),
  writes: {
    create: writing({
      safety: 'unsafe',
      input: z.strictObject({ propertyId, name: title, link: z.url() }),
      call: ({ input: { propertyId: property, name: displayName, link: defaultUri } }) =>
        create(`${property}/dataStreams`, { type: 'WEB_DATA_STREAM', displayName, webStreamData: { defaultUri } }),
      receipt,
    }),
    update: writing({
      safety: 'idempotent',
      input: z.strictObject({ name: title }),
      call: ({ input, id }) => change(id, { displayName: input.name }),
    }),
    delete: remove,
  },
});

const counting = z.enum(['ONCE_PER_EVENT', 'ONCE_PER_SESSION']);

export const keyEvents = stream({
  title: 'Key events',
  ...below,
  items: 'keyEvents',
  paging: paged('keyEvents'),
  id: /^properties\/\d{1,20}\/keyEvents\/\d{1,20}$/,
  raw: z.object({
    name: z.string(),
    eventName: text,
    countingMethod: z.string().nullish(),
    custom: z.boolean().nullish(),
  }),
  row: Row.extend({ name: z.string(), propertyId: z.string(), counting: z.string().nullable(), custom: z.boolean() }),
  map: ({ name, eventName, countingMethod, custom }) => ({
    ...{ externalId: name, modifiedAt: null, name: eventName, counting: countingMethod ?? null },
    ...{ propertyId: name.replace(/\/keyEvents\/.*$/, ''), custom: custom ?? false },
  }),
  writes: {
    create: writing({
      safety: 'unsafe',
      input: z.strictObject({ propertyId, name: z.string().regex(/^[A-Za-z]\w{0,39}$/), counting }),
      call: ({ input: { propertyId: property, name: eventName, counting: countingMethod } }) =>
        create(`${property}/keyEvents`, { eventName, countingMethod }),
      receipt,
    }),
    update: writing({
      safety: 'idempotent',
      input: z.strictObject({ counting }),
      call: ({ input, id }) => change(id, { countingMethod: input.counting }),
    }),
    delete: remove,
  },
});
