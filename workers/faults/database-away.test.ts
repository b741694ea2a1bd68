import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { migrate } from '../../adapters/postgres/migrate.ts';
import { until } from '../testing/until.ts';
import { ask, logIn } from './caller.ts';
import type { Answered } from './caller.ts';
import { openCluster } from './cluster.ts';
import type { Cluster } from './cluster.ts';
import { openDeployment } from './deployment.ts';
import type { Deployment } from './deployment.ts';
import { anOwner, aWorkplace } from './work.ts';

// Embedded PGlite lives in a process of the test's own: there is no server to take away.
const bin = process.env.TEST_POSTGRES_BIN;
const withCluster = bin === undefined ? test.skip : test;
const LONG_MS = 90_000;
const TOLD_MS = 2000;

const opened = new AsyncDisposableStack();
afterAll(() => opened.disposeAsync());

let cluster: Cluster;
let deployment: Deployment;
beforeAll(async () => {
  if (bin === undefined) return;
  cluster = opened.use(await openCluster(bin));
  await migrate(cluster.url);
  const env = { DATABASE_URL: cluster.url, DATABASE_ADMIN_URL: cluster.url };
  deployment = opened.use(await openDeployment({ env }));
}, LONG_MS);

/** Asks again and again, one request at a time on each path, until told to end. */
const traffic = (url: string, paths: string[], token: string) => {
  const answers: Answered<unknown>[] = [];
  let going = true;
  const lines = paths.map(async (path) => {
    while (going) answers.push(await ask(url, path, { token }));
  });
  const end = async () => {
    going = false;
    await Promise.all(lines);
  };
  return { answers, end, [Symbol.asyncDispose]: end };
};

withCluster(
  'C6: PostgreSQL taken away during a sync and traffic: callers are told in time, nobody dies, and all goes on',
  async () => {
    const { ground, startWorker, startApi } = deployment;
    const { control } = ground.emulator;
    const place = await aWorkplace(ground, 'lost', { posts: 250 });
    const [worker, api] = await Promise.all([startWorker(), startApi()]);
    const email = await anOwner(ground, place.tenantId);
    const token = await logIn(api.url, email);
    place.holdPage('posts', 2);
    const sync = await place.sync('posts', 'knowledge');
    await control.waitFor({ path: place.listOf('posts') }, 2);
    await using load = traffic(api.url, ['/api/v1/me', '/api/v1/syncs', '/api/v1/connections'], token);
    const { answers } = load;
    await until(
      'traffic',
      () => answers.length,
      (count) => count > 20,
    );

    await cluster.stop();
    const refused = () => answers.filter(({ status }) => status === 503).length;
    await until('refusals', refused, (count) => count > 20);
    const needing = await Promise.all([
      ask(api.url, '/api/v1/connectors/wordpress/sync/media', { token, post: {} }),
      ask(api.url, '/api/v1/auth/dev-login', { post: { email } }),
    ]);
    const told = { status: 503, body: expect.objectContaining({ code: 'unavailable' }), retryAfterS: 2 };
    expect(needing).toEqual(needing.map(() => expect.objectContaining(told)));
    const ready = await ask(api.url, '/readyz');
    expect(ready).toMatchObject({ status: 503, body: { checks: { temporal: 'ok', database: 'error' } } });
    expect((await ask(api.url, '/healthz')).status).toBe(200);
    control.faults.release();
    await until('a page that could not be kept', worker.words, (words) => words.includes('movePages'));

    await cluster.start();
    await expect(sync.run.result()).resolves.toMatchObject({ pages: 3, read: 250, delivered: 250 });
    await expect(ground.ports.knowledge.count(place.tenantId)).resolves.toMatchObject({ documents: 250 });
    await until(
      'ready again',
      () => ask(api.url, '/readyz'),
      ({ status }) => status === 200,
    );
    const recovered = answers.length;
    await until(
      'traffic again',
      () => answers.length,
      (count) => count > recovered + 20,
    );
    await load.end();
    expect(answers.slice(recovered).filter(({ status }) => status !== 200)).toEqual([]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 503]));
    expect(answers.filter(({ status, retryAfterS }) => status === 503 && retryAfterS === null)).toEqual([]);
    const times = [...answers, ...needing, ready].map(({ tookMs }) => tookMs);
    expect(Math.max(...times)).toBeLessThan(TOLD_MS);
    expect([worker.alive(), api.alive()]).toEqual([true, true]);
  },
  LONG_MS,
);
