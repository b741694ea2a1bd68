import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { policy, startARotation } from '../testing/rotations.ts';
import { until } from '../testing/until.ts';
import { aKeyedConnection } from '../testing/vendor-keys.ts';
import { openVaultGround } from './vault-ground.ts';
import type { VaultGround } from './vault-ground.ts';

const program = process.env.TEST_VAULT_PROGRAM;
const withVault = program === undefined ? test.skip : test;
const LONG_MS = 120_000;
const KEYS = '/sendgrid/v3/api_keys';
const SCOPES = '/sendgrid/v3/scopes';

let opened: VaultGround;
beforeAll(async () => {
  if (program === undefined) return;
  opened = await openVaultGround(program);
  await opened.ground.ports.rotations.setPolicy(policy());
  await opened.ground.worker.start();
}, LONG_MS);
afterAll(async () => opened?.[Symbol.asyncDispose]());

withVault(
  'C9: Vault is sealed at each arrow of rotations: they wait, none is taken back, and each ends with one key that works',
  async () => {
    const { ground, vault } = opened;
    const { control } = ground.emulator;
    const begin = async (method: string, path: string, skip = 0) => {
      const connection = await aKeyedConnection(ground, 'sendgrid');
      const before = control.requests({ method, path }).length;
      control.fault({ match: { method, path }, kind: 'hold', skip });
      const rotation = await startARotation(ground, connection.tenantId, { subject: connection.connectionId });
      await control.waitFor({ method, path }, before + skip + 1);
      return { connection, rotation };
    };
    const [revoking, verifying, creating] = [
      await begin('DELETE', KEYS),
      await begin('GET', SCOPES, 1),
      await begin('POST', KEYS),
    ];
    const all = [revoking, verifying, creating];
    await vault.seal();
    // The vendor made the key, and there is nowhere to keep it.
    control.faults.release();
    for (const { rotation } of [revoking, creating]) {
      const attempts = async () => (await rotation.handle.describe()).raw.pendingActivities?.[0]?.attempt ?? 0;
      await until('an attempt met the seal', attempts, (attempt) => attempt > 1, { timeoutMs: 60_000 });
    }
    for (const { rotation } of all) expect(await rotation.row()).toMatchObject({ outcome: 'running' });

    await vault.unseal();
    for (const { rotation, connection } of all) {
      await rotation.handle.result();
      expect(await rotation.row()).toMatchObject({ outcome: 'rotated', message: null });
      const alive = control.keys('sendgrid').list();
      const key = (await connection.inUse()).split('.')[1];
      expect(alive.filter(({ name }) => name === `bizosaas-${rotation.rotationId}`)).toMatchObject([{ id: key }]);
      expect(alive.map(({ id }) => id)).not.toContain(connection.first.id);
      await connection.works();
    }
  },
  LONG_MS,
);
