import { hash } from 'node:crypto';
import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';

/** How many pages in a row may be empty, and how many a list may have, before it is taken for one without an end. */
const EMPTY_MAX = 200;
const PAGES_MAX = 1_000_000;

/**
 * The memory of a scan that must end, in a few bytes whatever its length (Brent's way to find a circle): `t` is the mark of one
 * page that was met, renewed at each power of two; a circle meets it again. `n`: pages so far. `e`: empty ones just now.
 */
export const Trail = z.strictObject({ t: z.string().max(16), n: z.int().min(0), e: z.int().min(0) });
export type Trail = z.infer<typeof Trail>;

export const BEGINNING: Trail = { t: '', n: 0, e: 0 };

/** One step further. Throws `provider_garbage` where the vendor leads us in a circle or without an end. */
export function further({ t, n, e }: Trail, page: { mark: string; empty: boolean }, what: string): Trail {
  const mark = hash('sha256', page.mark, 'base64url').slice(0, 12);
  if (mark === t) throw new Fault('provider_garbage', `${what} come in a circle`);
  const empty = page.empty ? e + 1 : 0;
  const pages = n + 1;
  if (empty > EMPTY_MAX || pages > PAGES_MAX) throw new Fault('provider_garbage', `${what} have no end`);
  const power = (pages & (pages - 1)) === 0;
  return { t: power ? mark : t, n: pages, e: empty };
}
