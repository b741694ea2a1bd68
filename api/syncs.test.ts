import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WorkflowNotFoundError } from '@temporalio/client';
import { createConnectors } from '../adapters/connectors/index.ts';
import { postgresStores } from '../adapters/postgres/stores.ts';
import type { Stores } from '../adapters/postgres/stores.ts';
import { aConnection, aMember, aTenant } from '../adapters/postgres/testing-data.ts';
import { freshDatabase } from '../adapters/postgres/testing.ts';
import type { TestDatabase } from '../adapters/postgres/testing.ts';
import type { Principal } from '../ports/identity.ts';
import { RunId } from '../ports/ids.ts';
import type { ConnectionId, TenantId } from '../ports/ids.ts';
import type { ApiDeps } from './deps.ts';
import { openApi } from './testing.ts';
import type { TestApi, Told } from './testing.ts';

let database: TestDatabase;
let stores: Stores;
let api: TestApi;
let tenantId: TenantId;
let connectionId: ConnectionId;
let as: Principal;
const started: { args: unknown[] }[] = [];
const cancelled: string[] = [];

/** Temporal that notes what is asked of it. */
const temporal = {
  workflow: {
    withDeadline: (_: number, call: () => unknown) => call(),
    start: async (_work: unknown, options: { args: unknown[] }) => void started.push(options),
    getHandle: (id: string) => ({
      cancel: async () => void cancelled.push(id),
      startUpdate: () => Promise.reject(new WorkflowNotFoundError('gone', id, undefined)),
    }),
  },
} as unknown as ApiDeps['temporal'];

beforeAll(async () => {
  database = await freshDatabase();
  stores = postgresStores(database.db);
  const workflows = {
    listSyncSchedules: async () => [{ connectionId, stream: 'posts', paused: false, note: null, nextAt: null }],
    skippedSyncs: async () => ({ overlap: 3, missed: 1 }),
  };
  const connectors = createConnectors({ connections: stores.connections, workflows } as never);
  const ports = { ...stores, workflows, connectors } as unknown as ApiDeps['ports'];
  api = await openApi({ ports, temporal });
  tenantId = await aTenant(stores);
  connectionId = await aConnection(stores, tenantId, { sync: [{ stream: 'posts', sink: 'store' }] });
  as = await aMember(stores, tenantId);
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await database.close();
});

/** A run that set one record aside. */
const aRun = async () => {
  const id = RunId.parse(randomUUID());
  const ref = { tenantId, connectionId, stream: 'posts' };
  const workflowId = `syncStream:${id}`;
  await stores.syncs.begin(ref, id, { mode: 'full', reachMs: null, complete: true, workflowId });
  await stores.syncs.commitPage(ref, id, null, {
    ...{ seen: [{ externalId: '1', hash: 'h' }], quarantined: [{ externalId: '7', reason: 'title: is missing' }] },
    ...{ unnamed: 0, cursor: null, highWater: null, fields: ['id'] },
    counts: { read: 2, delivered: 1, unchanged: 0, bytes: 10, calls: 1, throttled: 1 },
  });
  return { id, ref, workflowId };
};

describe('the report of a sync', () => {
  test('says what was read, delivered and set aside, what it cost, and what came of it', async () => {
    const { id, ref } = await aRun();
    await stores.syncs.end(ref, id, 'completed', null);
    const told = await api.get(`/api/v1/syncs/${id}`, { as });
    expect([told.status, told.json]).toEqual([
      200,
      {
        ...{
          id,
          connectionId,
          stream: 'posts',
          mode: 'full',
          state: 'completed',
          reason: null,
          gap: null,
          drift: null,
        },
        ...{ startedAt: expect.any(String), endedAt: expect.any(String) },
        counts: {
          ...{ pages: 1, read: 2, delivered: 1, unchanged: 0, deleted: 0, quarantined: 1, bytes: 10 },
          ...{ calls: 1, throttled: 1, seconds: expect.any(Number) },
        },
      },
    ]);
    expect((await api.get(`/api/v1/syncs/${randomUUID()}`, { as })).status).toBe(404);
  });

  test('one that runs is cancelled by its own workflow; one that has ended cannot be', async () => {
    const { id, ref, workflowId } = await aRun();
    const told = await api.post(`/api/v1/syncs/${id}/cancel`, { as, body: {} });
    expect([told.status, told.headers.get('location'), cancelled]).toEqual([202, `/api/v1/syncs/${id}`, [workflowId]]);
    await stores.syncs.end(ref, id, 'cancelled', null);
    expect((await api.post(`/api/v1/syncs/${id}/cancel`, { as, body: {} })).status).toBe(409);
  });
});

