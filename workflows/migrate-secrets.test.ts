import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { seedPlatformRole } from '../adapters/postgres/identity.ts';
import { envSecrets } from '../adapters/secrets/env.ts';
import { movingSecrets } from '../adapters/secrets/moving.ts';
import type { SecretStore } from '../adapters/secrets/store.ts';
import { Fault } from '../ports/errors.ts';
import { Email, OperationId, PLATFORM, UserId } from '../ports/ids.ts';
import { migrateSecretsId, QUEUES } from '../ports/operations.ts';
import type { SecretMovePort, SecretPort } from '../ports/secrets.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';
import { startTemporal } from '../workers/testing/server.ts';
import { reaches, until } from '../workers/testing/until.ts';
import { confirmUpdate, migrateSecrets, progressQuery } from './migrate-secrets.ts';
import type { MoveView } from './migrate-secrets.ts';

const CANARY = 'canary-6f1d';
const startedBy = UserId.parse(randomUUID());

let ground: Ground;
let dir: string;
let source: SecretStore;
let target: SecretStore;
let secrets: SecretPort;
let undo: () => void;

beforeAll(async () => {
  ground = await openGround();
  await ground.worker.start();
});
afterAll(() => ground.close());

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'migrate-'));
  source = envSecrets({ dir: join(dir, 'old'), environment: 'test' });
  target = envSecrets({ dir: join(dir, 'new'), environment: 'test' });
  const moving = movingSecrets(source, target);
  secrets = moving.secrets;
  undo = ground.withPort({ secretMove: moving.move });
  await put('tenants/a/connections/1', 'credential', 3);
  await put('platform/oauth-apps/hubspot', 'oauth_client_secret', 1);
});
afterEach(async () => {
  undo();
  await rm(dir, { recursive: true, force: true });
});

const put = async (path: string, secretClass: 'credential' | 'oauth_client_secret', versions: number) => {
  for (let version = 0; version < versions; version += 1)
    await source.put(path, version, { token: `${CANARY} ${version}` }, { class: secretClass, createdBy: 'test' });
};

/** As the API begins one: its operation's row, then its workflow. */
const migrate = async ({ dryRun = false, on = ground }: { dryRun?: boolean; on?: Ground } = {}) => {
  const workflowId = migrateSecretsId();
  const operationId = OperationId.parse(randomUUID());
  const row = { id: operationId, scope: PLATFORM, workflowId, startedBy, idempotencyKey: null } as const;
  await on.ports.operations.begin({ ...row, kind: 'migrateSecrets' });
  const run = await on.client.workflow.start(migrateSecrets, {
    workflowId,
    taskQueue: QUEUES.operations,
    args: [{ operationId, actor: startedBy, dryRun }],
  });
  return { operationId, run };
};
const outcome = async (id: OperationId) => {
  const { outcome: came, error } = await ground.ports.operations.get(PLATFORM, id);
  return { came, error };
};
const story = async (id: OperationId) =>
  (await ground.ports.operations.eventsAfter(0, [id])).map(({ step, state }) => `${step} ${state}`);
const stands = (run: Awaited<ReturnType<typeof migrate>>['run'], stage: MoveView['stage']) =>
  reaches<MoveView>(run, progressQuery.name, (view) => view.stage === stage);

test('a dry run counts by class and changes nothing', async () => {
  const { operationId, run } = await migrate({ dryRun: true });
  await expect(run.result()).resolves.toMatchObject({
    stage: 'ended',
    paths: 2,
    moved: 0,
    byClass: { credential: 1, oauth_client_secret: 1 },
  });
  await expect(target.list('')).resolves.toEqual([]);
  await expect(story(operationId)).resolves.toEqual(['look completed']);
  await expect(outcome(operationId)).resolves.toEqual({ came: 'completed', error: null });
});

