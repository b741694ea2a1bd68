import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { seedPlatformRole } from '../../adapters/postgres/identity.ts';
import { Email } from '../../ports/ids.ts';
import { startTemporal } from '../testing/server.ts';
import { until } from '../testing/until.ts';
import { ask, logIn } from './caller.ts';
import { openDeployment } from './deployment.ts';
import type { Deployment } from './deployment.ts';
import { anOwner, aWorkplace } from './work.ts';

const LONG_MS = 90_000;
const TOLD_MS = 2000;
const ADMIN = 'admin@platform.example';

const opened = new AsyncDisposableStack();
afterAll(() => opened.disposeAsync());

/** A Temporal with a state file, which can be killed and started again at the same port. */
const openTemporal = async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'biz-temporal-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const dbFile = path.join(folder, 'temporal.db');
  let server = await startTemporal({ dbFile });
  const { address } = server;
  opened.defer(() => server.kill());
  return {
    address,
    kill: () => server.kill(),
    start: async () => void (server = await startTemporal({ dbFile, port: Number(address.split(':')[1]) })),
  };
};

let temporal: Awaited<ReturnType<typeof openTemporal>>;
let deployment: Deployment;
beforeAll(async () => {
  temporal = await openTemporal();
  deployment = opened.use(await openDeployment({ address: temporal.address }));
}, LONG_MS);

test(
  'C3: Temporal killed in the middle of a sync and started again: the sync ends by itself, and callers are told meanwhile',
  async () => {
    const { ground, startWorker, startApi } = deployment;
    const { control } = ground.emulator;
    const place = await aWorkplace(ground, 'away', { posts: 250 });
    await seedPlatformRole(ground.database.db, Email.parse(ADMIN), 'platform_admin');
    const [worker, api] = await Promise.all([startWorker(), startApi()]);
    const [token, admin] = await Promise.all([
      logIn(api.url, await anOwner(ground, place.tenantId)),
      logIn(api.url, ADMIN),
    ]);
    place.holdPage('posts', 2);
    const sync = await place.sync('posts', 'knowledge');
    await control.waitFor({ path: place.listOf('posts') }, 2);

    await temporal.kill();
    const fields = { site_url: place.site.url, username: 'owner', application_password: 'abcd' };
    const credential = { fields };
    const tenant = { name: 'Late', slug: 'late', ownerEmail: 'owner@late.example', plan: 'starter', connectors: [] };
    const needing = await Promise.all([
      ask(api.url, '/api/v1/connectors/wordpress/sync/media', { token, post: {} }),
      ask(api.url, '/api/v1/tenants', { token: admin, post: tenant }),
      ask(api.url, '/api/v1/schedules', { token }),
      ask(api.url, '/api/v1/connectors/wordpress/connect', { token, post: credential }),
      ask(api.url, '/api/v1/connectors/wordpress/disconnect', { token, post: {} }),
    ]);
    const told = { status: 503, body: expect.objectContaining({ code: 'unavailable' }), retryAfterS: 2 };
    expect(needing).toEqual(needing.map(() => expect.objectContaining(told)));
    expect(needing.map(({ tookMs }) => Math.round(tookMs)).filter((tookMs) => tookMs >= TOLD_MS)).toEqual([]);

    const reads = ['/me', '/operations', '/syncs', '/connections', '/connectors/wordpress/data/posts?limit=5'];
    const read = await Promise.all(reads.map((route) => ask(api.url, `/api/v1${route}`, { token })));
    expect(read.map(({ status }) => status)).toEqual(reads.map(() => 200));
    const ready = await ask<{ checks: object }>(api.url, '/readyz');
    expect(ready).toMatchObject({ status: 503, body: { checks: { temporal: 'error', database: 'ok' } } });
    expect(ready.tookMs).toBeLessThan(TOLD_MS);

    await temporal.start();
    control.faults.release();
    await expect(sync.run.result()).resolves.toMatchObject({ pages: 3, read: 250, delivered: 250 });
    await until(
      'ready again',
      () => ask(api.url, '/readyz'),
      ({ status }) => status === 200,
    );
    expect((await ask(api.url, '/api/v1/tenants', { token: admin, post: tenant })).status).toBe(202);
    expect([worker.alive(), api.alive()]).toEqual([true, true]);
  },
  LONG_MS,
);