test('C74: what is in quarantine is listed with its reason, and a person has it tried again by a sync that starts now', async () => {
  const { id, ref } = await aRun();
  await stores.syncs.retried(ref, id, '7', { kind: 'failed', reason: null });
  await stores.syncs.end(ref, id, 'completed', null);
  const list = await api.get(`/api/v1/syncs/quarantine?connectionId=${connectionId}&stream=posts`, { as });
  expect(list.json.data).toMatchObject([{ externalId: '7', reason: 'title: is missing', tries: 1 }]);
  const retry = (stream: string) => api.post('/api/v1/syncs/quarantine/retry', { as, body: { connectionId, stream } });
  const told = await retry('posts');
  expect([told.status, told.json]).toMatchObject([202, { kind: 'syncStream', outcome: 'running' }]);
  expect(started.at(-1)?.args).toMatchObject([{ stream: 'posts', sink: 'store', mode: 'incremental' }]);
  const [{ tries } = { tries: -1 }] = await stores.syncs.quarantine(tenantId, {});
  expect(tries).toBe(0);
  expect((await retry('pages')).status).toBe(404);
  await stores.syncs.forgetGone(ref, '7');
  expect((await retry('posts')).status).toBe(404);
});

test('C70: schedules say how often one was skipped, and why', async () => {
  const { json } = await api.get('/api/v1/schedules', { as });
  expect(json.data).toMatchObject([{ stream: 'posts', skipped: { overlap: 3, missed: 1 } }]);
});

describe('what may be chosen', () => {
  const choose = (sync: unknown[]) =>
    api.ask('PUT', `/api/v1/connections/${connectionId}/sync`, { as, body: { sync } });
  const wrong = ({ json }: Told) => (json.errors as { path: string }[] | undefined)?.map(({ path }) => path);

  test('streams that there are, each once, and sinks that take them', async () => {
    const sync = [
      { stream: 'nonsense', sink: 'store' },
      { stream: 'posts', sink: 'store', target: { channelId: randomUUID() } },
      { stream: 'posts', sink: 'store' },
      { stream: 'users', sink: 'knowledge' },
    ];
    const told = await choose(sync);
    expect([told.status, wrong(told)]).toEqual([
      400,
      expect.arrayContaining(['sync.0.stream', 'sync.1.target', 'sync.2.stream', 'sync.3.sink']),
    ]);
  });

  test('a webhook channel of the tenant’s own', async () => {
    const channel = { id: randomUUID(), kind: 'webhook' as const, title: 'Ours' };
    await stores.channels.add(tenantId, channel);
    const other = await aTenant(stores);
    const theirs = await stores.channels.add(other, { ...channel, id: randomUUID() });
    const to = (target?: object) => choose([{ stream: 'posts', sink: 'webhook', ...(target && { target }) }]);
    expect(wrong(await to())).toEqual(['sync.0.target']);
    expect(wrong(await to({ channelId: theirs.id }))).toEqual(['sync.0.target.channelId']);
    // It fits: the connection's workflow is asked, which is not there.
    expect((await to({ channelId: channel.id })).status).toBe(409);
  });

  test.each([
    ['a connection of the tenant', { connectionId: randomUUID() }, 'connectionId'],
    ['a stream that is there', { stream: 'nonsense' }, 'stream'],
    ['fields that can be written there', { fields: { title: 'title', nonsense: 'text' } }, 'fields.nonsense'],
    ['fields that ours have', { fields: { title: 'nonsense' } }, 'fields.title'],
    ['a key that is written', { key: 'content' }, 'key'],
    ['a filter that finds by it', { filter: 'nonsense' }, 'filter'],
  ])('records of another system: %s', async (_what, change, path) => {
    const shop = await aConnection(stores, tenantId);
    const target = { connectionId: shop, stream: 'posts', fields: { title: 'title' }, key: 'title', filter: 'search' };
    const to = (changed: object) =>
      choose([{ stream: 'posts', sink: 'connection', target: { ...target, ...changed } }]);
    expect(wrong(await to(change))).toEqual([`sync.0.target.${path}`]);
    expect((await to({})).status).toBe(409);
  });
});
