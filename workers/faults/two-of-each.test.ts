import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { seedPlatformRole } from '../../adapters/postgres/identity.ts';
import { Email } from '../../ports/ids.ts';
import { syncStreamId } from '../../ports/operations.ts';
import { until } from '../testing/until.ts';
import { ask, logIn } from './caller.ts';
import { openDeployment } from './deployment.ts';
import type { Deployment } from './deployment.ts';
import { anOwner, aWorkplace } from './work.ts';

const LONG_MS = 60_000;
const ADMIN = 'admin@platform.example';

interface Operation {
  id: string;
}
interface Listed<Item> {
  data: Item[];
}

let deployment: Deployment;
let replicas: string[];
let admin: string;
beforeAll(async () => {
  deployment = await openDeployment();
  const { ground, startApi, startWorker } = deployment;
  await seedPlatformRole(ground.database.db, Email.parse(ADMIN), 'platform_admin');
  const [one, two] = await Promise.all([startApi(), startApi(), startWorker(), startWorker()]);
  replicas = [one.url, two.url];
  admin = await logIn(one.url, ADMIN);
}, LONG_MS);
afterAll(async () => deployment?.[Symbol.asyncDispose]());
beforeEach(() => deployment.ground.emulator.control.reset());

const first = () => replicas[0] ?? '';

test('C12: a slug onboarded at two replicas at once is won by one, and the other is a conflict that leaves nothing', async () => {
  const rounds = Array.from({ length: 5 }, (_, round) => `race-${round}`);
  for (const slug of rounds) {
    const post = { name: slug, slug, ownerEmail: `owner@${slug}.example`, plan: 'starter', connectors: [] };
    const answers = await Promise.all(
      replicas.map((url) => ask<Operation & { code: string }>(url, '/api/v1/tenants', { token: admin, post })),
    );
    const [won, lost] = answers.sort((a, b) => a.status - b.status);
    expect([won?.status, lost?.status, lost?.body.code]).toEqual([202, 409, 'conflict']);
    const operation = `/api/v1/operations/${won?.body.id}`;
    await until(
      'the operation is over',
      () => ask<{ outcome: string }>(first(), operation, { token: admin }),
      ({ body }) => body.outcome !== 'running',
    );
  }
  const tenants = await ask<Listed<{ slug: string; state: string }>>(first(), '/api/v1/tenants', { token: admin });
  expect(tenants.body.data.map(({ slug, state }) => `${slug} ${state}`).sort()).toEqual(
    rounds.map((slug) => `${slug} active`),
  );
});

test('C12: one Idempotency-Key sent to both replicas at once starts one operation, and both learn of the same', async () => {
  const { ground } = deployment;
  const place = await aWorkplace(ground, 'once', { posts: 12 });
  const token = await logIn(first(), await anOwner(ground, place.tenantId));
  const sends = Array.from({ length: 5 }, () => randomUUID());
  for (const key of sends) {
    const send = (url: string) =>
      ask<Operation>(url, '/api/v1/connectors/wordpress/sync/posts', { token, post: {}, key });
    const answers = await Promise.all(replicas.map(send));
    expect(answers.map(({ status }) => status)).toContain(202);
    // Still running at the other replica: a conflict that says when to ask again.
    expect(
      answers.filter(({ status, retryAfterS }) => status !== 202 && !(status === 409 && retryAfterS === 1)),
    ).toEqual([]);
    const again = await Promise.all(replicas.map(send));
    const ids = [...answers.filter(({ status }) => status === 202), ...again].map(({ body }) => body.id);
    expect(new Set(ids).size).toBe(1);
    await until(
      'the operation is over',
      () => ask<{ outcome: string }>(first(), `/api/v1/operations/${ids[0]}`, { token }),
      ({ body }) => body.outcome === 'completed',
    );
  }
  const operations = await ask<Listed<Operation>>(first(), '/api/v1/operations', { token });
  const syncs = await ask<Listed<Operation>>(first(), '/api/v1/syncs', { token });
  expect([operations.body.data.length, syncs.body.data.length]).toEqual([sends.length, sends.length]);
});

test('C12: with two workers a tick of the schedule starts one run, and none while that one is at work', async () => {
  const { ground } = deployment;
  const { control } = ground.emulator;
  const { workflows, syncs } = ground.ports;
  const place = await aWorkplace(ground, 'tick', { posts: 12 });
  const { tenantId, connectionId } = place;
  const ref = { tenantId, connectionId, stream: 'posts' };
  place.holdPage('posts', 1);
  const input = { sink: 'knowledge' as const, connectorId: 'wordpress', everyMs: 1000 };
  await Promise.all([workflows.ensureSyncSchedule(ref, input), workflows.ensureSyncSchedule(ref, input)]);
  await control.waitFor({ path: place.listOf('posts') });

  const schedule = ground.client.schedule.getHandle(syncStreamId(tenantId, connectionId, 'posts'));
  await until(
    'ticks while the run is at work',
    async () => (await schedule.describe()).info.numActionsSkippedOverlap,
    (skipped) => skipped > 1,
  );
  await workflows.pauseSyncSchedule(ref, 'enough');
  const { info } = await schedule.describe();
  expect(info.numActionsTaken).toBe(1);
  control.faults.release();
  await until(
    'the run is over',
    () => syncs.list(tenantId, connectionId),
    ([run]) => run?.state === 'completed',
  );
  expect(await syncs.list(tenantId, connectionId)).toHaveLength(1);
  expect(place.pagesAsked('posts')).toEqual([0]);
});
