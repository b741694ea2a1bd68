import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { freePort } from '../../scripts/lib/ports.ts';
import { readEnv } from '../env.ts';
import { openSecrets } from './open.ts';

const meta = { class: 'credential', createdBy: 'test' } as const;
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'open-secrets-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const envOf = (given: Record<string, string>) =>
  readEnv({ NODE_ENV: 'test', DATABASE_URL: 'postgres://a:b@127.0.0.1:5439/postgres', BIZ_DATA_DIR: dir, ...given });
const aVault = async () => ({
  VAULT_ADDR: `http://127.0.0.1:${await freePort()}`,
  VAULT_ROLE_ID: 'worker',
  VAULT_SECRET_ID: 'canary',
});

test('C9: a Vault that is away is never stood in for by files, neither for reading nor for writing', async () => {
  const given = { SECRETS: '{"platform/x":{"a":"of the environment"}}' };
  await using files = openSecrets(envOf(given));
  await files.secrets.put('platform/y', 0, { a: 'in a file' }, meta);
  await expect(files.secrets.read('platform/x')).resolves.toMatchObject({ values: { a: 'of the environment' } });
  const before = await readdir(dir, { recursive: true });

  // Opening asks nothing: a process starts while its Vault is away.
  await using opened = openSecrets(envOf({ ...given, ...(await aVault()) }));
  const { secrets } = opened;
  const asks = [
    () => secrets.read('platform/x'),
    () => secrets.read('platform/y'),
    () => secrets.put('platform/z', 0, { a: '1' }, meta),
    () => secrets.list('platform/'),
    () => secrets.health(),
  ];
  await Promise.all(asks.map((ask) => expect(ask()).rejects.toMatchObject({ code: 'unavailable' })));
  expect(await readdir(dir, { recursive: true })).toEqual(before);
});

test('while secrets are moved, those that were not yet are still read from files', async () => {
  {
    await using files = openSecrets(envOf({}));
    await files.secrets.put('platform/y', 0, { a: 'in a file' }, meta);
  }
  await using moving = openSecrets(envOf({ ...(await aVault()), SECRETS_STORE: 'moving' }));
  await expect(moving.secrets.read('platform/y')).resolves.toMatchObject({ values: { a: 'in a file' } });
  expect(moving.vault).not.toBeNull();
});

test('a deployment with one store has nothing to move between, and says so', async () => {
  await using files = openSecrets(envOf({}));
  await expect(files.secretMove.survey()).rejects.toMatchObject({ code: 'unsupported' });
  expect(files.vault).toBeNull();
});
