import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { openApi } from '../../api/testing.ts';
import type { TestApi } from '../../api/testing.ts';
import { isFault } from '../../ports/errors.ts';
import { refreshUpdate } from '../../workflows/connection.ts';
import { aRunningConnection, authorizeHubspot } from '../testing/connections.ts';
import type { OpenedConnection } from '../testing/connections.ts';
import { until } from '../testing/until.ts';
import { openVaultGround } from './vault-ground.ts';
import type { VaultGround } from './vault-ground.ts';
import { aWorkplace } from './work.ts';

const program = process.env.TEST_VAULT_PROGRAM;
const withVault = program === undefined ? test.skip : test;
const LONG_MS = 90_000;
const TOKEN = { method: 'POST', path: '/hubspot/oauth/2026-03/token' };

let opened: VaultGround;
let api: TestApi;
beforeAll(async () => {
  if (program === undefined) return;
  opened = await openVaultGround(program);
  const { ports, client } = opened.ground;
  api = await openApi({ ports, temporal: client });
  await opened.ground.worker.start();
}, LONG_MS);
afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  await opened?.[Symbol.asyncDispose]();
});
beforeEach(() => opened?.ground.emulator.control.reset());

/** A vendor that takes no refresh token twice. */
const strictHubspot = () => {
  const vendor = opened.ground.emulator.control.oauth('hubspot');
  vendor.rotate(true);
  vendor.overlap(0);
  return vendor;
};
const authorized = async () => {
  const connection = await aRunningConnection(opened.ground, 'hubspot');
  const { view } = await authorizeHubspot(opened.ground, connection);
  return { ...connection, version: view.secretVersion };
};
const refresh = ({ handle }: OpenedConnection, observedVersion: number) =>
  handle.executeUpdate(refreshUpdate, { args: [{ observedVersion }] });

/** What everybody meets while `away`, who then brings it back. */
const whileAway = async ({ tenantId, connectionId }: OpenedConnection) => {
  const { ports } = opened.ground;
  const began = Date.now();
  await expect(ports.connectors.read(tenantId, connectionId, 'contacts', { limit: 1 })).rejects.toMatchObject({
    code: 'unavailable',
  });
  const ready = await api.get('/readyz');
  expect([ready.status, ready.json['checks']]).toEqual([
    503,
    expect.objectContaining({ secrets: 'error', database: 'ok' }),
  ]);
  return Date.now() - began;
};

withVault(
  'C9: Vault is sealed in the middle of a refresh, and unsealed: what the vendor gave meanwhile is stored, and nothing is marked dead',
  async () => {
    const { vault, ground } = opened;
    const { control } = ground.emulator;
    const vendor = strictHubspot();
    const connection = await authorized();
    const { version, status, handle } = connection;
    const asked = control.requests(TOKEN).length;
    control.fault({ match: TOKEN, kind: 'hold' });
    const refreshing = refresh(connection, version);
    await control.waitFor(TOKEN, asked + 1);

    await vault.seal();
    control.faults.release();
    // The vendor has rotated: the old token is good for nothing, the new one is in our hands alone.
    await control.waitFor({ ...TOKEN, status: 200 }, asked + 1);
    await whileAway(connection);
    // However long it takes.
    const held = async () => (await handle.describe()).raw.pendingActivities?.[0]?.lastHeartbeatTime;
    await until('the attempt that holds it lives', held, Boolean, { timeoutMs: 40_000 });
    expect(await status()).toMatchObject({ state: 'healthy', secretVersion: version });

    await vault.unseal();
    await expect(refreshing).resolves.toEqual({ version: version + 1 });
    expect(await status()).toMatchObject({ state: 'healthy', reason: null });
    expect(await connection.paused()).toEqual([false]);
    // What was stored is what the vendor takes.
    await expect(refresh(connection, version + 1)).resolves.toEqual({ version: version + 2 });
    expect([vendor.tokenCalls().reuseAlarms, control.requests(TOKEN).length]).toEqual([0, asked + 2]);
    expect((await api.get('/readyz')).status).toBe(200);
  },
  LONG_MS,
);

withVault(
  'C9: sealed in the middle of a sync, it goes on from the committed page once unsealed, and every record is there',
  async () => {
    const { vault, ground } = opened;
    const { control } = ground.emulator;
    const place = await aWorkplace(ground, 'sealed', { posts: 450 });
    place.holdPage('posts', 3);
    const { run } = await place.sync('posts', 'knowledge');
    await control.waitFor({ path: place.listOf('posts') }, 3);
    await vault.seal();
    control.faults.release();
    const failing = async () => {
      const { raw } = await run.describe();
      return raw.pendingActivities?.[0]?.lastFailure?.cause?.message ?? raw.pendingActivities?.[0]?.attempt;
    };
    await until('an attempt that met the seal', failing, (seen) => seen !== undefined && seen !== 1);
    await vault.unseal();
    await expect(run.result()).resolves.toMatchObject({ pages: 5, read: 450, delivered: 450 });
    expect(place.pagesAsked('posts')).toEqual([0, 99, 198, 297, 396]);
  },
  LONG_MS,
);

withVault(
  'C9: Vault killed and started again: callers are told in time, nothing falls back to files, and all goes on',
  async () => {
    const { vault, ground } = opened;
    const connection = await authorized();
    const { tenantId, connectionId } = connection;
    const read = () => ground.ports.connectors.read(tenantId, connectionId, 'contacts', { limit: 1 });
    await expect(read()).resolves.toMatchObject({ rows: [expect.anything()] });
    await vault.kill();
    expect(await whileAway(connection)).toBeLessThan(15_000);
    const refused: unknown = await ground.ports.staging
      .stage('connection:platform:x', { a: '1' })
      .catch((error: unknown) => error);
    expect(isFault(refused, 'unavailable')).toBe(true);
    await vault.start();
    await expect(read()).resolves.toMatchObject({ rows: [expect.anything()] });
    expect(await connection.status()).toMatchObject({ state: 'healthy' });
    expect((await readdir(ground.env.dataDir)).filter((name) => name.startsWith('secrets'))).toEqual([]);
  },
  LONG_MS,
);
