import { z } from 'zod';
import type { ReadPage, ReadQuery } from '../../ports/connectors.ts';
import { Fault } from '../../ports/errors.ts';
import type { Ask } from './ask.ts';
import { decodeCursor, encodeCursor } from './cursors.ts';
import type { Paging } from './manifest.ts';
import { at } from './paths.ts';
import { filterParams, rowsOf } from './rows.ts';
import type { Source } from './rows.ts';

type CursorPaging = Extract<Paging, { kind: 'cursor' }>;

/** `a`: the vendor's own cursor. `f`: in a search of changes, the moment from which this page reads. */
const Position = z.strictObject({ a: z.string().max(300).nullable(), f: z.int().nullable() });

export async function readByCursor(
  ask: Ask,
  source: Source,
  paging: CursorPaging,
  query: ReadQuery,
): Promise<ReadPage> {
  const { stream } = source;
  const filter = filterParams(source, query.filter);
  const given = query.cursor === undefined ? undefined : decodeCursor(Position, query.cursor);
  const limit = Math.min(Math.max(query.limit, 1), paging.sizeMax);
  if (query.since !== undefined || Object.keys(filter).length > 0) {
    const fromMs = query.since === undefined ? null : Math.max(0, Date.parse(query.since) - paging.search.lookBackMs);
    return search(ask, source, paging, {
      fromMs,
      after: null,
      ...(given && { fromMs: given.f, after: given.a }),
      limit,
      filter,
    });
  }
  const after = given?.a ?? null;
  const page = { ...stream.query, [paging.size]: String(limit), ...(after !== null && { [paging.cursor]: after }) };
  const reply = await ask({ path: stream.path, query: page });
  const next = nextOf(source, paging, reply.json, after);
  const rows = rowsOf(source, reply.json);
  return {
    rows,
    nextCursor: next === null ? null : encodeCursor({ a: next, f: null }),
    total: null,
    bytes: reply.bytes,
  };
}

interface SearchAsk {
  fromMs: number | null;
  after: string | null;
  limit: number;
  filter: Record<string, string>;
}

/**
 * Changes are read oldest first, and each page begins at the moment where the one before ended: a row that changes
 * meanwhile moves to the end and is read there, where counting rows would let its neighbours slip past, and the vendor's
 * cap on rows is never met. Within one moment the vendor's cursor goes on.
 */
async function search(ask: Ask, source: Source, paging: CursorPaging, asked: SearchAsk): Promise<ReadPage> {
  const { path, rowsMax, body } = paging.search;
  if (asked.after !== null && Number(asked.after) + asked.limit > rowsMax) throw tooMany(source, rowsMax);
  const reply = await ask({ method: 'POST', path, body: body(asked) });
  const rows = rowsOf(source, reply.json);
  const next = nextOf(source, paging, reply.json, asked.after);
  const total = at(reply.json, 'total');
  const page = { rows, total: asked.after === null && typeof total === 'number' ? total : null, bytes: reply.bytes };
  if (next === null) return { ...page, nextCursor: null };
  const lastMs = asked.fromMs === null ? null : Date.parse(rows.at(-1)?.modifiedAt ?? '');
  if (Number.isNaN(lastMs))
    throw new Fault('provider_garbage', `${source.manifest.title} does not say when ${source.name} changed`);
  const moved = lastMs !== null && asked.fromMs !== null && lastMs > asked.fromMs;
  return { ...page, nextCursor: encodeCursor(moved ? { a: null, f: lastMs } : { a: next, f: asked.fromMs }) };
}

const tooMany = ({ manifest, name }: Source, rowsMax: number) =>
  new Fault(
    'unsupported',
    `${manifest.title} gives no more than ${rowsMax} ${name} of one search; narrow it, or read them all`,
  );

/** Null is the vendor's word that this was the last page. The cursor that we just used would go round for ever. */
function nextOf({ manifest, name }: Source, { next }: CursorPaging, json: unknown, used: string | null): string | null {
  const found = at(json, next);
  if (found === undefined || found === null || found === '') return null;
  const cursor = typeof found === 'number' ? String(found) : found;
  if (typeof cursor !== 'string' || cursor.length > 300 || cursor === used) {
    throw new Fault('provider_garbage', `${manifest.title} pages ${name} in a circle or by a cursor that is none`);
  }
  return cursor;
}
