import { z } from 'zod';
import type { WriteReceipt } from '../../../../ports/connectors.ts';
import type { Call } from '../../call.ts';
import type { PagesPaging, Stream } from '../../streams.ts';

/** Epoch seconds. */
export const seconds = z
  .int()
  .nonnegative()
  .transform((at) => new Date(at * 1000).toISOString());

/** Every list is alike: the newest first, the id of the last one asks for the next page. */
const paging = (path: string, query: Record<string, string>): PagesPaging => ({
  kind: 'pages',
  sizeMax: 100,
  call: ({ limit, position, sinceMs, filter }) => ({
    path,
    query: {
      ...query,
      ...filter,
      limit: String(limit),
      ...(position !== null && { starting_after: position }),
      ...(sinceMs !== null && { 'created[gte]': String(Math.floor(sinceMs / 1000)) }),
    },
  }),
  next: { kind: 'last-id', more: 'has_more' },
  // No list can be asked for what changed, and no object says when it did.
  since: { finds: 'created', lookBackMs: 60_000 },
});

/** The parts of a stream that follow from its resource. `query` is asked with the list alone. */
export const list = (resource: string, prefix: string, query: Record<string, string> = {}) =>
  ({
    text: false,
    path: `/v1/${resource}`,
    query: {},
    items: 'data',
    paging: paging(`/v1/${resource}`, query),
    id: new RegExp(`^${prefix}_[A-Za-z0-9]{1,64}$`),
  }) satisfies Partial<Stream>;

/** A POST that Stripe does once for each key, and answers again as it did then for at least 24 hours. */
export const keyed = (path: string, form: Record<string, unknown>, marker: string): Call => ({
  method: 'POST',
  path,
  form,
  headers: { 'idempotency-key': marker },
});

export const receipt: z.ZodType<WriteReceipt> = z
  .object({ id: z.string().min(1) })
  .transform(({ id }) => ({ externalId: id, link: null }));