test('all is moved and compared; the old store keeps everything until a person confirms, who is told', async () => {
  const root = await seedPlatformRole(ground.database.db, Email.parse('root@platform.test'), 'super_admin');
  const { operationId, run } = await migrate();
  await expect(stands(run, 'waiting')).resolves.toMatchObject({ paths: 2, moved: 2, same: 2, erased: 0 });
  await until(
    'a note',
    () => ground.ports.notifier.inbox(PLATFORM, root),
    (inbox) => inbox.some(({ kind, subject }) => kind === 'secrets.moved' && subject.startsWith('2 secrets')),
  );
  await expect(source.readVersion('tenants/a/connections/1', 3)).resolves.not.toBeNull();
  await expect(secrets.read('tenants/a/connections/1')).resolves.toMatchObject({ version: 3 });
  await secrets.put('tenants/a/connections/1', 3, { token: 'next' }, { class: 'credential', createdBy: 'test' });

  await run.executeUpdate(confirmUpdate, { args: [{ actor: 'somebody' }] });
  await expect(run.result()).resolves.toMatchObject({ stage: 'ended', erased: 2, different: [], refused: [] });
  for (const version of [1, 2, 3])
    await expect(source.readVersion('tenants/a/connections/1', version)).resolves.toBeNull();
  await expect(secrets.read('tenants/a/connections/1')).resolves.toMatchObject({
    version: 4,
    values: { token: 'next' },
  });
  await expect(story(operationId)).resolves.toEqual([
    'look completed',
    'move started',
    'move completed',
    'confirm waiting',
    'erase started',
    'erase completed',
  ]);
  await expect(outcome(operationId)).resolves.toEqual({ came: 'completed', error: null });
  const { data } = await ground.ports.audit.list(PLATFORM, { limit: 20 });
  expect(data).toContainEqual(expect.objectContaining({ action: 'secrets.erase.completed', actor: startedBy }));
});

test('it is confirmed when all is moved, not before and not twice', async () => {
  const arrived = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const { move } = movingSecrets(source, target);
  const undoHold = ground.withPort({
    secretMove: {
      move: async (...args) => {
        arrived.resolve();
        await gate.promise;
        return move.move(...args);
      },
    },
  });
  try {
    const { run } = await migrate();
    await arrived.promise;
    const confirm = () => run.executeUpdate(confirmUpdate, { args: [{ actor: 'somebody' }] });
    await expect(confirm()).rejects.toMatchObject({ cause: { type: 'conflict' } });
    gate.resolve();
    await stands(run, 'waiting');
    await confirm();
    await run.result();
  } finally {
    undoHold();
  }
});

test('what cannot be moved is named and all else is moved; mended, the next migration goes on from there', async () => {
  await put('broken', 'credential', 1);
  await writeFile(join(dir, 'old', 'secrets', 'broken', '1'), 'not sealed');
  const first = await migrate();
  await expect(first.run.result()).rejects.toMatchObject({ cause: { type: 'conflict' } });
  await expect(outcome(first.operationId)).resolves.toMatchObject({
    came: 'failed',
    error: { code: 'conflict', message: expect.stringContaining('broken: ') },
  });
  await expect(movingSecrets(source, target).move.survey()).resolves.toMatchObject({ paths: 3, moved: 2 });

  await source.destroy('broken');
  const second = await migrate();
  await expect(stands(second.run, 'waiting')).resolves.toMatchObject({ paths: 2, moved: 2, same: 2 });
  await second.run.cancel();
  await expect(second.run.result()).rejects.toThrow();
});

test('what an old process writes into the old store meanwhile is moved by another pass, and one that never stops is named', async () => {
  const { move } = movingSecrets(source, target);
  const meddle = async (often: number) => {
    let left = often;
    const undoMeddling = ground.withPort({
      secretMove: {
        move: async (...args) => {
          const moved = await move.move(...args);
          if (left-- > 0) await put(`late-${randomUUID()}`, 'credential', 1);
          return moved;
        },
      },
    });
    const { run, operationId } = await migrate();
    return { run, operationId, undoMeddling };
  };
  const once = await meddle(1);
  await expect(stands(once.run, 'waiting')).resolves.toMatchObject({ paths: 3, moved: 3 });
  await once.run.cancel();
  await expect(once.run.result()).rejects.toThrow();
  once.undoMeddling();

  const always = await meddle(1000);
  await expect(always.run.result()).rejects.toMatchObject({ cause: { type: 'conflict' } });
  always.undoMeddling();
  await expect(outcome(always.operationId)).resolves.toMatchObject({
    error: { message: expect.stringContaining('SECRETS_STORE=moving') },
  });
});

