import { z } from 'zod';
import type { Call } from '../../call.ts';
import { listAt } from '../../list-at.ts';
import { at } from '../../paths.ts';
import { clean } from '../../plain-text.ts';
import type { Next, PagesPaging, Stream } from '../../streams.ts';
import { deletion } from '../../writes.ts';

export const ACCOUNT = /^act_\d{1,20}$/;
export const ID = /^\d{1,25}$/;
export const text = z.string().transform(clean);

/** `2026-10-04T07:45:19+0200`: without the colon that ISO 8601 wants beside the others. */
export const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}$/)
  .transform((value) => new Date(value.replace(/(\d\d)(\d\d)$/, '$1:$2')).toISOString());

/** A page may hold few rows, or none, and still not be the last: only where no next address is told is the end. That address itself, which holds the token, is not used. */
export const next: Next = {
  kind: 'told',
  by: (json) => {
    const after = at(json, 'paging.cursors.after');
    return at(json, 'paging.next') === undefined || typeof after !== 'string' ? null : after;
  },
};

/** What lies below each ad account: `field` is its name in a filter by time of change. */
export const below = (edge: string, field: string, fields: string) => {
  const paging: PagesPaging = {
    kind: 'pages',
    sizeMax: 500,
    call: ({ limit, position, sinceMs, filter }) => {
      const changed = {
        field: `${field}.updated_time`,
        operator: 'GREATER_THAN',
        value: Math.floor((sinceMs ?? 0) / 1000) - 1,
      };
      return {
        path: `/${filter['account'] ?? ''}/${edge}`,
        query: {
          fields,
          limit: String(limit),
          ...(position !== null && { after: position }),
          ...(sinceMs !== null && { filtering: JSON.stringify([changed]) }),
        },
      };
    },
    next,
    since: { finds: 'changed', lookBackMs: 60_000 },
  };
  return {
    text: false,
    path: '',
    query: {},
    per: { stream: 'accounts', filter: 'accountId' },
    filters: { accountId: { param: 'account', like: ACCOUNT } },
    items: 'data',
    // One that was deleted can still be asked for, and is in no list.
    itemsOf: (json, { id }) =>
      id === undefined ? listAt(json, 'data') : at(json, 'effective_status') === 'DELETED' ? [] : [json],
    paging,
    id: ID,
    one: (id): Call => ({ path: `/${id}`, query: { fields } }),
  } satisfies Partial<Stream>;
};

/** There is no PATCH and no PUT: what changes is posted to the object. */
export const posted = (path: string, body: Record<string, unknown>): Call => ({ method: 'POST', path, body });
export const receipt = z.object({ id: z.string() }).transform(({ id }) => ({ externalId: id, link: null }));
export const remove = deletion((id) => ({ method: 'DELETE', path: `/${id}` }));
