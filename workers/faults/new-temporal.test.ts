import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import proto from '@temporalio/proto';
import { seedPlatformRole } from '../../adapters/postgres/identity.ts';
import { Email } from '../../ports/ids.ts';
import { createApiClient, logIn } from '../../scripts/demo/api-client.ts';
import { until } from '../testing/until.ts';
import { openDeployment } from './deployment.ts';
import type { Deployment } from './deployment.ts';

const ADMIN = 'root@platform.test';
const namespace = `new-${randomUUID()}`;
let deployment: Deployment;

beforeAll(async () => {
  deployment = await openDeployment({ env: { TEMPORAL_NAMESPACE: namespace } });
  const { ground } = deployment;
  await seedPlatformRole(ground.database.db, Email.parse(ADMIN), 'platform_admin');
  await ground.connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: proto.google.protobuf.Duration.fromObject({ seconds: 86_400 }),
  });
});
afterAll(async () => deployment[Symbol.asyncDispose]());

test('an API that is ready can start operations, on a Temporal that no worker has prepared yet', async () => {
  const { url } = await deployment.startApi();
  await until(
    'the API is ready',
    () => createApiClient(url).get<unknown>('/readyz'),
    ({ status }) => status === 200,
  );
  const admin = await logIn(url, ADMIN);
  const body = { name: 'First', slug: 'first', ownerEmail: 'owner@first.example' };
  const started = await admin.post<{ id: string }>('/api/v1/tenants', body);
  expect(started.status).toBe(202);
  await deployment.startWorker();
  await until(
    'the operation completes',
    () => admin.get<{ outcome: string }>(`/api/v1/operations/${started.body.id}`),
    (answer) => answer.body.outcome === 'completed',
    { timeoutMs: 40_000 },
  );
});
