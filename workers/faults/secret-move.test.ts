import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { envSecrets } from '../../adapters/secrets/env.ts';
import type { SecretStore } from '../../adapters/secrets/store.ts';
import { OperationId, PLATFORM, TenantId, UserId } from '../../ports/ids.ts';
import { migrateSecretsId, QUEUES } from '../../ports/operations.ts';
import { tenantSecretPrefix } from '../../ports/secrets.ts';
import type { SecretVersion } from '../../ports/secrets.ts';
import { confirmUpdate, migrateSecrets, progressQuery } from '../../workflows/migrate-secrets.ts';
import { until } from '../testing/until.ts';
import { openDeployment } from './deployment.ts';
import type { Deployment } from './deployment.ts';
import type { Program } from './processes.ts';
import { openPlatformVault } from './vault-ground.ts';

const program = process.env.TEST_VAULT_PROGRAM;
const withVault = program === undefined ? test.skip : test;
/** Two kills, and after each the heartbeats that no longer come are waited for. */
const LONG_MS = 240_000;
const PATIENCE = { timeoutMs: 90_000 };
const CANARY = 'canary-5d20';
const PATHS = 60;
const VERSIONS = 4;

const opened = new AsyncDisposableStack();
afterAll(() => opened.disposeAsync());

let deployment: Deployment;
let source: SecretStore;
beforeAll(async () => {
  if (program === undefined) return;
  const { app } = opened.use(await openPlatformVault(program));
  deployment = opened.use(await openDeployment({ env: { ...app.env, SECRETS_STORE: 'moving' } }));
  const { dataDir, mode, secrets } = deployment.ground.env;
  source = envSecrets({ dir: dataDir, environment: mode, ...(secrets.key !== null && { key: secrets.key }) });
}, LONG_MS);

/** Secrets of a deployment that ran on files: some have lost a version, one its newest. */
async function fill(tenantId: TenantId): Promise<Map<string, SecretVersion>> {
  const meta = { class: 'oauth_tokens', createdBy: 'test' } as const;
  const newest = new Map<string, SecretVersion>();
  for (let nth = 0; nth < PATHS; nth += 1) {
    const path = `${tenantSecretPrefix(tenantId)}connections/${String(nth).padStart(3, '0')}`;
    for (let version = 0; version < VERSIONS; version += 1)
      await source.put(path, version, { token: `${CANARY} ${path} ${version + 1}` }, meta);
    if (nth % 10 === 3) await source.destroyVersions(path, [2]);
    const kept = await source.read(path);
    if (kept) newest.set(path, kept);
  }
  return newest;
}

/** Renews one secret again and again, as a connection does its token: each version after the one it read. */
function refresher(path: string) {
  const { secrets } = deployment.ground.ports;
  let [version, ended] = [VERSIONS, false];
  const run = (async () => {
    while (!ended) {
      const read = await secrets.read(path);
      expect(read).toMatchObject({ version, values: { token: `${CANARY} ${path} ${version}` } });
      version = await secrets.put(
        path,
        version,
        { token: `${CANARY} ${path} ${version + 1}` },
        {
          ...{ class: 'oauth_tokens', createdBy: 'refresher' },
        },
      );
      await pause(500);
    }
    return version;
  })();
  run.catch(() => undefined);
  return {
    end: () => {
      ended = true;
      return run;
    },
  };
}

async function killedWhen(worker: Program, moment: () => Promise<boolean>): Promise<void> {
  await until('the moment to kill', moment, Boolean, { ...PATIENCE, everyMs: 5 });
  worker.signal('SIGKILL');
  await worker.exited;
}

withVault(
  'a migration whose worker is killed while it moves, and again while it erases, ends as an undisturbed one: nothing is lost, nor what a refresher writes meanwhile',
  async () => {
    const { ground, startWorker } = deployment;
    const { ports, client } = ground;
    const tenantId = TenantId.parse(randomUUID());
    const before = await fill(tenantId);
    const paths = [...before.keys()];
    const renewed = paths[PATHS - 5] ?? '';
    const writing = refresher(renewed);

    const first = await startWorker();
    const workflowId = migrateSecretsId();
    const [operationId, startedBy] = [OperationId.parse(randomUUID()), UserId.parse(randomUUID())];
    const row = { id: operationId, scope: PLATFORM, workflowId, startedBy, idempotencyKey: null } as const;
    await ports.operations.begin({ ...row, kind: 'migrateSecrets' });
    const run = await client.workflow.start(migrateSecrets, {
      ...{ workflowId, taskQueue: QUEUES.operations },
      args: [{ operationId, actor: startedBy, dryRun: false }],
    });
    const isMoved = async (path = '') => (await source.read(path))?.meta.class === 'moved';
    await killedWhen(first, () => isMoved(paths[10]));
    // In the middle: some are moved, some are not, and every one is read as it was.
    expect([await isMoved(paths[5]), await isMoved(paths[PATHS - 1])]).toEqual([true, false]);
    for (const [path, kept] of before) if (path !== renewed) expect(await ports.secrets.read(path)).toEqual(kept);

    const second = await startWorker();
    const progress = () => run.query(progressQuery);
    const waiting = await until('a confirmation is waited for', progress, ({ stage }) => stage === 'waiting', PATIENCE);
    expect(waiting).toMatchObject({ refused: [], different: [], erased: 0, moved: waiting.paths, same: waiting.paths });
    await run.executeUpdate(confirmUpdate, { args: [{ actor: startedBy }] });
    const isErased = async (path = '') => (await source.readVersion(path, VERSIONS)) === null;
    await killedWhen(second, () => isErased(paths[5]));
    expect(await isErased(paths[PATHS - 1])).toBe(false);

    await startWorker();
    await expect(run.result()).resolves.toMatchObject({ stage: 'ended', refused: [], different: [] });
    const version = await writing.end();
    expect(version).toBeGreaterThan(VERSIONS + 3);
    expect(await ports.secrets.read(renewed)).toMatchObject({
      version,
      values: { token: `${CANARY} ${renewed} ${version}` },
    });
    for (const [path, kept] of before) {
      if (path !== renewed) expect(await ports.secrets.read(path)).toEqual(kept);
      for (let old = 1; old <= VERSIONS; old += 1) expect(await source.readVersion(path, old)).toBeNull();
    }
    const { versions = [] } = (await ports.secrets.describe(paths[3] ?? '')) ?? {};
    expect(versions.map(({ state }) => state)).toEqual(['held', 'held', 'destroyed', 'held']);
    await expect(ports.operations.get(PLATFORM, operationId)).resolves.toMatchObject({ outcome: 'completed' });
    expect(first.words() + second.words()).not.toContain(CANARY);
  },
  LONG_MS,
);
