import { Fault } from '../../ports/errors.ts';
import type { Ports } from '../../ports/index.ts';
import { channelSecretPath } from '../../ports/secrets.ts';
import type { SinkBatch, SinkPort } from '../../ports/sinks.ts';
import type { StreamRef } from '../../ports/syncs.ts';
import type { Destination } from '../../ports/tenants.ts';
import type { HttpClient } from '../http/client.ts';
import { postJson } from '../notifications/post.ts';
import { signed, signingKeysIn } from '../notifications/webhook.ts';
import { taken } from './taken.ts';

/** A message stays below this where its records allow it: receivers have limits of their own. */
const MESSAGE_CHARS_MAX = 256 * 1024;

type Needs = Pick<Ports, 'channels' | 'secrets' | 'hash'> & { http: HttpClient };

/** Records and deletions as signed messages to an endpoint of the tenant's own, one of its notification channels. */
export function webhookSink({ channels, secrets, hash, http }: Needs): Pick<SinkPort, 'deliver' | 'remove'> {
  const endpoint = async ({ tenantId }: StreamRef, { target }: Destination) => {
    const channelId = target && 'channelId' in target ? target.channelId : '';
    const channel = (await channels.list(tenantId)).find(({ id, kind }) => id === channelId && kind === 'webhook');
    const { url, ...keys } = (await secrets.read(channelSecretPath(tenantId, channelId)))?.values ?? {};
    if (channel === undefined || url === undefined) {
      throw new Fault('not_found', 'The webhook that this stream goes to is gone; choose another sink.');
    }
    if (channel.enabled) return { url, keys: signingKeysIn(keys) };
    throw new Fault(
      'not_connected',
      `The webhook ${channel.title} is switched off; switch it on or choose another sink.`,
    );
  };

  const send = async (to: Destination, ref: StreamRef, batch: SinkBatch, name: string, data: string): Promise<void> => {
    const { url, keys } = await endpoint(ref, to);
    const { connectionId, stream } = ref;
    const at = new Date();
    const head = JSON.stringify({ connectionId, stream, run: batch.runId, part: name });
    const body = `{"type":"sync.records","timestamp":"${at.toISOString()}","data":${head.slice(0, -1)},${data}}}`;
    // The same for every attempt at this part, so that who receives it twice can tell.
    const id = `msg_${hash(`${connectionId}/${stream}/${batch.runId}/${name}`)}`;
    await postJson(http, { who: 'The webhook', url, headers: signed(keys, { id, at, body }), body });
  };

  return {
    async deliver(to, ref, { rows, ...batch }) {
      const parts = packed(rows.map(({ row, hash: contentHash }) => JSON.stringify({ key: contentHash, record: row })));
      for (const [at, part] of parts.entries()) {
        batch.signal.throwIfAborted();
        await send(to, ref, batch, `${batch.part}.${at}`, `"upserts":[${part.join(',')}],"deletes":[]`);
      }
      return taken();
    },
    remove: (to, ref, { externalIds, ...batch }) =>
      send(to, ref, batch, batch.part, `"upserts":[],"deletes":${JSON.stringify(externalIds)}`),
  };
}

/** As many in a message as fit; one that is too large by itself goes alone. */
const packed = (records: string[]): string[][] => {
  const parts: string[][] = [];
  let room = 0;
  for (const record of records) {
    if (parts.length === 0 || record.length > room) {
      parts.push([]);
      room = MESSAGE_CHARS_MAX;
    }
    parts.at(-1)?.push(record);
    room -= record.length;
  }
  return parts;
};
