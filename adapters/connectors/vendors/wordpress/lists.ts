import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { OffsetPaging } from '../../streams.ts';

/**
 * A revoked application password makes a caller anonymous, and anonymous lists answer 200 with what is public. Asking for the
 * editors' view makes them say 401 instead.
 */
export const EDITORS_VIEW = { context: 'edit' };

export const ID = /^[1-9]\d{0,15}$/;

/** Of what has no dates: always read whole. */
export const undated: OffsetPaging = {
  kind: 'offset',
  size: 'per_page',
  sizeMax: 100,
  offset: 'offset',
  total: 'x-wp-total',
  // Never by `modified`: rows of one second change places between two pages.
  stable: { orderby: 'id', order: 'asc' },
  newest: { orderby: 'id', order: 'desc' },
};

export const dated: OffsetPaging = {
  ...undated,
  newest: { orderby: 'date', order: 'desc' },
  // Both bounds are exclusive and in whole seconds.
  window: { after: 'modified_after', before: 'modified_before', lookBackMs: 5_000 },
};

/** What every answer to a write says of the record. */
export const receipt = z
  .object({ id: z.int().positive(), link: z.url().nullable().catch(null) })
  .transform(({ id, link }) => ({ externalId: String(id), link }));

/** The marker is the record's slug, and a slug keeps only a-z, 0-9 and hyphens. */
export const slugOf = (marker: string): string =>
  /^bz-[a-z0-9-]{1,150}$/.test(marker)
    ? marker
    : `bz-${createHash('sha256').update(marker).digest('hex').slice(0, 40)}`;
