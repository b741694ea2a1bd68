import { z } from 'zod';
import type { OffsetPaging } from '../../streams.ts';
import type { Probe } from '../../writes.ts';
import { ID, undated } from '../wordpress/lists.ts';

// A store is a plugin of a WordPress site, and pages as that does.
export { ID, undated };

export const dated: OffsetPaging = {
  ...undated,
  window: {
    after: 'modified_after',
    before: 'modified_before',
    // Both bounds are exclusive and in whole seconds.
    lookBackMs: 5_000,
    // With a zone the store would turn the time into its own and then, by `dates_are_gmt`, take that for GMT.
    time: (ms) => new Date(ms).toISOString().slice(0, 19),
  },
};
export const GMT = { dates_are_gmt: 'true' };

/** What names a write in the record that it made. The leading `_` hides it from the store's pages. */
const MARK = '_bizosaas_write';
export const marked = (marker: string) => ({ meta_data: [{ key: MARK, value: marker }] });

const Marked = z.object({ meta_data: z.array(z.object({ key: z.string(), value: z.unknown() })) });

/** No list can be searched by meta data; the newest are looked through, for an attempt was made minutes ago. */
export const newest = (path: string, marker: string, query: Record<string, string> = {}): Probe => ({
  call: { path, query: { ...query, per_page: '100', orderby: 'id', order: 'desc' } },
  items: '',
  is: (item) =>
    Marked.safeParse(item).data?.meta_data.some(({ key, value }) => key === MARK && value === marker) === true,
});

export const receipt = z
  .object({ id: z.int().positive(), permalink: z.url().nullish().catch(null) })
  .transform(({ id, permalink }) => ({ externalId: String(id), link: permalink ?? null }));

/** Empty means none. */
export const filledIn = (text: string | null | undefined): string | null => text || null;
