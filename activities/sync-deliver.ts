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

/** What a sink took of a page that is not committed yet, by id: the next page may name a record of it again. */
export type Taken = Map<string, Known & { hash: string }>;

const NOTHING = { refused: [], targetIds: new Map<string, string>() };

export const createDelivery = ({ syncs, sinks, hash }: Pick<Ports, 'syncs' | 'sinks' | 'hash'>) => {
  /** Delivers what changed of a page. Nothing is committed yet: a crash delivers the same keys again, and the sink keeps one of each. */
  const deliver = async (
    ref: StreamRef,
    to: Destination,
    batch: SinkBatch,
    page: ReadPage,
    before: Taken,
  ): Promise<{ outcome: PageOutcome; taken: Taken }> => {
    const records = page.rows.map((row) => ({ row, externalId: row.externalId, hash: hash(contentOf(to, row)) }));
    const changed = await syncs.changed(ref, records);
    const rows = records.flatMap(({ row, externalId, hash: contentHash }) => {
      const last = before.get(externalId);
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
  };
  return deliver;
};

const named = ({ unreadable }: ReadPage) =>
  unreadable.flatMap(({ externalId, reason }) => (externalId === null ? [] : [{ externalId, reason }]));

const newestOf = (rows: Row[]): string | null =>
  rows.reduce<string | null>(
    (newest, { modifiedAt }) => (modifiedAt && (!newest || modifiedAt > newest) ? modifiedAt : newest),
    null,
  );
