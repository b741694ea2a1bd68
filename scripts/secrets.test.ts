import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { seedPlatformRole } from '../adapters/postgres/identity.ts';
import { envSecrets } from '../adapters/secrets/env.ts';
import { movingSecrets } from '../adapters/secrets/moving.ts';
import type { SecretStore } from '../adapters/secrets/store.ts';
import { openApi } from '../api/testing.ts';
import type { TestApi } from '../api/testing.ts';
import { Email } from '../ports/ids.ts';
import { openGround } from '../workers/testing/ground.ts';
import type { Ground } from '../workers/testing/ground.ts';

const CANARY = 'canary-31aa';
const COMMAND = fileURLToPath(new URL('secrets.ts', import.meta.url));

let ground: Ground;
let api: TestApi;
let source: SecretStore;
let target: SecretStore;
let undo: (() => void) | undefined;

beforeAll(async () => {
  ground = await openGround();
  await ground.worker.start();
  const login = Email.parse('admin@bizosaas.local');
  await seedPlatformRole(ground.database.db, login, 'super_admin');
  api = await openApi({ ports: ground.ports, temporal: ground.client });
  source = envSecrets({ dir: join(ground.env.dataDir, 'from'), environment: 'test' });
  target = envSecrets({ dir: join(ground.env.dataDir, 'to'), environment: 'test' });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await ground.close();
});
afterEach(() => undo?.());

const command = async (args: string[], env: Record<string, string> = {}) => {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    env: { PATH: process.env.PATH ?? '', NODE_ENV: 'test', PUBLIC_URL: api.url, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
};

test('from a dry look to the confirmed end, and never a value', async () => {
  undo = ground.withPort({ secretMove: movingSecrets(source, target).move });
  const meta = { class: 'credential', createdBy: 'test' } as const;
  for (const version of [0, 1]) await source.put('tenants/a/x', version, { token: CANARY }, meta);

  const dry = await command(['migrate', '--dry-run']);
  expect(dry).toEqual({ code: 0, said: expect.stringContaining('credential: 1') });
  await expect(target.list('')).resolves.toEqual([]);

  const early = await command(['migrate', '--confirm']);
  expect(early).toEqual({ code: 1, said: expect.stringMatching(/^✗ .*start one/) });

  for (let times = 0; times < 2; times += 1) {
    const moved = await command(['migrate']);
    expect(moved).toEqual({ code: 0, said: expect.stringContaining('1 moved, 1 compared, 0 destroyed') });
    expect(moved.said).toContain('migrate --confirm');
  }
  await expect(source.readVersion('tenants/a/x', 2)).resolves.not.toBeNull();

  const confirmed = await command(['migrate', '--confirm']);
  expect(confirmed).toEqual({ code: 0, said: expect.stringContaining('SECRETS_STORE=vault') });
  await expect(source.readVersion('tenants/a/x', 2)).resolves.toBeNull();
  await expect(target.read('tenants/a/x')).resolves.toMatchObject({ version: 2, values: { token: CANARY } });
  expect(dry.said + early.said + confirmed.said).not.toContain(CANARY);
});

test('what stands in the way is said in one sentence', async () => {
  // One store: nothing to move.
  const lonely = await command(['migrate']);
  expect(lonely).toEqual({ code: 1, said: expect.stringMatching(/✗ .*SECRETS_STORE=moving/) });

  const nobody = await command(['migrate'], { PUBLIC_URL: 'http://127.0.0.1:9' });
  expect(nobody).toEqual({ code: 1, said: expect.stringMatching(/^✗ No API lets us in/) });
  for (const args of [[], ['move'], ['migrate', '--now'], ['migrate', '--confirm', 'x']])
    await expect(command(args)).resolves.toEqual({ code: 1, said: expect.stringMatching(/^✗ Say what to do/) });
});
