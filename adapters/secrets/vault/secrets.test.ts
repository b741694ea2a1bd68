import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { addTestRole, ALL_SECRETS, startTestVault } from '../../../scripts/lib/test-vault.ts';
import type { TestRole, TestVault } from '../../../scripts/lib/test-vault.ts';
import { until } from '../../../scripts/lib/until.ts';
import { secretContract } from '../contract.ts';
import { openVault } from './client.ts';
import type { VaultClient, VaultOptions } from './client.ts';
import { vaultSecrets } from './secrets.ts';
import { openPath } from './testing.ts';
import type { Path } from './testing.ts';

const program = process.env.TEST_VAULT_PROGRAM;
const withVault = program === undefined ? test.skip : test;
const LONG_MS = 60_000;
const meta = { class: 'credential', createdBy: 'test' } as const;

const lasting = new AsyncDisposableStack();
let perTest = new AsyncDisposableStack();
let vault: TestVault;
let dir: string;
let shared: TestRole;
beforeAll(async () => {
  if (program === undefined) return;
  vault = lasting.use(await startTestVault(program));
  shared = await addTestRole(vault, 'shared', ALL_SECRETS);
  dir = await mkdtemp(join(tmpdir(), 'vault-test-'));
  lasting.defer(() => rm(dir, { recursive: true, force: true }));
}, LONG_MS);
afterEach(async () => {
  await perTest.disposeAsync();
  perTest = new AsyncDisposableStack();
}, LONG_MS);
afterAll(() => lasting.disposeAsync(), LONG_MS);

const open = (given: Partial<VaultOptions> = {}, stack = perTest): VaultClient =>
  stack.use(
    openVault({
      address: vault.address,
      namespace: null,
      caFile: null,
      appRoleMount: 'approle',
      roleId: shared.roleId,
      secretId: shared.secretId,
      secretIdFile: null,
      wrappedSecretIdFile: null,
      ...given,
    }),
  );
const secretsOf = (client: VaultClient) => vaultSecrets(client, 'secret');

/** A role of this test's own, and a way to Vault on which things can happen. */
const aRole = async (settings: Record<string, unknown> = {}, policy = ALL_SECRETS) => {
  const role = await addTestRole(vault, `role-${randomUUID()}`, policy, settings);
  const path = perTest.use(await openPath(vault.address));
  const options = { ...role, address: path.address };
  return { role, path, options, open: (given: Partial<VaultOptions> = {}) => open({ ...options, ...given }) };
};

const faultOf = async (work: Promise<unknown>): Promise<{ code: string; message: string }> =>
  work.then(
    () => {
      throw new Error('it worked');
    },
    (error: { code: string; message: string }) => error,
  );
const tokenOf = async (client: VaultClient) =>
  (await client.request('GET', 'auth/token/lookup-self')).data as { id: string; accessor: string };
const revokeSecretIds = async (role: TestRole) => {
  const at = `auth/approle/role/${role.roleId}/secret-id`;
  const { data } = await vault.must('LIST', at);
  for (const accessor of (data?.['keys'] ?? []) as string[]) {
    await vault.must('POST', `${at}-accessor/destroy`, { secret_id_accessor: accessor });
  }
};
const logins = (path: Path) => path.count('approle/login');

secretContract('Vault', () => secretsOf(open({}, lasting)), withVault);

withVault(
  'C9: sealed in the middle: nothing is answered from elsewhere, and all goes on by itself once it is unsealed',
  async () => {
    const { path, open: openOwn } = await aRole();
    const secrets = secretsOf(openOwn());
    await secrets.put('platform/c9-sealed', 0, { a: '1' }, meta);
    await vault.seal();
    path.meet();
    for (const ask of [
      () => secrets.read('platform/c9-sealed'),
      () => secrets.put('platform/c9-sealed', 1, { a: '2' }, meta),
      () => secrets.list('platform/'),
      () => secrets.health(),
      () => secretsOf(openOwn()).read('platform/c9-sealed'),
    ]) {
      await expect(ask()).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('sealed'),
      });
    }
    // A person must come: nobody asks again and again meanwhile.
    expect(path.count('secret/data')).toBe(3);
    await vault.unseal();
    await expect(secrets.read('platform/c9-sealed')).resolves.toMatchObject({ version: 1, values: { a: '1' } });
  },
  LONG_MS,
);

