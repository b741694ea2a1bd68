import type { Row } from '../../ports/connectors.ts';
import { Fault } from '../../ports/errors.ts';
import type { Ports } from '../../ports/index.ts';
import type { SinkPort, StreamRef } from '../../ports/syncs.ts';
import { chunks } from './chunks.ts';

/** Where a tenant's records go: text to the agents' knowledge, or records as they are to the tenant's own store. */
export function createSinks({ knowledge, objects }: Pick<Ports, 'knowledge' | 'objects'>): SinkPort {
  const write = (ref: StreamRef, name: string, lines: unknown[]) =>
    objects.put(ref.tenantId, `connections/${ref.connectionId}/${ref.stream}/${name}.jsonl`, jsonl(lines));

  return {
    async deliver(sink, ref, { runId, page, rows }) {
      switch (sink) {
        case 'store': {
          const lines = rows.map(({ row, hash }) => ({ key: `${row.externalId}@${hash}`, op: 'upsert', record: row }));
          if (lines.length > 0) await write(ref, objectName(runId, page), lines);
          return;
        }
        case 'knowledge':
          for (const { row, hash } of rows) await knowledge.put(ref, { hash, ...document(row, ref.stream) });
      }
    },

    async remove(sink, ref, { runId, page, externalIds }) {
      if (externalIds.length === 0) return;
      switch (sink) {
        case 'store': {
          const lines = externalIds.map((externalId) => ({
            key: `${externalId}@deleted`,
            op: 'delete',
            record: { externalId },
          }));
          await write(ref, `${objectName(runId, page)}-deleted`, lines);
          return;
        }
        case 'knowledge':
          await knowledge.remove(ref, externalIds);
      }
    },

    clear: (tenantId, connectionId) => knowledge.clear(tenantId, connectionId),
  };
}

/** The same page of a run always has the same name, so a repeated delivery replaces itself. Names sort in order. */
const objectName = (runId: string, page: number): string => `${runId}-${String(page).padStart(8, '0')}`;

/** A line separator inside a string would end the line for some readers. */
const jsonl = (lines: unknown[]): string =>
  lines
    .map((line) => `${JSON.stringify(line).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}\n`)
    .join('');

function document({ externalId, title, text, link }: Row, stream: string) {
  if (typeof text !== 'string')
    throw new Fault('unsupported', `${stream} have no text; deliver them to the store instead`);
  return {
    externalId,
    title: typeof title === 'string' ? title : '',
    link: typeof link === 'string' ? link : null,
    chunks: chunks(text),
  };
}
