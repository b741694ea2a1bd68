import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '../testing/until.ts';
import { ask, logIn } from './caller.ts';
import { openDeployment } from './deployment.ts';
import type { Deployment } from './deployment.ts';
import { openPlatformVault } from './vault-ground.ts';
import type { PlatformVault } from './vault-ground.ts';
import { anOwner, aWorkplace } from './work.ts';

const program = process.env.TEST_VAULT_PROGRAM;
const withVault = program === undefined ? test.skip : test;
const LONG_MS = 120_000;

const opened = new AsyncDisposableStack();
afterAll(() => opened.disposeAsync());

let platform: PlatformVault;
let deployment: Deployment;
beforeAll(async () => {
  if (program === undefined) return;
  platform = opened.use(await openPlatformVault(program));
  deployment = opened.use(await openDeployment({ env: { ...platform.app.env } }));
}, LONG_MS);

withVault(
  'C9: the API starts while Vault is sealed, says that it is not ready, and with a worker goes to work once it is unsealed',
  async () => {
    const { ground, startApi, startWorker } = deployment;
    const place = await aWorkplace(ground, 'early', { posts: 120 });
    const email = await anOwner(ground, place.tenantId);
    await platform.vault.seal();
    const api = await startApi();
    // A worker without the keys of payloads says that it is ready when it can read what it is given, not before.
    const starting = startWorker();
    const sealed = await ask(api.url, '/readyz');
    expect(sealed).toMatchObject({ status: 503, body: { checks: { secrets: 'error' } } });
    expect((await ask(api.url, '/healthz')).status).toBe(200);
    const refused = await ask(api.url, '/api/v1/auth/dev-login', { post: { email } });
    expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });

    await platform.vault.unseal();
    const ready = () => ask(api.url, '/readyz');
    await until('readiness', ready, ({ status }) => status === 200);
    const worker = await starting;
    const token = await logIn(api.url, email);
    const { run } = await place.sync('posts', 'knowledge');
    await expect(run.result()).resolves.toMatchObject({ read: 120, delivered: 120 });
    expect((await ask(api.url, '/api/v1/me', { token })).status).toBe(200);
    expect([api.alive(), worker.alive()]).toEqual([true, true]);
  },
  LONG_MS,
);
