import type { Row } from '../../ports/connectors.ts';
import { Fault } from '../../ports/errors.ts';
import type { Ports } from '../../ports/index.ts';
import type { SinkPort } from '../../ports/sinks.ts';
import { chunks } from './chunks.ts';
import { taken } from './taken.ts';

/** Text to the agents' knowledge, in passages. */
export const knowledgeSink = ({ knowledge }: Pick<Ports, 'knowledge'>): Pick<SinkPort, 'deliver' | 'remove'> => ({
  async deliver(_to, ref, { rows }) {
    for (const { row, hash } of rows) await knowledge.put(ref, { hash, ...document(row, ref.stream) });
    return taken();
  },
  async remove(_to, ref, { externalIds }) {
    if (externalIds.length > 0) await knowledge.remove(ref, externalIds);
  },
});

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