withVault(
  'C9: killed and started again: unreachable meanwhile, and the same process goes on by itself',
  async () => {
    const secrets = secretsOf(open());
    await secrets.put('platform/c9-killed', 0, { a: '1' }, meta);
    await vault.kill();
    const fault = await faultOf(secrets.read('platform/c9-killed'));
    expect(fault).toMatchObject({ code: 'unavailable' });
    expect(fault.message).toContain('VAULT_ADDR');
    await expect(secrets.health()).rejects.toMatchObject({ code: 'unavailable' });
    await vault.start();
    await expect(secrets.read('platform/c9-killed')).resolves.toMatchObject({ values: { a: '1' } });
  },
  LONG_MS,
);

withVault('C9: permission denied is one final fault that names the role, and no reason to log in again', async () => {
  const {
    role,
    path,
    open: openOwn,
  } = await aRole({ token_no_default_policy: true }, ALL_SECRETS.replaceAll('secret/*', 'secret/+/tenants/a/*'));
  const secrets = secretsOf(openOwn());
  await secrets.put('tenants/a/x', 0, { a: '1' }, meta);
  for (const ask of [
    () => secrets.read('tenants/b/x'),
    () => secrets.put('platform/x', 0, { token: 'canary-4711' }, meta),
    () => secrets.list('tenants/'),
    () => secrets.destroy('tenants/b/x'),
  ]) {
    const fault = await faultOf(ask());
    expect(fault).toMatchObject({ code: 'secrets_denied' });
    expect(fault.message).toContain(role.roleId);
    expect(inspect(fault, { depth: 9 })).not.toMatch(new RegExp(`canary|hvs|${role.secretId}`));
  }
  expect(logins(path)).toBe(1);
  await secrets.health();
});

withVault('C10: a token that is revoked is replaced by one login, which all callers share', async () => {
  const { path, open: openOwn } = await aRole();
  const client = openOwn();
  const secrets = secretsOf(client);
  await secrets.put(`platform/c10-token`, 0, { a: '1' }, meta);
  const { accessor } = await tokenOf(client);
  await vault.must('POST', 'auth/token/revoke-accessor', { accessor });
  const reads = await Promise.all(Array.from({ length: 20 }, () => secrets.read('platform/c10-token')));
  expect(reads.every((read) => read?.values['a'] === '1')).toBe(true);
  expect(logins(path)).toBe(2);
});

withVault('C10: token expired and secret_id revoked: one clear fault that names the role and no secret', async () => {
  const { role, path, open: openOwn } = await aRole();
  const client = openOwn();
  const secrets = secretsOf(client);
  await secrets.put('platform/c10-revoked', 0, { a: '1' }, meta);
  const { id, accessor } = await tokenOf(client);
  await revokeSecretIds(role);
  await vault.must('POST', 'auth/token/revoke-accessor', { accessor });
  for (const ask of [() => secrets.read('platform/c10-revoked'), () => secrets.health()]) {
    const fault = await faultOf(ask());
    expect(fault).toMatchObject({ code: 'secrets_denied' });
    expect(fault.message).toContain(`role ${role.roleId}`);
    for (const secret of [role.secretId, id]) expect(inspect(fault, { depth: 9 })).not.toContain(secret);
  }
  // Vault locks out a role that is tried again and again with what it refuses.
  expect(logins(path)).toBe(2);
});

