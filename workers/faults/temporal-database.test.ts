import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aConnection } from '../../adapters/postgres/testing-data.ts';
import { isAway } from '../../adapters/temporal/client.ts';
import { UserId } from '../../ports/ids.ts';
import { connectionWorkflowId, QUEUES } from '../../ports/operations.ts';
import type { TemporalServerPrograms } from '../../scripts/lib/temporal-server.ts';
import { connection, statusQuery, submitCredentialsUpdate } from '../../workflows/connection.ts';
import { siteFields } from '../testing/connections.ts';
import { openGround } from '../testing/ground.ts';
import type { Ground } from '../testing/ground.ts';
import { startProductionServer } from '../testing/production-server.ts';
import { reaches } from '../testing/until.ts';
import { openCluster } from './cluster.ts';
import type { Cluster } from './cluster.ts';
import { aWorkplace } from './work.ts';

// The dev server of the other tests keeps its state in memory: there is no PostgreSQL to restart.
const given = process.env.TEST_TEMPORAL_SERVER;
const withServer = given === undefined ? test.skip : test;
const LONG_MS = 120_000;
const AWAY_MS = 2000;

const opened = new AsyncDisposableStack();
afterAll(() => opened.disposeAsync(), LONG_MS);

let cluster: Cluster;
let ground: Ground;
beforeAll(async () => {
  if (given === undefined) return;
  const programs = JSON.parse(given) as TemporalServerPrograms;
  cluster = opened.use(await openCluster(programs.postgres));
  const { address } = opened.use(await startProductionServer(programs, cluster.url));
  ground = opened.use(await openGround({ address }));
  await ground.worker.start();
}, LONG_MS);

type Place = Awaited<ReturnType<typeof aWorkplace>>;

/** A second connection of the tenant, whose workflow waits for credentials. */
const aWaitingConnection = async ({ tenantId }: Place) => {
  const { client, ports } = ground;
  const connectionId = await aConnection(ports, tenantId);
  const workflowId = connectionWorkflowId(tenantId, connectionId);
  const ref = { tenantId, connectionId, connectorId: 'wordpress' };
  const run = await client.workflow.start(connection, {
    workflowId,
    taskQueue: QUEUES.operations,
    args: [{ ...ref, sync: [], notify: null }],
  });
  const { secret, settings } = siteFields(ground, 'under');
  return {
    run,
    submit: async () => {
      const staged = await ports.staging.stage(workflowId, secret);
      const actor = UserId.parse(randomUUID());
      return run.executeUpdate(submitCredentialsUpdate, {
        args: [{ staged, methodId: 'application_password', settings, actor }],
      });
    },
  };
};

withServer(
  'C5: Temporal’s own PostgreSQL restarted at once in the middle of a sync: the sync ends by itself, and clients go on',
  async () => {
    const { control } = ground.emulator;
    const place = await aWorkplace(ground, 'under', { posts: 250, media: 30 });
    const waiting = await aWaitingConnection(place);
    await reaches(waiting.run, statusQuery.name, () => true);
    place.holdPage('posts', 2);
    const sync = await place.sync('posts', 'knowledge');
    await control.waitFor({ path: place.listOf('posts') }, 2);

    // What `pg_ctl restart -m immediate` does, with a look at Temporal between the two halves.
    await cluster.stop();
    const lost = ground.connection.withDeadline(Date.now() + AWAY_MS, () => place.sync('media', 'store'));
    expect(isAway(await lost.catch((error: unknown) => error))).toBe(true);
    await cluster.start();
    control.faults.release();

    await expect(sync.run.result()).resolves.toMatchObject({ pages: 3, read: 250, delivered: 250 });
    await expect(ground.ports.knowledge.count(place.tenantId)).resolves.toMatchObject({ documents: 250 });
    const media = await place.sync('media', 'store');
    await expect(media.run.result()).resolves.toMatchObject({ read: 30, delivered: 30 });
    await expect(waiting.submit()).resolves.toMatchObject({ state: 'healthy' });
  },
  LONG_MS,
);
