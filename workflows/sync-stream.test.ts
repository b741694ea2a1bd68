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
import { changedSignal, syncStream } from './sync-stream.ts';

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
  const workflowId = syncStreamId(tenantId, connectionId, 'posts');
  const ref = { tenantId, connectionId, connectorId: 'wordpress', stream: 'posts', sink: 'knowledge' as const };
  const asked = (mode: SyncMode) => ({
    taskQueue: QUEUES.operations,
    args: [{ ...ref, mode, operationId: null }] as Parameters<typeof syncStream>,
  });
  /** `suffix`: as schedules name their runs. */
  const start = (mode: SyncMode, suffix = '') =>
    ground.client.workflow.start(syncStream, { workflowId: `${workflowId}${suffix}`, ...asked(mode) });
  const wake = () =>
    ground.client.workflow.signalWithStart(syncStream, { workflowId, signal: changedSignal, ...asked('incremental') });
  const runs = () => ground.ports.syncs.list(tenantId, connectionId);
  const sync = async (mode: SyncMode) => (await start(mode)).result();
  const { edit, remove } = site;
  const list = `/wordpress/${name}/wp-json/wp/v2/posts`;
  return { tenantId, connectionId, edit, remove, start, sync, wake, runs, list, posts: () => site.items('posts') };
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

test('C68: signals that pour in while a sync ends and goes on as a new run are all heeded: what changed last is delivered', async () => {
  const { edit, posts, sync, wake, runs } = await aSyncedSite('poured', 30);
  await sync('full');
  // Each moment of a run and of the change of runs is met by some.
  for (let at = 0; at < 30; at += 1) {
    edit(posts()[at]?.id ?? 0, { title: `Changed ${at}` });
    await wake();
  }
  const all = await until(
    'all is quiet',
    runs,
    (found) => found.every(({ state }) => state !== 'running') && delivered(found) === 60,
  );
  // They are taken together: far fewer runs than signals.
  expect(all.length).toBeLessThan(20);
  expect(all.every(({ state }) => state === 'completed')).toBe(true);
});

const delivered = (runs: { counts: { delivered: number } }[]) =>
  runs.reduce((sum, { counts }) => sum + counts.delivered, 0);

test('C70: a sync that begins beside another of its stream waits for its turn, and delivers nothing twice', async () => {
  const { start, runs, list } = await aSyncedSite('turns', 150);
  ground.emulator.control.fault({ match: { method: 'GET', path: list }, kind: 'hold', skip: 1 });
  const first = await start('full');
  await ground.emulator.control.waitFor({ path: list }, 2);
  const second = await start('full', '-by-schedule');
  await until(
    'it waits',
    () => second.fetchHistory(),
    ({ events }) => (events ?? []).some((e) => e.timerStartedEventAttributes),
  );
  expect(await runs()).toHaveLength(1);
  ground.emulator.control.faults.release();
  await expect(first.result()).resolves.toMatchObject({ delivered: 150 });
  await expect(second.result()).resolves.toMatchObject({ read: 150, delivered: 0, unchanged: 150 });
});

test('C80: cancelled in the middle, before its turn or while people are asked: it says so, and the next one goes on', async () => {
  const { tenantId, start, sync, runs, list, posts, remove } = await aSyncedSite('stopped', 150);
  ground.emulator.control.fault({ match: { method: 'GET', path: list }, kind: 'hold', skip: 1 });
  const moving = await start('full');
  await until('a page is kept', runs, ([run]) => run?.counts.pages === 1);
  const waiting = await start('full', '-by-schedule');
  await waiting.cancel();
  await expect(waiting.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  await moving.cancel();
  await expect(moving.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  ground.emulator.control.faults.release();
  expect(await runs()).toMatchObject([{ state: 'cancelled', counts: { read: 100, delivered: 100 } }]);
  await expect(sync('full')).resolves.toMatchObject({ read: 150, delivered: 50 });

  for (const { id } of posts().slice(0, 60)) remove(id, true);
  const asking = await start('full');
  const pending = () => ground.ports.approvals.list(tenantId, 'pending');
  await until('a person is asked', pending, (all) => all.length === 1);
  await asking.cancel();
  await expect(asking.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  await until('nobody is asked any more', pending, (all) => all.length === 0);
  await expect(ground.ports.knowledge.count(tenantId)).resolves.toMatchObject({ documents: 150 });
});

test('into another system each record is written once by its own connectorWrite, and what changes later is changed there', async () => {
  const { tenantId, connectionId, edit, posts } = await aSyncedSite('source', 3);
  const shop = await aConnectedSite(ground, 'mirror', { posts: 0 }, [], tenantId);
  const fields = { title: 'title', content: 'text' };
  const target = { connectionId: shop.connectionId, stream: 'posts', fields, key: 'title', filter: 'search' };
  const mirror = async () => {
    const workflowId = syncStreamId(tenantId, connectionId, 'posts');
    const ref = { tenantId, connectionId, connectorId: 'wordpress', stream: 'posts' };
    const input = { ...ref, sink: 'connection' as const, target, mode: 'full' as const, operationId: null };
    return ground.client.workflow.execute(syncStream, { workflowId, taskQueue: QUEUES.operations, args: [input] });
  };
  const titles = () =>
    shop.site
      .items('posts')
      .map(({ title }) => title)
      .sort();
  await expect(mirror()).resolves.toMatchObject({ delivered: 3, quarantined: 0 });
  expect(titles()).toEqual(
    posts()
      .map(({ title }) => title)
      .sort(),
  );
  edit(posts()[1]?.id ?? 0, { title: 'Changed' });
  await expect(mirror()).resolves.toMatchObject({ delivered: 1, unchanged: 2 });
  expect(titles()).toEqual(
    posts()
      .map(({ title }) => title)
      .sort(),
  );
  await expect(mirror()).resolves.toMatchObject({ delivered: 0, unchanged: 3 });
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