test('a store that is away delays it, and fails nothing', async () => {
  let away = 2;
  const { move } = movingSecrets(source, target);
  const undoOutage = ground.withPort({
    secretMove: {
      move: (...args) =>
        away-- > 0 ? Promise.reject(new Fault('unavailable', 'Vault is sealed.')) : move.move(...args),
    },
  });
  const { run } = await migrate();
  await expect(stands(run, 'waiting')).resolves.toMatchObject({ moved: 2 });
  undoOutage();
  await run.cancel();
  await expect(run.result()).rejects.toThrow();
});

test('a difference that shows after the move stops it before anything is destroyed', async () => {
  const { move } = movingSecrets(source, target);
  const undoChange = ground.withPort({
    secretMove: {
      compare: async (...args) => {
        await target.destroy('platform/oauth-apps/hubspot');
        return move.compare(...args);
      },
    },
  });
  const { run, operationId } = await migrate();
  await expect(run.result()).rejects.toMatchObject({ cause: { type: 'conflict' } });
  undoChange();
  await expect(outcome(operationId)).resolves.toMatchObject({
    error: { message: expect.stringContaining('platform/oauth-apps/hubspot') },
  });
  await expect(source.readVersion('platform/oauth-apps/hubspot', 1)).resolves.not.toBeNull();
});

test('cancelled while it waits, nothing is destroyed and the operation says so', async () => {
  const { run, operationId } = await migrate();
  await stands(run, 'waiting');
  await run.cancel();
  await expect(run.result()).rejects.toThrow();
  await expect(outcome(operationId)).resolves.toMatchObject({ came: 'cancelled' });
  await expect(source.readVersion('tenants/a/connections/1', 3)).resolves.not.toBeNull();
  await expect(secrets.read('tenants/a/connections/1')).resolves.toMatchObject({ version: 3 });
});

test('without a second store it ends at once, and says how to have one', async () => {
  undo();
  const { run, operationId } = await migrate();
  await expect(run.result()).rejects.toMatchObject({ cause: { type: 'unsupported' } });
  await expect(outcome(operationId)).resolves.toMatchObject({
    error: { message: expect.stringContaining('SECRETS_STORE=moving') },
  });
});

test('C67: with very many secrets it goes on as new runs, and counts each once', async () => {
  const PAGES = 240;
  const server = await startTemporal({ config: { 'limit.historyCount.suggestContinueAsNew': '12' } });
  const big = await openGround({ address: server.address });
  try {
    let erased = 0;
    const nextOf = (after: string | null) => {
      const page = Number(after ?? 0) + 1;
      return page < PAGES ? String(page) : null;
    };
    big.withPort({
      secretMove: {
        survey: async () => ({ paths: PAGES * 10, moved: PAGES * 10, byClass: {} }),
        move: async (after) => ({ paths: 10, moved: 0, already: 10, refused: [], next: nextOf(after) }),
        compare: async (after) => ({ same: 10, different: [], next: nextOf(after) }),
        erase: async (after) => ({ erased: (erased += 10) && 10, next: nextOf(after) }),
      } satisfies SecretMovePort,
    });
    await big.worker.start();
    const { run } = await migrate({ on: big });
    const latest = big.client.workflow.getHandle(migrateSecretsId());
    await until(
      'it waits',
      () => latest.query(progressQuery),
      ({ stage }) => stage === 'waiting',
    );
    await latest.executeUpdate(confirmUpdate, { args: [{ actor: 'somebody' }] });
    await expect(latest.result()).resolves.toMatchObject({ same: PAGES * 10, erased: PAGES * 10 });
    expect(erased).toBe(PAGES * 10);
    const { runId } = await latest.describe();
    expect(runId).not.toBe(run.firstExecutionRunId);
  } finally {
    await big.close();
    await server.kill();
  }
});
