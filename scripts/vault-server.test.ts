import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openVault } from '../adapters/secrets/vault/client.ts';
import { vaultSecrets } from '../adapters/secrets/vault/secrets.ts';
import { freePort } from './lib/ports.ts';
import { spawnVault } from './lib/test-vault.ts';
import { until } from './lib/until.ts';

// What docs/vault.md has people type, on the configuration of docker-compose.vault.yml, with a real Vault.
const program = process.env.TEST_VAULT_PROGRAM;
const withVault = program === undefined ? test.skip : test;
const LONG_MS = 90_000;
const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (name: string) => readFile(join(ROOT, name), 'utf8');

const opened = new AsyncDisposableStack();
let folder = '';
let tls = '';

/** The first block of the page's commands, without the indentation of its list. */
const certificateCommands = async (): Promise<string> => {
  const block = /```sh\n([\s\S]*?)```/.exec(await read('docs/vault.md'))?.[1] ?? '';
  return block.replace(/^ {3}/gm, '');
};

interface Server {
  address: string;
  /** Vault's own program, as people run it. */
  cli: (args: string[], token?: string) => Promise<string>;
  initialise: () => Promise<{ shares: string[]; root: string }>;
  unseal: (shares: string[]) => Promise<void>;
  active: () => Promise<boolean>;
}

const serve = async (name: string): Promise<Server> => {
  const home = join(folder, name);
  await mkdir(join(home, 'file'), { recursive: true });
  const [port, cluster] = [await freePort(), await freePort()];
  const address = `https://127.0.0.1:${port}`;
  const config = (await read('scripts/vault/server.hcl'))
    .replaceAll('/vault/file', join(home, 'file'))
    .replaceAll('/vault/tls', tls)
    .replaceAll('0.0.0.0:8200', `127.0.0.1:${port}`)
    .replaceAll('0.0.0.0:8201', `127.0.0.1:${cluster}`)
    .replaceAll('https://vault:8200', address)
    .replaceAll('https://vault:8201', `https://127.0.0.1:${cluster}`);
  const file = join(home, 'server.hcl');
  await writeFile(file, config);
  const server = await spawnVault([program ?? '', 'server', `-config=${file}`], home);
  opened.defer(server.end);
  const env = { PATH: process.env.PATH ?? '', HOME: home, VAULT_ADDR: address, VAULT_CACERT: join(tls, 'ca.crt') };
  const cli: Server['cli'] = async (args, token) => {
    const { stdout } = await run(program ?? '', args, {
      env: { ...env, ...(token !== undefined && { VAULT_TOKEN: token }) },
    });
    return stdout;
  };
  // The exit code of `vault status` is also the health check of the compose file: 0 active, 2 sealed.
  const status = () =>
    cli(['status']).then(
      () => 0,
      (error: { code: number }) => error.code,
    );
  const up = await until(async () => server.gone() || (await status()) === 2, 30_000);
  if (up !== true || server.gone()) throw new Error((await readFile(join(home, 'vault.log'), 'utf8')).slice(-2000));
  const active = async () => (await status()) === 0;
  return {
    address,
    cli,
    initialise: async () => {
      const said = await cli(['operator', 'init', '-key-shares=5', '-key-threshold=3', '-format=json']);
      const { unseal_keys_b64: shares, root_token: root } = JSON.parse(said) as InitAnswer;
      return { shares, root };
    },
    unseal: async (shares) => {
      for (const share of shares) await cli(['operator', 'unseal', share]);
    },
    active,
  };
};

interface InitAnswer {
  unseal_keys_b64: string[];
  root_token: string;
}

const init = async (server: Server, root: string) => {
  const env = {
    PATH: process.env.PATH ?? '',
    VAULT_ADDR: server.address,
    VAULT_CACERT: join(tls, 'ca.crt'),
    VAULT_TOKEN: root,
    VAULT_AUDIT_FILE: join(folder, 'audit.log'),
  };
  const { stdout } = await run(process.execPath, ['scripts/vault-init.ts', '--secret-id'], { cwd: ROOT, env });
  return Object.fromEntries(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split('=') as [string, string]),
  );
};

const enter = async (server: Server, kept: Record<string, string>, caFile: string | null = join(tls, 'ca.crt')) => {
  const wrappedSecretIdFile = join(await mkdtemp(join(folder, 'process-')), 'wrapped');
  await writeFile(wrappedSecretIdFile, kept.VAULT_WRAPPED_SECRET_ID ?? '');
  const client = openVault({
    ...{ address: server.address, namespace: null, caFile, appRoleMount: 'approle', roleId: kept.VAULT_ROLE_ID ?? '' },
    ...{ secretId: null, secretIdFile: `${wrappedSecretIdFile}.kept`, wrappedSecretIdFile },
  });
  return { secrets: vaultSecrets(client, 'secret'), [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
};

beforeAll(async () => {
  if (program === undefined) return;
  folder = await mkdtemp(join(tmpdir(), 'biz-vault-server-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  await run('sh', ['-ec', await certificateCommands()], { cwd: folder });
  tls = join(folder, 'vault-tls');
  await chmod(join(tls, 'vault.key'), 0o400);
}, LONG_MS);
afterAll(() => opened.disposeAsync());

withVault(
  'the documented certificates, configuration, initialisation and unsealing lead to a Vault that the platform uses by TLS',
  async () => {
    const server = await serve('first');
    const { shares, root } = await server.initialise();
    await server.unseal(shares.slice(0, 2));
    expect(await server.active()).toBe(false);
    await server.unseal(shares.slice(2, 3));
    expect(await until(server.active, 20_000)).toBe(true);

    const kept = await init(server, root);
    await using entered = await enter(server, kept);
    await entered.secrets.put('platform/kept', 0, { a: 'first' }, { class: 'credential', createdBy: 'test' });
    await using stranger = await enter(server, kept, null);
    await expect(stranger.secrets.health()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('VAULT_CACERT') as unknown,
    });

    // The disaster: all that is left is the snapshot, and the people who hold the shares.
    const snapshot = join(folder, 'vault.snap');
    await server.cli(['operator', 'raft', 'snapshot', 'save', snapshot], root);
    const next = await serve('second');
    const strange = await next.initialise();
    await next.unseal(strange.shares.slice(0, 3));
    await until(next.active, 20_000);
    await next.cli(['operator', 'raft', 'snapshot', 'restore', '-force', snapshot], strange.root);
    await until(async () => !(await next.active()), 20_000);
    await next.unseal(shares.slice(1, 4));
    expect(await until(next.active, 20_000)).toBe(true);
    await using restored = await enter(next, await init(next, root));
    expect((await restored.secrets.read('platform/kept'))?.values).toEqual({ a: 'first' });
  },
  LONG_MS,
);
