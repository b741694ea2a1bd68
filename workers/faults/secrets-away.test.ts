import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aConnection, aTenant } from '../../adapters/postgres/testing-data.ts';
import { connectionWorkflowId, QUEUES } from '../../ports/operations.ts';
import { addTestRole, ALL_SECRETS, startTestVault } from '../../scripts/lib/test-vault.ts';
import type { TestVault } from '../../scripts/lib/test-vault.ts';
import { connection, statusQuery } from '../../workflows/connection.ts';
import { reaches, until } from '../testing/until.ts';
import { ask } from './caller.ts';
import { openDeployment } from './deployment.ts';
import type { Deployment } from './deployment.ts';

const program = process.env.TEST_VAULT_PROGRAM;
const withVault = program === undefined ? test.skip : test;
const LONG_MS = 90_000;

let vault: TestVault;
let deployment: Deployment;
let words = '';
beforeAll(async () => {
  if (program === undefined) return;
  vault = await startTestVault(program);
  const { roleId, secretId } = await addTestRole(vault, 'app', ALL_SECRETS, {});
  const env = { VAULT_ADDR: vault.address, VAULT_ROLE_ID: roleId, VAULT_SECRET_ID: secretId };
  deployment = await openDeployment({ env, variables: env, hear: (more) => void (words += more) });
}, LONG_MS);
afterAll(async () => {
  await deployment?.[Symbol.asyncDispose]();
  await vault?.[Symbol.asyncDispose]();
});

withVault(
  'C9: processes start while Vault is away: the API says so, the worker takes nothing that it could not open, and both work when it is back',
  async () => {
    const { ground, startApi, startWorker } = deployment;
    const { client, ports } = ground;
    const tenantId = await aTenant(ports);
    const connectionId = await aConnection(ports, tenantId);
    await vault.kill();

    const { url } = await startApi();
    const health = await ask<{ status: string }>(url, '/healthz');
    const ready = await ask<{ checks: object }>(url, '/readyz');
    expect([health.status, ready.status, ready.body.checks]).toEqual([
      200,
      503,
      expect.objectContaining({ secrets: 'error' }),
    ]);
    const login = await ask(url, '/api/v1/auth/dev-login', { post: { email: 'nobody@canary.example' } });
    expect([401, 503]).toContain(login.status);
    const me = await ask(url, '/api/v1/me', { token: 'eyJhbGciOiJIUzI1NiIsImtpZCI6ImtuZXcifQ.e30.x' });
    expect([me.status, me.body.code]).toEqual([503, 'unavailable']);

    const run = await client.workflow.start(connection, {
      workflowId: connectionWorkflowId(tenantId, connectionId),
      taskQueue: QUEUES.operations,
      args: [{ tenantId, connectionId, connectorId: 'wordpress', sync: [], notify: null }],
    });
    const worker = startWorker();
    const tries = () => words.split('begin again').length - 1;
    await until('it tried to begin', tries, (count) => count > 2);
    await vault.start();
    await worker;
    await reaches<{ state: string }>(run, statusQuery.name, ({ state }) => state === 'pending');
    const { events } = await run.fetchHistory();
    const lost = events?.filter(
      (event) => event.workflowTaskFailedEventAttributes ?? event.workflowTaskTimedOutEventAttributes,
    );
    expect(lost).toEqual([]);
  },
  LONG_MS,
);
