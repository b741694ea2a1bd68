import { z } from 'zod';
import { renamed } from '../../cells.ts';
import type { Stream } from '../../streams.ts';
import { deletion, writing } from '../../writes.ts';
import type { Probe, Write } from '../../writes.ts';

// HubSpot dates its APIs; each date is served for at least 18 months.
export const CRM = '2026-09';

const ID = /^\d{1,20}$/;

interface Kind<Shape extends z.ZodRawShape> {
  /** The segment of its paths. */
  name: string;
  /** The property that says when one changed: contacts name it otherwise. */
  modified: 'lastmodifieddate' | 'hs_lastmodifieddate';
  /** Only properties that are named come back, and every value is text. */
  properties: Shape;
  /** Our filters, and the property that each compares. */
  filters?: Record<string, { param: string }>;
}

/** What all CRM objects have in common: a list by cursor, and a search of what changed that ends at 10,000 rows. */
export function objects<Shape extends z.ZodRawShape>({ name, modified, properties, filters = {} }: Kind<Shape>) {
  const path = `/crm/objects/${CRM}/${name}`;
  const names = [...Object.keys(properties), modified];
  const equal = (propertyName: string, operator: string, value: string) => ({ propertyName, operator, value });
  const declared = {
    text: false,
    path,
    query: { properties: names.join(',') },
    filters: { search: { param: 'query' }, ...filters },
    search: 'search',
    items: 'results',
    paging: {
      kind: 'cursor',
      size: 'limit',
      sizeMax: 100,
      cursor: 'after',
      next: 'paging.next.after',
      search: {
        path: `${path}/search`,
        limit: 'search',
        // The search index runs some seconds behind the records.
        lookBackMs: 60_000,
        rowsMax: 10_000,
        body({ fromMs, after, limit, filter: { query, ...rest } }) {
          const since = fromMs === null ? [] : [equal(modified, 'GTE', String(fromMs))];
          const all = [...Object.entries(rest).map(([property, value]) => equal(property, 'EQ', value)), ...since];
          return {
            ...(query !== undefined && { query }),
            properties: names,
            limit,
            ...(after !== null && { after }),
            ...(all.length > 0 && { filterGroups: [{ filters: all }] }),
            ...(fromMs !== null && { sorts: [{ propertyName: modified, direction: 'ASCENDING' }] }),
          };
        },
      },
    },
    id: ID,
  } satisfies Partial<Stream>;
  const raw = z
    .object({ id: z.string().regex(ID), updatedAt: z.iso.datetime(), properties: z.looseObject(properties) })
    .transform(({ id, updatedAt, properties: values }) => {
      const changed = z.iso.datetime().safeParse(values[modified]);
      return { externalId: id, modifiedAt: changed.data ?? updatedAt, values };
    });
  return { ...declared, raw };
}

const receipt = z.object({ id: z.string().regex(ID) }).transform(({ id }) => ({ externalId: id, link: null }));

interface Writing<Create extends z.ZodObject, Update extends z.ZodObject> {
  name: string;
  /** Our names of what may be written, and the property of each. */
  names: Record<string, string>;
  create: Create;
  update: Update;
  /** Absent: the vendor has nothing by which to tell whether one was made. */
  probes?: (ask: { input: z.output<Create> }) => Probe[];
}

export function writes<Create extends z.ZodObject, Update extends z.ZodObject>(spec: Writing<Create, Update>) {
  const { names, create, update, probes } = spec;
  const path = `/crm/objects/${CRM}/${spec.name}`;
  const body = (input: object) => ({ properties: renamed(names, input) });
  const made: Write = writing({
    safety: probes ? 'probe' : 'unsafe',
    input: create,
    call: ({ input }) => ({ method: 'POST', path, body: body(input) }),
    receipt,
    ...(probes && { probes }),
  });
  return {
    create: made,
    update: writing({
      safety: 'idempotent',
      input: update,
      call: ({ input, id }) => ({ method: 'PATCH', path: `${path}/${id}`, body: body(input) }),
      receipt,
    }),
    // To the recycle bin, from which people can take it back for 90 days.
    delete: deletion((id) => ({ method: 'DELETE', path: `${path}/${id}` })),
  };
}