withVault('C10: a used-up secret_id is refused, and a new one in its file is taken without a restart', async () => {
  const { role, open: openOwn } = await aRole({ secret_id_num_uses: 1 });
  const secretIdFile = join(dir, `${role.roleId}-id`);
  await writeFile(secretIdFile, `${role.secretId}\n`);
  const client = openOwn({ secretId: null, secretIdFile });
  const secrets = secretsOf(client);
  await secrets.health();
  await vault.must('POST', 'auth/token/revoke-accessor', { accessor: (await tokenOf(client)).accessor });
  await expect(secrets.health()).rejects.toMatchObject({ code: 'secrets_denied' });
  const { data } = await vault.must('POST', `auth/approle/role/${role.roleId}/secret-id`);
  await writeFile(secretIdFile, String(data?.['secret_id']));
  await secrets.health();
});

withVault(
  'a token is renewed before its lease ends, and replaced when it cannot be renewed any longer',
  async () => {
    const { path, open: openOwn } = await aRole({ token_ttl: '2s', token_max_ttl: '6s' });
    const client = openOwn();
    const secrets = secretsOf(client);
    await secrets.put('platform/renewal', 0, { a: '1' }, meta);
    const first = await tokenOf(client);
    expect(await until(() => path.count('renew-self') >= 2, 20_000)).toBe(true);
    expect([(await tokenOf(client)).id === first.id, logins(path)]).toEqual([true, 1]);
    expect(await until(() => logins(path) >= 2, 20_000)).toBe(true);
    // Nobody noticed: no call met a refused token.
    await secrets.read('platform/renewal');
    expect([path.count('lookup-self'), (await tokenOf(client)).id === first.id]).toEqual([2, false]);
  },
  LONG_MS,
);

withVault('a token whose lease ended while Vault was away is never sent again', async () => {
  const { path, open: openOwn } = await aRole({ token_ttl: '1s' });
  const client = openOwn();
  const { id } = await tokenOf(client);
  path.meet(({ path: asked }) => (asked.includes('renew-self') ? 'cut' : 'pass'));
  const before = Date.now();
  expect(await until(() => Date.now() - before > 1100, 5000)).toBe(true);
  const from = path.calls.length;
  await secretsOf(client).health();
  const sent = path.calls.slice(from).filter((call) => !call.path.includes('renew-self'));
  expect(sent.map((call) => call.path.split('/').at(-1))).toEqual(['login', 'secret']);
  expect(sent.every((call) => call.headers['x-vault-token'] !== id)).toBe(true);
});

withVault('closing gives the token back to Vault', async () => {
  const client = open();
  const { id } = await tokenOf(client);
  await client[Symbol.asyncDispose]();
  const { status } = await vault.ask('GET', 'auth/token/lookup-self', undefined, { token: id });
  expect(status).toBe(403);
  await expect(client.request('GET', 'auth/token/lookup-self')).rejects.toMatchObject({ code: 'unavailable' });
});

const wrapped = async (role: TestRole): Promise<string> => {
  const headers = { 'x-vault-wrap-ttl': '5m' };
  const path = `auth/approle/role/${role.roleId}/secret-id`;
  return (await vault.must('POST', path, undefined, { headers })).wrap_info?.token ?? '';
};

withVault('a wrapped secret_id is unwrapped once, for all processes that start with it', async () => {
  const { role, path, open: openOwn } = await aRole();
  const files = { secretIdFile: join(dir, randomUUID(), 'id'), wrappedSecretIdFile: join(dir, randomUUID()) };
  await writeFile(files.wrappedSecretIdFile, `${await wrapped(role)}\n`);
  const own = () => secretsOf(openOwn({ secretId: null, ...files }));
  await Promise.all([own().health(), own().health(), own().health()]);
  await own().health();
  const uses = path.calls.filter((call) => call.path.includes('wrapping/unwrap'));
  expect(uses.length).toBeLessThanOrEqual(3);
  expect((await stat(files.secretIdFile)).mode & 0o777).toBe(0o600);
  // A new one, as a person puts it there, is taken at the next login.
  await revokeSecretIds(role);
  await expect(own().health()).rejects.toMatchObject({ code: 'secrets_denied' });
  await writeFile(files.wrappedSecretIdFile, await wrapped(role));
  const kept = await readFile(files.secretIdFile, 'utf8');
  await own().health();
  expect(await readFile(files.secretIdFile, 'utf8')).not.toBe(kept);
});

