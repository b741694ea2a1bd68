import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RunId } from '../../ports/ids.ts';
import type { StreamRef } from '../../ports/syncs.ts';
import { until } from '../testing/until.ts';
import { openDeployment } from './deployment.ts';
import type { Deployment } from './deployment.ts';
import { openBlocker } from './locks.ts';
import type { Blocker } from './locks.ts';
import type { Exit } from './processes.ts';
import { aWorkplace, recordsStored } from './work.ts';

// One worker is killed once, in the middle of five works, since each waits for the heartbeats that no longer come.
const LONG_MS = 100_000;
const POSTS = 450;
const MEDIA = 250;
const EFFECT_KEY = randomUUID().replaceAll('-', '');

// Two of the moments are made by another session's locks, and embedded PGlite has one session at a time.
const locks = process.env.TEST_DATABASE_URL === undefined ? test.skip : test;

let deployment: Deployment;
let blocker: Blocker | undefined;
let killed: Awaited<ReturnType<typeof killInTheMiddle>>;

beforeAll(async () => {
  deployment = await openDeployment();
  const { database } = deployment.ground;
  if (database.engine === 'postgres') blocker = await openBlocker(database.adminUrl);
  killed = await killInTheMiddle();
  await deployment.startWorker();
}, LONG_MS);

afterAll(async () => {
  await blocker?.[Symbol.asyncDispose]();
  await deployment?.[Symbol.asyncDispose]();
});

async function killInTheMiddle() {
  const { ground, startWorker } = deployment;
  const { control } = ground.emulator;
  const [reading, delivering, crewed, journalling, writing] = await Promise.all([
    aWorkplace(ground, 'cut1', { posts: POSTS }),
    aWorkplace(ground, 'cut2', { posts: 0, media: MEDIA }),
    aWorkplace(ground, 'cut3', { posts: 12, model: 'gpt-4o' }),
    aWorkplace(ground, 'cut4', { posts: 12, model: 'gpt-4.1' }),
    aWorkplace(ground, 'cut5', { posts: 0 }),
  ]);
  const worker = await startWorker();
  /** The next page is asked for while one is delivered. */
  const twoKept = ({ ref, runId }: { ref: StreamRef; runId: RunId }) =>
    until(
      'two pages kept',
      () => ground.ports.syncs.state(ref, runId),
      ({ counts }) => counts.pages === 2,
    );

  // Delivered and not committed: the third page waits on its way until its commit is blocked.
  delivering.holdPage('media', 3);
  const stored = await delivering.sync('media', 'store');
  const third = { path: delivering.listOf('media') };
  await control.waitFor(third, 3);
  await twoKept(stored);
  await blocker?.hold('SELECT 1 FROM sync_runs WHERE id = $1 FOR UPDATE', [stored.runId]);
  control.faults.release();
  if (blocker) {
    const { tenantId, connectionId } = delivering;
    await until('a third page delivered', () => recordsStored(ground, tenantId, connectionId), hasAll(MEDIA));
  }

  // The answer journalled and not yet in the transcript.
  const runId = RunId.parse(randomUUID());
  await blocker?.hold(`INSERT INTO transcript (tenant_id, run_id, seq, message) VALUES ($1, $2, 2, '{}')`, [
    journalling.tenantId,
    runId,
  ]);
  const agent = await journalling.agent(runId);
  const journalled = () => blocker?.read('SELECT count(*) AS value FROM model_calls WHERE run_id = $1', [runId]);
  if (blocker) await until('a journalled answer', journalled, (count) => count === '1');

  // Between model calls: a tool waits for the site.
  crewed.holdPage('posts', 1);
  const crew = await crewed.crew();
  await control.waitFor({ path: crewed.listOf('posts') });

  // In the middle of a list: the third page is on its way.
  reading.holdPage('posts', 3);
  const list = await reading.sync('posts', 'knowledge');
  await control.waitFor({ path: reading.listOf('posts') }, 3);
  await twoKept(list);

  // The site has made the draft, and nobody has read its answer.
  const write = await writing.write(EFFECT_KEY);
  await control.waitFor({ method: 'POST', path: writing.listOf('posts'), status: 201 });
  worker.signal('SIGKILL');

  const exit: Exit = await worker.exited;
  const effect = await blocker?.read('SELECT state AS value FROM effects WHERE key = $1', [EFFECT_KEY]);
  await blocker?.release();
  control.faults.release();
  return { exit, effect, reading, list, delivering, stored, crewed, crew, journalling, agent, writing, write };
}

const hasAll = (count: number) => (keys: string[]) => keys.length === count;

test(
  'C1: a sync whose worker is killed goes on from the committed page, and every record is in the store once',
  async () => {
    expect(killed.exit).toEqual({ code: null, signal: 'SIGKILL' });
    const { reading, list } = killed;
    const counts = await list.run.result();
    expect(reading.pagesAsked('posts')).toEqual([0, 99, 198, 198, 297, 396]);

    const { ground } = deployment;
    const whole = await aWorkplace(ground, 'all1', { posts: POSTS });
    const uninterrupted = await whole.sync('posts', 'knowledge');
    const whatever = { seconds: expect.any(Number), throttled: expect.any(Number) };
    expect(counts).toEqual({ ...(await uninterrupted.run.result()), ...whatever });
    expect(await ground.ports.knowledge.count(reading.tenantId)).toEqual(
      await ground.ports.knowledge.count(whole.tenantId),
    );
    expect(counts).toMatchObject({ pages: 5, read: POSTS, delivered: POSTS });
  },
  LONG_MS,
);

locks(
  'C1: a page delivered when the worker is killed, and not committed, is delivered again and stored once',
  async () => {
    const { delivering, stored } = killed;
    const counts = await stored.run.result();
    expect(delivering.pagesAsked('media')).toEqual([0, 99, 198, 198]);
    expect(counts).toMatchObject({ pages: 3, read: MEDIA, delivered: MEDIA });
    const keys = await recordsStored(deployment.ground, delivering.tenantId, delivering.connectionId);
    expect([keys.length, new Set(keys).size]).toEqual([MEDIA, MEDIA]);
  },
  LONG_MS,
);

test(
  'C1: a crew whose worker is killed between model calls ends, and pays for as many calls as an undisturbed one',
  async () => {
    const { parts } = await killed.crew.result();
    const whole = await aWorkplace(deployment.ground, 'all3', { posts: 12, model: 'gpt-4.1-mini' });
    const undisturbed = await (await whole.crew()).result();
    expect(parts.map(({ agentId }) => agentId)).toEqual(undisturbed.parts.map(({ agentId }) => agentId));
    expect(killed.crewed.modelCalls()).toBe(whole.modelCalls());
    expect(killed.crewed.modelCalls()).toBeGreaterThan(2);
  },
  LONG_MS,
);

locks(
  'C1: an answer that was journalled before the worker was killed is not paid for again',
  async () => {
    await killed.agent.result();
    const whole = await aWorkplace(deployment.ground, 'all4', { posts: 12, model: 'gpt-5.4' });
    await (await whole.agent(RunId.parse(randomUUID()))).result();
    expect(killed.journalling.modelCalls()).toBe(whole.modelCalls());
  },
  LONG_MS,
);

test(
  'C1: a worker killed between the site’s answer and the activity’s end leaves exactly one draft',
  async () => {
    if (blocker) expect(killed.effect).toBe('begun');
    const { externalId } = await killed.write.result();
    expect(killed.writing.site.items('posts')).toEqual([
      expect.objectContaining({ id: Number(externalId), slug: `bz-${EFFECT_KEY}`, status: 'draft' }),
    ]);
  },
  LONG_MS,
);
