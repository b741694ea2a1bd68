import { z } from 'zod';
import { moment, renamed } from '../../cells.ts';
import { at } from '../../paths.ts';
import type { Next, PageAsk, Stream } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';
import { holding, quoted, select } from './soql.ts';

/** Three releases a year; raised on purpose. */
const DATA = '/services/data/v67.0';
const ID = /^[A-Za-z0-9]{15}([A-Za-z0-9]{3})?$/;
const PAGE_MAX = 2000;

const asking = (soql: string) => ({ path: `${DATA}/query`, query: { q: soql } });

interface SObject<Shape extends z.ZodRawShape> {
  type: string;
  /** What is selected: there is no word for all. */
  fields: Shape;
  /** Where a search looks. */
  words: string[];
  /** Our filters, and the field that each compares. */
  filters: Record<string, { param: string }>;
}

/** What all objects have in common: each page is a query of its own, so that none depends on a cursor that lapses. */
export function records<Shape extends z.ZodRawShape>({ type, fields, words, filters }: SObject<Shape>) {
  const names = ['Id', 'SystemModstamp', ...Object.keys(fields)];
  const where = ({ position, sinceMs, newest, filter: { search, ...equal } }: PageAsk): string[] => [
    ...Object.entries(equal).map(([field, value]) => `${field} = ${quoted(value)}`),
    ...(search === undefined ? [] : [`(${words.map((field) => `${field} LIKE ${holding(search)}`).join(' OR ')})`]),
    ...(sinceMs === null ? [] : [`SystemModstamp >= ${new Date(sinceMs).toISOString()}`]),
    ...(position === null ? [] : [`Id ${newest ? '<' : '>'} ${quoted(position)}`]),
  ];
  const declared = {
    text: false,
    path: `${DATA}/sobjects/${type}`,
    query: {},
    filters: { search: { param: 'search' }, ...filters },
    search: 'search',
    items: 'records',
    item: 'records.0',
    idAt: 'Id',
    one: (id) => asking(select({ fields: names, from: type, where: [`Id = ${quoted(id)}`], limit: 1 })),
    paging: {
      kind: 'pages',
      sizeMax: PAGE_MAX,
      call: (ask) => {
        const { newest, limit } = ask;
        return asking(select({ fields: names, from: type, where: where(ask), newest, limit }));
      },
      next: ALONG_IDS,
      // It moves on automated changes too, where LastModifiedDate may not.
      since: { finds: 'changed', lookBackMs: 60_000 },
    },
    id: ID,
  } satisfies Partial<Stream>;
  const raw = z
    .object({ Id: z.string().regex(ID), SystemModstamp: moment })
    .and(z.object(fields))
    .transform((item) => ({ externalId: item.Id, modifiedAt: item.SystemModstamp, values: item }));
  return { ...declared, raw };
}

/** A page that is short ends the list, unless Salesforce itself cut it, as it does with wide records. */
const ALONG_IDS: Next = {
  kind: 'told',
  by(json, _position, { limit }) {
    const items = at(json, 'records');
    const cut = typeof at(json, 'nextRecordsUrl') === 'string';
    if (!Array.isArray(items) || (items.length < limit && !cut)) return null;
    const last = at(items.at(-1), 'Id');
    return typeof last === 'string' ? last : null;
  },
};

const receipt = z
  .union([z.object({ id: z.string().regex(ID) }), z.object({ Id: z.string().regex(ID) })])
  .transform((made) => ({ externalId: 'id' in made ? made.id : made.Id, link: null }));

interface Writing<Create extends z.ZodObject, Update extends z.ZodObject> {
  type: string;
  /** Our names of what may be written, and the field of each. */
  names: Record<string, string>;
  create: Create;
  update: Update;
}

export function writes<Create extends z.ZodObject, Update extends z.ZodObject>(spec: Writing<Create, Update>) {
  const { type, names, create, update } = spec;
  const path = `${DATA}/sobjects/${type}`;
  return {
    create: writing({
      safety: 'probe',
      input: create,
      call: ({ input }) => ({ method: 'POST', path, body: renamed(names, input) }),
      receipt,
      // Queries see what was written at once. One with all the same values that is as new as this is this.
      probes: ({ input }) => [
        {
          call: asking(select({ fields: ['Id'], from: type, where: [...alike(names, input), NEW], limit: 1 })),
          items: 'records',
        },
      ],
    }),
    update: writing({
      safety: 'idempotent',
      input: update,
      call: ({ input, id }) => ({ method: 'PATCH', path: `${path}/${id}`, body: renamed(names, input) }),
    }),
    delete: deletion((id) => ({ method: 'DELETE', path: `${path}/${id}` })),
  };
}

const NEW = 'CreatedDate = LAST_N_DAYS:1';

/** Fields that we have names for can all be compared; what stands under `native` may be a long text, which cannot. */
const alike = (names: Record<string, string>, { native: _native, ...input }: Record<string, unknown>): string[] =>
  Object.entries(input)
    .filter(([, value]) => value !== undefined)
    .map(([ours, value]) => {
      const isDay = typeof value === 'string' && DAYS.includes(ours);
      return `${names[ours] ?? ours} = ${typeof value === 'string' && !isDay ? quoted(value) : String(value)}`;
    });

/** Days stand in a query without quotes. */
const DAYS = ['closesAt'];
