import { randomUUID } from 'node:crypto';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openSecrets } from '../../adapters/secrets/open.ts';
import { readEnv } from '../../adapters/env.ts';
import { isFault } from '../../ports/errors.ts';
import { PLATFORM } from '../../ports/ids.ts';
import { until } from '../testing/until.ts';
import { openVaultGround } from './vault-ground.ts';
import type { VaultGround } from './vault-ground.ts';
import { aWorkplace } from './work.ts';

const program = process.env.TEST_VAULT_PROGRAM;
const withVault = program === undefined ? test.skip : test;
const LONG_MS = 90_000;

let opened: VaultGround;
beforeAll(async () => {
  if (program === undefined) return;
  opened = await openVaultGround(program, { token_ttl: '2s', token_max_ttl: '3s' });
  await opened.ground.worker.start();
}, LONG_MS);
afterAll(async () => opened?.[Symbol.asyncDispose]());

/** The secret store of one more process that is told the same, but for what `env` says. */
const aProcess = (env: Record<string, string>) =>
  openSecrets(readEnv({ NODE_ENV: 'test', DATABASE_URL: opened.ground.env.database.url, ...opened.app.env, ...env }));

const logins = async () =>
  (await opened.audited()).filter(({ request, error }) => request.path === 'auth/approle/login' && !error).length;

withVault(
  'C10: tokens that end in the middle of a sync, renewed or not, cost a login and no page',
  async () => {
    const { ground, vault } = opened;
    const { control } = ground.emulator;
    const place = await aWorkplace(ground, 'expiring', { posts: 450 });
    place.holdPage('posts', 2);
    const { run } = await place.sync('posts', 'knowledge');
    await control.waitFor({ path: place.listOf('posts') }, 2);
    const before = await logins();
    // Every token of the platform, the one of this sync among them, has ended: nobody renews one that Vault no longer knows.
    const { data } = await vault.must('LIST', 'auth/token/accessors');
    const accessors = data?.['keys'] as string[];
    const ended = async () => {
      const asked = accessors.map((accessor) => vault.ask('POST', 'auth/token/lookup-accessor', { accessor }));
      const found = (await Promise.all(asked)).filter(
        ({ status, body }) => status === 200 && body.data?.['path'] === 'auth/approle/login',
      );
      return found.length;
    };
    await until('the end of every token', ended, (count) => count === 0);
    control.faults.release();
    await expect(run.result()).resolves.toMatchObject({ pages: 5, read: 450, delivered: 450 });
    expect(place.pagesAsked('posts')).toEqual([0, 99, 198, 297, 396]);
    expect(await logins()).toBeGreaterThan(before);
  },
  LONG_MS,
);

withVault(
  'C10: a wrapped secret_id that somebody used before us is told as theft, says no secret, and nothing works by it',
  async () => {
    const { vault, handOut, ground } = opened;
    const { role, env } = await handOut('stolen');
    const wrapped = await readFile(env.VAULT_WRAPPED_SECRET_ID_FILE, 'utf8');
    const { data } = await vault.must('POST', 'sys/wrapping/unwrap', {}, { token: wrapped });
    const stolen = String(data?.['secret_id']);

    await using store = aProcess(env);
    for (let time = 0; time < 2; time += 1) {
      const refused: unknown = await store.secrets.read('platform/x').catch((error: unknown) => error);
      expect(isFault(refused, 'secrets_denied')).toBe(true);
      const { message } = refused as Error;
      expect(message).toMatch(/somebody else may have used it.*vault:init/s);
      for (const secret of [stolen, wrapped, role.roleId]) expect(message).not.toContain(secret);
    }
    // The mend, without a restart: the secret_id is revoked, and another is handed out.
    const next = await handOut('mended');
    await copyFile(next.env.VAULT_WRAPPED_SECRET_ID_FILE, env.VAULT_WRAPPED_SECRET_ID_FILE);
    await expect(store.secrets.list('platform/')).resolves.toContain('platform/payload-codec');
    await expect(ground.ports.secrets.health()).resolves.toBeUndefined();
  },
  LONG_MS,
);

withVault(
  'a wrapped secret_id that is handed to the API and a worker at once lets both in',
  async () => {
    const { env } = await opened.handOut('shared');
    await using api = aProcess(env);
    await using worker = aProcess(env);
    await using third = aProcess(env);
    const all = [api, worker, third].map(({ secrets }) => secrets.list('platform/'));
    for (const listed of await Promise.all(all)) expect(listed).toContain('platform/payload-codec');
  },
  LONG_MS,
);

withVault(
  'C11: rotated under running processes, nobody notices, and who starts later logs in by the new one, though the wrapping token lies there still',
  async () => {
    const { ground, vault, app } = opened;
    const { rotation } = ground.ports;
    await using neighbour = aProcess({});
    await neighbour.secrets.health();
    const old = await readFile(app.env.VAULT_SECRET_ID_FILE, 'utf8');
    const [target] = await rotation.targets(PLATFORM, 'vault_secret_id');
    if (target === undefined) throw new Error('no secret_id is found to rotate');
    const ref = { ...target, rotationId: randomUUID() };
    await rotation.create(ref, null);
    await rotation.verify(ref);
    await rotation.cutOver(ref);
    expect(await rotation.neededBy(ref)).toBeNull();
    await rotation.revoke(ref);

    const given = { role_id: app.role.roleId, secret_id: old };
    expect((await vault.ask('POST', 'auth/approle/login', given, { token: null })).status).toBe(400);
    await vault.must('PUT', 'sys/leases/revoke-prefix/auth/approle/login');
    await using started = aProcess({});
    for (const { secrets } of [neighbour, started, ground.ports]) {
      expect(await secrets.list('platform/')).toContain('platform/payload-codec');
    }
  },
  LONG_MS,
);

withVault(
  'C10: a secret_id that was revoked: calls fail at once and for good, no connection is marked, and a new one mends it without a restart',
  async () => {
    const { ground, vault, app, handOut } = opened;
    const place = await aWorkplace(ground, 'locked-out', { posts: 5 });
    const { tenantId, connectionId } = place;
    const good = await readFile(app.env.VAULT_SECRET_ID_FILE, 'utf8');
    const [name, secret] = [{ role: app.role.role }, { secret_id: good }];
    await vault.must('POST', `auth/approle/role/${name.role}/secret-id/destroy`, secret);
    await vault.must('PUT', 'sys/leases/revoke-prefix/auth/approle/login');

    const read = () => ground.ports.connectors.read(tenantId, connectionId, 'posts', { limit: 1 });
    const refused: unknown = await read().catch((error: unknown) => error);
    expect(isFault(refused, 'secrets_denied')).toBe(true);
    expect((refused as Error).message).toMatch(/vault:init/);
    expect((refused as Error).message).not.toContain(good);
    const { run } = await place.sync('posts', 'store');
    await expect(run.result()).rejects.toMatchObject({ cause: { type: 'secrets_denied' } });
    expect((await ground.ports.connections.get(tenantId, connectionId)).state).toBe('healthy');

    const { env } = await handOut('again');
    const token = await readFile(env.VAULT_WRAPPED_SECRET_ID_FILE, 'utf8');
    const { data } = await vault.must('POST', 'sys/wrapping/unwrap', {}, { token });
    await writeFile(app.env.VAULT_SECRET_ID_FILE, String(data?.['secret_id']));
    await expect(read()).resolves.toMatchObject({ rows: [expect.anything()] });
  },
  LONG_MS,
);
