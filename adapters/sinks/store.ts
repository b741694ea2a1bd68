import type { Ports } from '../../ports/index.ts';
import type { SinkBatch, SinkPort } from '../../ports/sinks.ts';
import type { StreamRef } from '../../ports/syncs.ts';
import { taken } from './taken.ts';

/** Records as they are, in JSONL, to the tenant's own object store. */
export function storeSink({ objects }: Pick<Ports, 'objects'>): Pick<SinkPort, 'deliver' | 'remove'> {
  const write = async (ref: StreamRef, batch: SinkBatch, lines: unknown[]): Promise<void> => {
    if (lines.length === 0) return;
    const key = `connections/${ref.connectionId}/${ref.stream}/${objectName(batch)}.jsonl`;
    await objects.put(ref.tenantId, key, jsonl(lines));
  };

  return {
    async deliver(_to, ref, { rows, ...batch }) {
      const lines = rows.map(({ row, hash }) => ({ key: `${row.externalId}@${hash}`, op: 'upsert', record: row }));
      await write(ref, batch, lines);
      return taken();
    },
    async remove(_to, ref, { externalIds, ...batch }) {
      const gone = (externalId: string) => ({ key: `${externalId}@deleted`, op: 'delete', record: { externalId } });
      await write(ref, batch, externalIds.map(gone));
    },
  };
}

/** The same part of a run always has the same name, so a repeated delivery replaces itself. Names sort as they were written. */
const objectName = ({ startedAt, runId, part }: SinkBatch): string =>
  `${startedAt.replace(/\.\d+/, '').replaceAll(/[-:]/g, '')}-${runId}-${part}`;

/** A line separator inside a string would end the line for some readers. */
const jsonl = (lines: unknown[]): string =>
  `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
