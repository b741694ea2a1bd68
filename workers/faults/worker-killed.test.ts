import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RunId } from '../../ports/ids.ts';
import type { StreamRef } from '../../ports/syncs.ts';
import { TenantSettings } from '../../ports/tenant-settings.ts';
import { until } from '../testing/until.ts';
import { openDeployment } from './deployment.ts';
import type { Deployment } from './deployment.ts';
import { openBlocker } from './locks.ts';
import type { Blocker } from './locks.ts';
import type { Exit } from './processes.ts';
import { aWorkplace, recordsStored } from './work.ts';
import type { Workplace } from './work.ts';

// One worker is killed once, in the middle of nine works, since each waits for the heartbeats that no longer come.
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
  const [reading, delivering, crewed, agents, asking, writing] = await Promise.all([
    aWorkplace(ground, 'cut1', { posts: POSTS }),
    aWorkplace(ground, 'cut2', { posts: 0, media: MEDIA }),
    aWorkplace(ground, 'cut3', { posts: 12, model: 'gpt-4o' }),
    aWorkplace(ground, 'cut4', { posts: 0 }),
    aWorkplace(ground, 'cut6', { posts: 0 }),
    aWorkplace(ground, 'cut5', { posts: 0 }),
  ]);
  await ground.ports.tenantSettings.put(asking.tenantId, TenantSettings.parse({ agentHosts: ['shop.web.example'] }));
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

  const journalled = blocker ? await killedAroundTheJournal(agents, blocker) : null;
  const drafted = blocker ? await killedAfterTheDraft(agents, blocker) : null;

  // The shop has taken the order, and has not said so.
  control.models.script('order', [
    {
      calls: [
        { name: 'http_request', arguments: { method: 'POST', url: 'https://shop.web.example/orders', body: '1' } },
      ],
    },
    { text: 'Ordered.' },
  ]);
  const shop = control.web('shop');
  shop.page('/orders', { ok: true }, { delayMs: LONG_MS });
  const ordered = await asking.agent('order', { tools: ['http_request'] });
  await until('an order taken', async () => shop.effects(), hasAll(1));

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
  await blocker?.endWaiting();
  await blocker?.release();
  control.faults.release();
  shop.page('/orders', { ok: true });
  return {
    exit,
    effect,
    reading,
    list,
    delivering,
    stored,
    crewed,
    crew,
    journalled,
    drafted,
    asking,
    ordered,
    shop,
    writing,
    write,
  };
}

const hasAll = (count: number) => (keys: unknown[]) => keys.length === count;

/** Two runs: the answer of one is journalled, and Temporal has not heard of it; that of the other was read to its last byte and is in no row. */
async function killedAroundTheJournal({ tenantId, agent }: Workplace, held: Blocker) {
  const { models } = deployment.ground.emulator.control;
  const [kept, lost] = [RunId.parse(randomUUID()), RunId.parse(randomUUID())];
  for (const script of ['kept', 'lost']) models.script(script, [{ text: 'A first word.' }]);
  // Somebody watches, and what is written for them cannot be put anywhere: the activity does not end.
  await deployment.ground.ports.tokenStream.watch(tenantId, kept);
  await held.hold('LOCK TABLE token_pieces IN ACCESS EXCLUSIVE MODE', []);
  await held.hold(
    `INSERT INTO model_calls (tenant_id, run_id, step, answer, prompt_hash, model, input_tokens, output_tokens)
     VALUES ($1, $2, 0, '{}', '', '', 0, 0)`,
    [tenantId, lost],
  );
  const runs = await Promise.all([agent('kept', { runId: kept }), agent('lost', { runId: lost })]);
  const rows = () => held.read('SELECT count(*) AS value FROM model_calls WHERE run_id = $1', [kept]);
  await until('a journalled answer', rows, (count) => count === '1');
  await until(
    'a last byte',
    async () => models.calls('lost'),
    ([call]) => call?.finishedAt !== null && call !== undefined,
  );
  const waiting = () =>
    held.read(
      `SELECT count(*) AS value FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%keep_answer%'`,
      [],
    );
  await until('the journal in the way', waiting, (count) => count === '1');
  return { runs, lost };
}

/** The site has made the draft that an agent wanted, and the ledger cannot be told. */
async function killedAfterTheDraft({ tenantId, agent, site, listOf }: Workplace, held: Blocker) {
  const { control } = deployment.ground.emulator;
  control.models.script('draft', [
    {
      calls: [
        {
          name: 'cms_write',
          arguments: { resource: 'posts', fields: { title: 'Bread', content: 'Fresh' } },
        },
      ],
    },
    { text: 'Drafted.' },
  ]);
  control.fault({ match: { method: 'POST', path: listOf('posts') }, kind: 'hold' });
  const { run } = await agent('draft');
  const key = () => held.read('SELECT key AS value FROM effects WHERE tenant_id = $1', [tenantId]);
  const claimed = await until('a claimed effect', key, (value) => value !== undefined);
  await held.hold('SELECT 1 FROM effects WHERE tenant_id = $1 AND key = $2 FOR UPDATE', [tenantId, String(claimed)]);
  await control.waitFor({ method: 'POST', path: listOf('posts') });
  control.faults.release();
  await until('a draft at the site', async () => site.items('posts'), hasAll(1));
  return { run, site };
}

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
  'C83: an answer that was journalled before the worker was killed is not paid for again; one that was only read is paid at most once more',
  async () => {
    const { runs = [], lost } = killed.journalled ?? {};
    for (const { run } of runs) await run.result();
    const { models } = deployment.ground.emulator.control;
    const paid = (script: string) => models.calls(script).filter(({ kind }) => kind === 'answered').length;
    expect(paid('kept')).toBe(1);
    expect(paid('lost')).toBe(2);
    const row = `SELECT attempts AS value FROM model_attempts WHERE run_id = $1`;
    const attempts = await blocker?.read(row, [lost ?? '']);
    expect(attempts).toBe(paid('lost'));
    process.stderr.write(
      `kill -9: journalled, paid ${paid('kept')} ×; read and not journalled, paid ${paid('lost')} ×\n`,
    );
  },
  LONG_MS,
);

locks(
  'C90: a worker killed after an agent’s tool did its work leaves one effect, which the next worker finds',
  async () => {
    await killed.drafted?.run.result();
    expect(killed.drafted?.site.items('posts')).toHaveLength(1);
  },
  LONG_MS,
);

test(
  'C90: of a tool’s effect that nobody can look up, a person is asked, and it is not done again',
  async () => {
    const { asking, ordered, shop } = killed;
    const { approvals } = deployment.ground.ports;
    const asked = () => approvals.list(asking.tenantId, 'pending');
    await until('a question to people', asked, hasAll(1));
    await ordered.run.cancel();
    await expect(ordered.run.result()).rejects.toThrow();
    expect(shop.effects()).toHaveLength(1);
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
