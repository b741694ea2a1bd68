import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { decideUpdate } from './approval.ts';
import { UserId } from '../ports/ids.ts';
import { QUEUES, syncStreamId } from '../ports/operations.ts';
import type { SyncMode } from '../ports/syncs.ts';
import { aConnectedSite } from '../workers/testing/connected-site.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { until } from '../workers/testing/until.ts';
import { syncStream } from './sync-stream.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await openGround();
  await ground.worker.start();
});
afterAll(() => ground.close());
beforeEach(() => ground.emulator.control.reset());

/** A connected site of so many posts, and how to sync it. */
const aSyncedSite = async (name: string, posts: number) => {
  const { tenantId, connectionId, site } = await aConnectedSite(ground, name, { posts });
  const start = (mode: SyncMode) =>
    ground.client.workflow.start(syncStream, {
      workflowId: syncStreamId(tenantId, connectionId, 'posts'),
      taskQueue: QUEUES.operations,
      args: [
        {
          tenantId,
          connectionId,
          connectorId: 'wordpress',
          stream: 'posts',
          sink: 'knowledge',
          mode,
          operationId: null,
        },
      ],
    });
  const sync = async (mode: SyncMode) => (await start(mode)).result();
  const { edit, remove } = site;
  return { tenantId, connectionId, edit, remove, start, sync, posts: () => site.items('posts') };
};

test('a full sync delivers every record once, and a second one delivers nothing', async () => {
  const { tenantId, sync } = await aSyncedSite('twice', 250);
  await expect(sync('full')).resolves.toMatchObject({ read: 250, delivered: 250, unchanged: 0, deleted: 0 });
  await expect(ground.ports.knowledge.count(tenantId)).resolves.toMatchObject({ documents: 250 });
  await expect(sync('full')).resolves.toMatchObject({ read: 250, delivered: 0, unchanged: 250, deleted: 0 });
});

test('after one edit an incremental sync delivers exactly one record', async () => {
  const { edit, posts, sync } = await aSyncedSite('edited', 30);
  await sync('full');
  edit(posts()[7]?.id ?? 0, { title: 'Changed' });
  await expect(sync('incremental')).resolves.toMatchObject({ delivered: 1 });
});

test('a record that a complete scan does not see is deleted from the sink', async () => {
  const { tenantId, remove, posts, sync } = await aSyncedSite('deleted', 30);
  await sync('full');
  remove(posts()[3]?.id ?? 0, true);
  await expect(sync('full')).resolves.toMatchObject({ read: 29, deleted: 1 });
  await expect(ground.ports.knowledge.count(tenantId)).resolves.toMatchObject({ documents: 29 });
});

test('a scan that misses much of what is known asks a person, and a no deletes nothing', async () => {
  const { tenantId, remove, posts, start, sync } = await aSyncedSite('brake', 40);
  await sync('full');
  for (const { id } of posts().slice(0, 20)) remove(id, true);
  const run = await start('full');
  const [asked] = await until(
    'a person is asked',
    () => ground.ports.approvals.list(tenantId, 'pending'),
    (all) => all.length === 1,
  );
  if (!asked) throw new Error('nobody was asked');
  await ground.client.workflow.getHandle(asked.workflowId).executeUpdate(decideUpdate, {
    args: [
      {
        kind: 'reject',
        contentHash: asked.contentHash,
        contentId: asked.contentId,
        commentId: null,
        actor: { userId: UserId.parse(randomUUID()), role: 'tenant_admin' },
      },
    ],
  });
  await expect(run.result()).rejects.toMatchObject({ cause: { type: 'delete_guard' } });
  await expect(ground.ports.knowledge.count(tenantId)).resolves.toMatchObject({ documents: 40 });
});

test('a page that the site fails to give is asked for again, and nothing is missed', async () => {
  const { sync } = await aSyncedSite('flaky', 250);
  ground.emulator.control.fault({
    match: { path: 'flaky/wp-json/wp/v2/posts' },
    kind: 'status',
    status: 500,
    times: 2,
    skip: 1,
  });
  await expect(sync('full')).resolves.toMatchObject({ read: 250, delivered: 250 });
});

test('a refused credential ends the run as failed and says why', async () => {
  const { tenantId, connectionId, sync } = await aSyncedSite('refused', 5);
  ground.emulator.control.wordpress.password('refused', false);
  await expect(sync('full')).rejects.toMatchObject({ cause: { type: 'credential_rejected' } });
  const [run] = await ground.ports.syncs.list(tenantId, connectionId);
  expect(run).toMatchObject({ state: 'failed', reason: expect.stringContaining('credential_rejected') });
});

test('no record reaches the history: a sync of 1,000 records leaves as many bytes as one of 100', async () => {
  const [small, large] = [await aSyncedSite('small', 100), await aSyncedSite('large', 1000)];
  const bytes = async ({ start }: typeof small) => {
    const run = await start('full');
    await run.result();
    return (await run.describe()).historySize ?? 0;
  };
  const [few, many] = [await bytes(small), await bytes(large)];
  expect(many).toBeLessThan(few + 2048);
});
