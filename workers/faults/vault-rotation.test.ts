import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PLATFORM } from '../../ports/ids.ts';
import { QUEUES, rotateSecretId } from '../../ports/operations.ts';
import type { RotationRef } from '../../ports/rotation.ts';
import { rotationSecretPath } from '../../ports/secrets.ts';
import { rotateSecret } from '../../workflows/rotate-secret.ts';
import { until } from '../testing/until.ts';
import { openVaultGround } from './vault-ground.ts';
import type { VaultGround } from './vault-ground.ts';

const program = process.env.TEST_VAULT_PROGRAM;
const withVault = program === undefined ? test.skip : test;
const LONG_MS = 90_000;
const SECRET_CLASS = 'vault_secret_id' as const;

let opened: VaultGround;
beforeAll(async () => {
  if (program === undefined) return;
  opened = await openVaultGround(program);
  const { ports, worker } = opened.ground;
  await ports.rotations.setPolicy({
    secretClass: SECRET_CLASS,
    everyDays: 30,
    overlapHours: 0,
    asks: 'platform',
    enabled: true,
  });
  await worker.start();
}, LONG_MS);
afterAll(async () => opened?.[Symbol.asyncDispose]());

const start = async () => {
  const { client, ports } = opened.ground;
  const rotationId = randomUUID();
  const target = { scope: PLATFORM, secretClass: SECRET_CLASS, subject: 'app' } as const;
  const workflowId = rotateSecretId(PLATFORM, SECRET_CLASS, 'app');
  const args: Parameters<typeof rotateSecret> = [{ rotationId, target, operationId: null, actor: 'test' }];
  await client.workflow.start(rotateSecret, { taskQueue: QUEUES.operations, workflowId, args });
  const handle = client.workflow.getHandle<typeof rotateSecret>(workflowId);
  return { rotationId, handle, row: () => ports.rotations.get(PLATFORM, rotationId) };
};

const inFile = () => readFile(opened.app.env.VAULT_SECRET_ID_FILE, 'utf8');
const login = async (secretId: string) => {
  const given = { role_id: opened.app.role.roleId, secret_id: secretId };
  return (await opened.vault.ask('POST', 'auth/approle/login', given, { token: null })).status;
};
const accessors = async () =>
  (await opened.vault.must('LIST', `auth/approle/role/${opened.app.role.role}/secret-id`)).data?.['keys'] as string[];

withVault(
  'C9, C11: the rotation of the secret_id, with Vault sealed before the successor is tried, waits and ends well',
  async () => {
    const { ground, vault } = opened;
    const old = await inFile();
    const { verify } = ground.ports.rotation;
    let seals = 1;
    const undo = ground.withPort({
      rotation: {
        verify: async (ref: RotationRef) => {
          if (seals-- > 0) await vault.seal();
          return verify(ref);
        },
      },
    });
    const { handle, row } = await start();
    const attempts = async () => (await handle.describe()).raw.pendingActivities?.[0]?.attempt ?? 0;
    await until('an attempt that met the seal', attempts, (attempt) => attempt > 1);
    expect(await inFile()).toBe(old);
    await vault.unseal();
    await handle.result().finally(undo);
    expect(await row()).toMatchObject({ outcome: 'rotated', message: null });
    const now = await inFile();
    expect([now === old, await login(old), await login(now), (await accessors()).length]).toEqual([false, 400, 200, 1]);
  },
  LONG_MS,
);

withVault(
  'C11: a successor that does not log in is rolled back by the workflow, and the old one is in use as before',
  async () => {
    const { ground, vault, app } = opened;
    const old = await inFile();
    const { verify } = ground.ports.rotation;
    const undo = ground.withPort({
      rotation: {
        verify: async (ref: RotationRef) => {
          const held = await ground.ports.secrets.read(rotationSecretPath(PLATFORM, ref.rotationId));
          const accessor = { secret_id_accessor: held?.values['accessor'] };
          const gone = await vault.ask(
            'POST',
            `auth/approle/role/${app.role.role}/secret-id-accessor/destroy`,
            accessor,
          );
          expect([204, 500]).toContain(gone.status);
          return verify(ref);
        },
      },
    });
    const { handle, row, rotationId } = await start();
    await expect(handle.result().finally(undo)).rejects.toMatchObject({ cause: { type: 'credential_rejected' } });
    expect(await row()).toMatchObject({ outcome: 'rolled_back', message: expect.stringContaining('new secret_id') });
    expect([await inFile(), await login(old), (await accessors()).length]).toEqual([old, 200, 1]);
    expect(await ground.ports.secrets.describe(rotationSecretPath(PLATFORM, rotationId))).toBeNull();
  },
  LONG_MS,
);
