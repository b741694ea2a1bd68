import type { Ports } from '../../ports/index.ts';
import type { SinkPort } from '../../ports/sinks.ts';
import type { SinkKind } from '../../ports/tenants.ts';
import type { HttpClient } from '../http/client.ts';
import { connectionSink } from './connection.ts';
import { knowledgeSink } from './knowledge.ts';
import { storeSink } from './store.ts';
import { webhookSink } from './webhook.ts';

type Parts = Pick<
  Ports,
  'knowledge' | 'objects' | 'channels' | 'secrets' | 'connectors' | 'content' | 'workflows' | 'hash'
> & { http: HttpClient };

/** Where a tenant's records go, by the kind that it chose. */
export function createSinks(parts: Parts): SinkPort {
  const sinks: Record<SinkKind, Pick<SinkPort, 'deliver' | 'remove'>> = {
    knowledge: knowledgeSink(parts),
    store: storeSink(parts),
    webhook: webhookSink(parts),
    connection: connectionSink(parts),
  };
  return {
    deliver: (to, ref, batch) => sinks[to.sink].deliver(to, ref, batch),
    remove: (to, ref, batch) => sinks[to.sink].remove(to, ref, batch),
    clear: (tenantId, connectionId, stream) => parts.knowledge.clear(tenantId, connectionId, stream),
  };
}
