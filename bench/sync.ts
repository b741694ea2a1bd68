import { ConnectionId, TenantId } from '../ports/ids.ts';
import { syncStreamId } from '../ports/operations.ts';
import { logIn } from '../scripts/demo/api-client.ts';
import { askEmulator } from './emulator.ts';
import { kib, mib, seconds } from './figures.ts';
import type { Figure } from './figures.ts';
import { historyOf, newSlug, portsOf } from './operations.ts';
import { startProduct } from './product.ts';
import type { Product } from './product.ts';

const RECORDS = [1000, 10_000];

interface SyncRunInfo {
  stream: string;
  startedAt: string;
  endedAt: string | null;
  counts: { read: number; delivered: number };
}

/** Onboards a tenant that wants only its contacts, and returns where its first sync ran. */
const syncContacts = async (product: Product): Promise<{ workflowId: string; run: SyncRunInfo }> => {
  const admin = await logIn(product.apiUrl, 'admin@bizosaas.local');
  const slug = newSlug();
  const ownerEmail = `owner@${slug}.example`;
  const started = await admin.post<{ id: string }>('/api/v1/tenants', {
    name: slug,
    slug,
    ownerEmail,
    connectors: [{ connector: 'hubspot', sync: [{ stream: 'contacts', sink: 'store' }] }],
  });
  const operation = `/api/v1/operations/${started.body.id}/events`;
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const { promise: waits, resolve: canConnect } = Promise.withResolvers<void>();
  const watch = (async () => {
    for await (const { step, state } of admin.events(operation, AbortSignal.timeout(600_000))) {
      if (step === 'connect.hubspot' && state === 'waiting') canConnect();
      if (step === 'activate' && state === 'completed') resolve();
    }
  })();
  await waits;
  const owner = await logIn(product.apiUrl, ownerEmail);
  await owner.authorize('hubspot');
  await Promise.race([done, watch]);
  const { body: me } = await owner.get<{ tenantId: string }>('/api/v1/me');
  const { body: connections } = await owner.get<{ data: { id: string }[] }>('/api/v1/connections');
  const { body: runs } = await owner.get<{ data: SyncRunInfo[] }>('/api/v1/syncs');
  const run = runs.data.find(({ stream }) => stream === 'contacts');
  if (!run) throw new Error('no sync of contacts is listed');
  const connectionId = ConnectionId.parse(connections.data[0]?.id);
  return { workflowId: syncStreamId(TenantId.parse(me.tenantId), connectionId, 'contacts'), run };
};

/** A full sync of emulated contacts, small and large: speed, memory, and what it leaves in history. */
export const measureSync = async (): Promise<Figure[]> => {
  const product = await startProduct();
  try {
    await using ports = await portsOf(product);
    const figures: Figure[] = [];
    for (const records of RECORDS) {
      await askEmulator(product, 'hubspot/contacts', { count: records });
      const { workflowId, run } = await syncContacts(product);
      const tookMs = Date.parse(run.endedAt ?? '') - Date.parse(run.startedAt);
      const history = await historyOf(ports, workflowId);
      figures.push(
        {
          figure: `${records} contacts synced, PGlite as store`,
          value: seconds(tookMs),
          against: `${run.counts.delivered} delivered, ${Math.round((run.counts.read / tookMs) * 1000)} records/s`,
        },
        { figure: `history of that sync`, value: kib(history.bytes), against: `${history.events} events` },
        {
          figure: 'worker’s peak memory so far',
          value: mib(await product.peakBytes('worker')),
        },
      );
    }
    return figures;
  } finally {
    await product.stop();
  }
};
