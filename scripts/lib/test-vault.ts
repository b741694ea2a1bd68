import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './ports.ts';
import { until } from './until.ts';

const GUARD = fileURLToPath(new URL('guard.mjs', import.meta.url));
const READY_MS = 30_000;
const ASK_MS = 10_000;

/** What Vault says; every part depends on what was asked. */
export interface VaultAnswer {
  data?: Record<string, unknown>;
  auth?: { client_token: string; accessor: string; lease_duration: number; renewable: boolean };
  wrap_info?: { token: string; ttl: number };
  errors?: string[];
}

interface Ask {
  /** Instead of the root token; null: none. */
  token?: string | null;
  headers?: Record<string, string>;
}

/** A Vault of one test file's own, on loopback. It dies with the test's process. */
export interface TestVault extends AsyncDisposable {
  address: string;
  rootToken: string;
  /** Its configuration, data and log; a place for a test's own files too. */
  folder: string;
  /** As root unless told otherwise. Any status is an answer. `path` has no `/v1/` before it. */
  ask: (method: string, path: string, body?: unknown, options?: Ask) => Promise<{ status: number; body: VaultAnswer }>;
  /** The same; throws unless Vault did it. */
  must: (method: string, path: string, body?: unknown, options?: Ask) => Promise<VaultAnswer>;
  seal: () => Promise<void>;
  unseal: () => Promise<void>;
  /** kill -9; what was written is on the disk. */
  kill: () => Promise<void>;
  /** At the same address, unsealed, with the same data. */
  start: () => Promise<void>;
}

const configuration = (folder: string, port: number) => ({
  storage: { file: { path: join(folder, 'data') } },
  listener: { tcp: { address: `127.0.0.1:${port}`, tls_disable: true } },
  api_addr: `http://127.0.0.1:${port}`,
  disable_mlock: true,
  default_lease_ttl: '1h',
});

/** Starts `command` behind a guard, so that it ends when this process does, however that ends. */
export const spawnVault = async (command: string[], folder: string, env: Record<string, string> = {}) => {
  await using log = await open(join(folder, 'vault.log'), 'a');
  // Vault keeps its token helper and its cache at home, and reads VAULT_* of whoever runs the tests.
  const own = { PATH: process.env.PATH ?? '', HOME: folder, ...env };
  const stdio = ['pipe', log.fd, log.fd] as ['pipe', number, number];
  const child = spawn(process.execPath, [GUARD, '-', 'SIGKILL', ...command], { stdio, detached: true, env: own });
  const ended = once(child, 'exit');
  return {
    gone: () => child.exitCode !== null,
    end: async () => {
      child.stdin?.end();
      await ended;
    },
  };
};

/**
 * Starts the program that `TEST_VAULT_PROGRAM` names, initialised and unsealed. Unless `bare`, a versioned key-value store is
 * mounted at `secret/` and AppRole at `approle/`.
 */
export const startTestVault = async (program: string, { bare = false } = {}): Promise<TestVault> => {
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'biz-vault-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'data'));
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const file = join(folder, 'vault.json');
  await writeFile(file, JSON.stringify(configuration(folder, port)));

  let keys: { root_token: string; keys: string[] } = { root_token: '', keys: [] };
  const ask: TestVault['ask'] = async (method, path, body, { token = keys.root_token, headers } = {}) => {
    const answer = await fetch(`${address}/v1/${path}`, {
      method,
      headers: { ...(token !== null && token !== '' && { 'x-vault-token': token }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ASK_MS),
    });
    const text = await answer.text();
    return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as VaultAnswer };
  };
  const must: TestVault['must'] = async (method, path, body, options) => {
    const answer = await ask(method, path, body, options);
    if (answer.status < 300) return answer.body;
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body.errors ?? '')}`);
  };

  let running: Awaited<ReturnType<typeof spawnVault>> | undefined;
  const kill = async () => running?.end();
  opened.defer(kill);
  const run = async () => {
    const server = await spawnVault([program, 'server', `-config=${file}`], folder);
    running = server;
    // Any answer: 501 and 503 are those of a Vault that is not initialised, or sealed.
    const up = await until(() => server.gone() || ask('GET', 'sys/health').then(() => true), READY_MS);
    if (up !== true || server.gone()) {
      throw new Error(`Vault does not answer: ${(await readFile(join(folder, 'vault.log'), 'utf8')).slice(-1000)}`);
    }
  };
  const unseal = async () => {
    await must('PUT', 'sys/unseal', { key: keys.keys[0] });
    const active = () => ask('GET', 'sys/health').then(({ status }) => status === 200);
    if ((await until(active, READY_MS)) !== true) throw new Error('Vault was unsealed and is not active');
  };

  await run();
  keys = (await must('PUT', 'sys/init', { secret_shares: 1, secret_threshold: 1 })) as unknown as typeof keys;
  await unseal();
  if (!bare) {
    await must('POST', 'sys/mounts/secret', { type: 'kv', options: { version: '2' } });
    await must('POST', 'sys/auth/approle', { type: 'approle' });
    // A new store answers 400 for a moment while it prepares itself.
    const ready = () => ask('LIST', 'secret/metadata/').then(({ status }) => status === 404);
    if ((await until(ready, READY_MS)) !== true) throw new Error('the key-value store of Vault is not ready');
  }
  const all = opened.move();
  return {
    address,
    rootToken: keys.root_token,
    folder,
    ask,
    must,
    seal: async () => void (await must('PUT', 'sys/seal')),
    unseal,
    kill: async () => void (await kill()),
    start: async () => {
      await run();
      await unseal();
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
};

export interface TestRole {
  roleId: string;
  secretId: string;
}

/** An AppRole with the policy given (HCL), and a first secret_id. `settings` are AppRole's, such as `token_ttl`. */
export const addTestRole = async (
  { must }: TestVault,
  name: string,
  policy: string,
  settings: Record<string, unknown> = {},
): Promise<TestRole> => {
  await must('PUT', `sys/policies/acl/${name}`, { policy });
  // A readable role_id, as people give theirs.
  await must('POST', `auth/approle/role/${name}`, { token_policies: [name], ...settings });
  await must('POST', `auth/approle/role/${name}/role-id`, { role_id: name });
  const { data } = await must('POST', `auth/approle/role/${name}/secret-id`);
  return { roleId: name, secretId: String(data?.secret_id) };
};

/** May do everything with every secret, and look after its own token. */
export const ALL_SECRETS = `
path "secret/*" { capabilities = ["create", "read", "update", "delete", "list"] }
path "auth/token/lookup-self" { capabilities = ["read"] }
path "auth/token/renew-self" { capabilities = ["update"] }
path "auth/token/revoke-self" { capabilities = ["update"] }
`;
