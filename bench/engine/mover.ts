// One half of the engine's measurement in a process of its own: `node bench/engine/mover.ts <read|sync|bare> <url> <page> [database url]`.
// Prints one JSON line: records, milliseconds, peak memory in bytes.
import { hash as digestOf, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { Pool } from 'undici';
import { createSyncActivities } from '../../activities/syncs.ts';
import type { SyncProgress } from '../../activities/sync-progress.ts';
import { folderObjects } from '../../adapters/objects/folder.ts';
import { openPostgres } from '../../adapters/postgres/pool.ts';
import { postgresStores } from '../../adapters/postgres/stores.ts';
import { aConnection, aTenant } from '../../adapters/postgres/testing-data.ts';
import { createSinks } from '../../adapters/sinks/index.ts';
import type { Connection } from '../../ports/connections.ts';
import { ConnectionId, RunId, TenantId } from '../../ports/ids.ts';
import type { Ports } from '../../ports/index.ts';
import { benchConnectors } from './connector.ts';

const [half = '', url = '', size = '', databaseUrl = ''] = process.argv.slice(2);
const limit = Number(size);

const connection = (tenantId: TenantId, id: ConnectionId) =>
  ({
    id,
    tenantId,
    connectorId: 'bench',
    authMethod: 'token',
    state: 'healthy',
    settings: {},
    reason: null,
    vaultPath: 'x',
  }) as unknown as Connection;

/** What nobody can beat: the same pages, fetched and parsed, and thrown away. */
const bare = async (): Promise<number> => {
  const pool = new Pool(url);
  let records = 0;
  let after: string | null = null;
  do {
    const path: string = `/contacts?limit=${limit}${after === null ? '' : `&after=${after}`}`;
    const { body } = await pool.request({ path, method: 'GET', headers: { authorization: 'Bearer bench' } });
    const { data, next } = (await body.json()) as { data: unknown[]; next: string | null };
    records += data.length;
    after = next;
  } while (after !== null);
  await pool.close();
  return records;
};

/** Fetched, parsed, checked and mapped. */
const read = async (): Promise<number> => {
  const tenantId = TenantId.parse(randomUUID());
  const id = ConnectionId.parse(randomUUID());
  await using connectors = benchConnectors(url, connection(tenantId, id));
  let records = 0;
  let cursor: string | undefined;
  for (;;) {
    const page = await connectors.read(tenantId, id, 'contacts', { limit, cursor, lane: 'backfill' });
    records += page.rows.length;
    if (page.nextCursor === null) return records;
    cursor = page.nextCursor;
  }
};

/** The whole: hashed, delivered to a folder, committed page by page in PostgreSQL. */
const sync = async (): Promise<number> => {
  const db = openPostgres(databaseUrl, { max: 5 });
  const stores = postgresStores(db);
  const tenantId = await aTenant(stores);
  const id = await aConnection(stores, tenantId, { connectorId: 'bench' });
  const dir = await mkdtemp(join(tmpdir(), 'bizosaas-bench-'));
  await using connectors = benchConnectors(url, connection(tenantId, id));
  const hash = (text: string) => digestOf('sha256', text);
  const sinks = createSinks({ ...stores, objects: folderObjects(dir) } as unknown as Parameters<typeof createSinks>[0]);
  const activities = createSyncActivities({ ...stores, connectors, sinks, hash } as unknown as Ports);
  const ref = { tenantId, connectionId: id, stream: 'contacts' };
  const runId = RunId.parse(randomUUID());
  const environment = new MockActivityEnvironment();
  const begun: SyncProgress | null = await environment.run(() => activities.beginSync(ref, runId, 'full'));
  if (begun === null) throw new Error('another run is at work');
  let progress: SyncProgress = begun;
  const move = { runId, to: { sink: 'store' }, operationId: null } as const;
  while (!progress.scanComplete) progress = await environment.run(() => activities.movePages(ref, move));
  const { counts } = await activities.endSync(ref, runId, 'completed', null);
  await db.close();
  await rm(dir, { recursive: true, force: true });
  return counts.read;
};

const halves = { bare, read, sync };
const began = performance.now();
const records = await halves[half as keyof typeof halves]();
const tookMs = performance.now() - began;
const status = await readFile('/proc/self/status', 'utf8');
const peakBytes = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
process.stdout.write(`${JSON.stringify({ records, tookMs, peakBytes })}\n`, () => process.exit(0));