withVault('a wrapping token that somebody else used first is told as such, and opens nothing', async () => {
  const { role, open: openOwn } = await aRole();
  const files = { secretIdFile: join(dir, randomUUID()), wrappedSecretIdFile: join(dir, randomUUID()) };
  const token = await wrapped(role);
  await writeFile(files.wrappedSecretIdFile, token);
  await vault.must('POST', 'sys/wrapping/unwrap', {}, { token });
  const fault = await faultOf(secretsOf(openOwn({ secretId: null, ...files })).health());
  expect(fault).toMatchObject({ code: 'secrets_denied' });
  expect(fault.message).toContain('somebody else may have used it');
  expect(inspect(fault)).not.toContain(token);
});

withVault('a wrapping token that holds something else is not unwrapped at all', async () => {
  const { path, open: openOwn } = await aRole();
  const headers = { 'x-vault-wrap-ttl': '5m' };
  const forged = await vault.must('POST', 'sys/wrapping/wrap', { secret_id: 'forged' }, { headers });
  const files = { secretIdFile: join(dir, randomUUID()), wrappedSecretIdFile: join(dir, randomUUID()) };
  await writeFile(files.wrappedSecretIdFile, forged.wrap_info?.token ?? '');
  const fault = await faultOf(secretsOf(openOwn({ secretId: null, ...files })).health());
  expect(fault.message).toContain('put another in its place');
  expect([path.count('unwrap'), logins(path)]).toEqual([0, 0]);
});

withVault('a write whose answer was lost is known as one’s own; another’s is a conflict', async () => {
  const { path, open: openOwn } = await aRole();
  const secrets = secretsOf(openOwn());
  await secrets.health();
  path.meet(({ method }, nth) => (method === 'POST' && nth === 1 ? 'lose' : 'pass'));
  await expect(secrets.put('platform/lost', 0, { a: '1' }, meta)).resolves.toBe(1);
  expect(path.calls.filter(({ method, path: asked }) => method === 'POST' && asked.includes('lost'))).toHaveLength(2);

  const other = secretsOf(open());
  path.meet(({ method }, nth) => (method === 'POST' && nth === 1 ? 'cut' : 'pass'));
  const mine = secrets.put('platform/lost', 1, { a: 'same' }, meta);
  await other.put('platform/lost', 1, { a: 'same' }, meta).catch(() => undefined);
  const outcomes = await mine.catch((error: { code: string }) => error.code);
  const held = (await secrets.describe('platform/lost'))?.versions.length;
  expect([outcomes, held]).toEqual([outcomes === 2 ? 2 : 'stale_version', 2]);
});

withVault('what is mounted there and is no versioned store is told by its name', async () => {
  await vault.must('POST', 'sys/mounts/first', { type: 'kv', options: { version: '1' } });
  await vault.must('PUT', 'sys/policies/acl/all', { policy: 'path "*" { capabilities = ["read", "list", "update"] }' });
  const { open: openOwn } = await aRole({ token_policies: ['all'] });
  for (const mount of ['first', 'nowhere']) {
    const store = vaultSecrets(openOwn(), mount);
    for (const ask of [() => store.health(), () => store.put('platform/x', 0, { a: '1' }, meta)]) {
      expect((await faultOf(ask())).message).toMatch(/VAULT_MOUNT|does not allow/);
    }
  }
});

withVault('what the environment holds for other programs of Vault speaks for nobody here', async () => {
  const { path, open: openOwn } = await aRole();
  const before = { ...process.env };
  Object.assign(process.env, {
    VAULT_TOKEN: 'stray-token',
    VAULT_PREFIX: '/stray',
    VAULT_NAMESPACE: 'stray',
    DEBUG: '*',
  });
  try {
    await secretsOf(openOwn()).health();
  } finally {
    for (const name of ['VAULT_TOKEN', 'VAULT_PREFIX', 'VAULT_NAMESPACE', 'DEBUG']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
  expect(JSON.stringify(path.calls)).not.toContain('stray');
});
