import { z } from 'zod';
import { Fault } from '../../../../ports/errors.ts';
import { moment, renamed } from '../../cells.ts';
import { at } from '../../paths.ts';
import type { Next, PageAsk, Stream } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';

/** 18 or 19 digits, and text: as a number it would be rounded. */
const ID = /^\d{15,20}$/;
const PAGE_MAX = 200;
const pathOf = (module: string): string => `/crm/v8/${module}`;

/** Another record, as fields name it. */
export const lookup = z.object({ id: z.string(), name: z.string().nullish() }).nullish();
/** The same in what is written: the id is given, an object is sent. */
export const pointing = z
  .string()
  .regex(ID)
  .transform((id) => ({ id }));

interface Module<Shape extends z.ZodRawShape> {
  /** As paths name it. */
  name: string;
  /** What a list must name, or it is refused; at most fifty. */
  fields: Shape;
  /** Filters of the search besides `search` itself. */
  filters?: Record<string, { param: string }>;
}

/** What all modules have in common: tokens lead from page to page of the list, numbers of the search. */
export function records<Shape extends z.ZodRawShape>({ name, fields, filters = {} }: Module<Shape>) {
  const path = pathOf(name);
  const named = [...Object.keys(fields), 'Modified_Time'].join(',');
  const list = ({ limit, position, sinceMs, newest }: PageAsk) => ({
    path,
    query: {
      fields: named,
      per_page: String(limit),
      // By id nothing moves while a scan goes on, and what is new comes last.
      sort_by: newest ? 'Modified_Time' : 'id',
      sort_order: newest ? 'desc' : 'asc',
      ...(position !== null && { page_token: position }),
    },
    ...(sinceMs !== null && { headers: { 'if-modified-since': toSecond(sinceMs) } }),
  });
  const search = ({ limit, position, sinceMs, filter }: PageAsk) => {
    if (sinceMs !== null || Object.keys(filter).length > 1)
      throw new Fault('unsupported', 'Zoho CRM searches by one filter at a time, and not within what changed');
    return {
      path: `${path}/search`,
      query: { ...filter, fields: named, per_page: String(limit), page: position ?? '1' },
    };
  };
  const declared = {
    text: false,
    path,
    query: { fields: named },
    filters: { search: { param: 'word' }, ...filters },
    search: 'search',
    items: 'data',
    // An empty list, and one where nothing changed, have no body.
    absent: true,
    item: 'data.0',
    paging: {
      kind: 'pages',
      sizeMax: PAGE_MAX,
      call: (ask) => (Object.keys(ask.filter).length > 0 ? search(ask) : list(ask)),
      next: PAGED,
      // Times are whole seconds there, and our clock is not theirs.
      since: { finds: 'changed', lookBackMs: 60_000 },
    },
    id: ID,
  } satisfies Partial<Stream>;
  const raw = z
    .object({ id: z.string().regex(ID), Modified_Time: moment })
    .and(z.object(fields))
    .transform((item) => ({ externalId: item.id, modifiedAt: item.Modified_Time, values: item }));
  return { ...declared, raw };
}

const PAGED: Next = {
  kind: 'told',
  by(json, position) {
    if (at(json, 'info.more_records') !== true) return null;
    const token = at(json, 'info.next_page_token');
    return typeof token === 'string' ? token : String(Number(position ?? 1) + 1);
  },
};

const toSecond = (ms: number): string => `${new Date(Math.max(0, ms)).toISOString().slice(0, 19)}+00:00`;

const receipt = z
  .object({ data: z.tuple([z.object({ details: z.object({ id: z.string().regex(ID) }) })], z.unknown()) })
  .transform(({ data: [{ details }] }) => ({ externalId: details.id, link: null }));

interface Writing<Create extends z.ZodObject, Update extends z.ZodObject> {
  module: string;
  /** Our names of what may be written, and the field of each. */
  names: Record<string, string>;
  create: Create;
  update: Update;
}

export function writes<Create extends z.ZodObject, Update extends z.ZodObject>(spec: Writing<Create, Update>) {
  const { names, create, update } = spec;
  const path = pathOf(spec.module);
  const body = (input: object) => ({ data: [renamed(names, input)] });
  return {
    create: writing({
      // Nothing that we could send makes it the same one twice, and the search does not show at once what was made.
      safety: 'unsafe',
      input: create,
      call: ({ input }) => ({ method: 'POST', path, body: body(input) }),
      receipt,
    }),
    update: writing({
      safety: 'idempotent',
      input: update,
      call: ({ input, id }) => ({ method: 'PUT', path: `${path}/${id}`, body: body(input) }),
      receipt,
    }),
    delete: deletion((id) => ({ method: 'DELETE', path: `${path}/${id}` })),
  };
}
