import { Context } from '@temporalio/activity';
import type { ReadPage, Row } from '../ports/connectors.ts';
import type { RunId } from '../ports/ids.ts';
import type { Ports } from '../ports/index.ts';
import type { SinkBatch } from '../ports/sinks.ts';
import type { Known, PageOutcome, RunState, StreamRef } from '../ports/syncs.ts';
import type { Destination } from '../ports/tenants.ts';
import { contentOf } from './sync-content.ts';

/** Parts sort by name as they were made. */
export const partName = (number: number, kind = ''): string => `${kind}${String(number).padStart(8, '0')}`;

export const batchOf = (
  runId: RunId,
  { startedAt, choice }: Pick<RunState, 'startedAt' | 'choice'>,
  part: string,
): SinkBatch => ({
  runId,
  startedAt,
  choice,
  part,
  signal: Context.current().cancellationSignal,
});

/** A page as it was read, and which of its records differ from what was committed last. */
interface Looked {
  page: ReadPage;
  records: { row: Row; externalId: string; hash: string }[];
  changed: Map<string, Known>;
}

/** What a sink took of a page, by id: until it is committed, a look at later pages may not find it, and they may name it again. */
export type Taken = Map<string, Known & { hash: string }>;

const NOTHING = { refused: [], targetIds: new Map<string, string>() };

export const createDelivery = ({ syncs, sinks, hash }: Pick<Ports, 'syncs' | 'sinks' | 'hash'>) => ({
  look: async (ref: StreamRef, to: Destination, page: ReadPage): Promise<Looked> => {
    const records = page.rows.map((row) => ({ row, externalId: row.externalId, hash: hash(contentOf(to, row)) }));
    return { page, records, changed: await syncs.changed(ref, records) };
  },

  /** Delivers what changed of a page. Nothing is committed yet: a crash delivers the same keys again, and the sink keeps one of each. */
  deliver: async (
    ref: StreamRef,
    to: Destination,
    batch: SinkBatch,
    { page, records, changed }: Looked,
    before: Taken[],
  ): Promise<{ outcome: PageOutcome; taken: Taken }> => {
    const rows = records.flatMap(({ row, externalId, hash: contentHash }) => {
      const last = before.find((taken) => taken.has(externalId))?.get(externalId);
      const known = last ?? changed.get(externalId);
      return known === undefined || last?.hash === contentHash ? [] : [{ row, hash: contentHash, known }];
    });
    const { refused, targetIds } = rows.length > 0 ? await sinks.deliver(to, ref, { ...batch, rows }) : NOTHING;
    const left = new Set(refused.map(({ externalId }) => externalId));
    const seen = records.filter(({ externalId }) => !left.has(externalId));
    const outcome = {
      seen: seen.map(({ externalId, hash: contentHash }) => {
        return { externalId, hash: contentHash, targetId: targetIds.get(externalId) };
      }),
      quarantined: [...named(page), ...refused],
      unnamed: page.unreadable.length - named(page).length,
      cursor: page.nextCursor,
      counts: {
        read: page.rows.length + page.unreadable.length,
        delivered: rows.length - refused.length,
        unchanged: records.length - rows.length,
        bytes: page.bytes,
        calls: page.calls,
        throttled: page.throttled,
      },
      highWater: newestOf(page.rows),
      fields: page.fields,
    };
    const taken = rows
      .filter(({ row }) => !left.has(row.externalId))
      .map(({ row: { externalId }, hash: contentHash, known }): [string, Known & { hash: string }] => {
        const targetId = targetIds.get(externalId) ?? known.targetId;
        return [externalId, { hash: contentHash, version: known.version + 1, targetId }];
      });
    return { outcome, taken: new Map(taken) };
  },
});

const named = ({ unreadable }: ReadPage) =>
  unreadable.flatMap(({ externalId, reason }) => (externalId === null ? [] : [{ externalId, reason }]));

const newestOf = (rows: Row[]): string | null =>
  rows.reduce<string | null>(
    (newest, { modifiedAt }) => (modifiedAt && (!newest || modifiedAt > newest) ? modifiedAt : newest),
    null,
  );
