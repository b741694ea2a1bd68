import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openVault } from '../adapters/secrets/vault/client.ts';
import { vaultSecrets } from '../adapters/secrets/vault/secrets.ts';
import { startTestVault } from './lib/test-vault.ts';
import type { TestVault } from './lib/test-vault.ts';

const program = process.env.TEST_VAULT_PROGRAM;
const withVault = program === undefined ? test.skip : test;
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const META = { class: 'credential', createdBy: 'test' } as const;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

let vault: TestVault;
beforeAll(async () => {
  if (program === undefined) return;
  vault = await startTestVault(program, { bare: true });
}, 60_000);
afterAll(async () => vault?.[Symbol.asyncDispose]());

interface Told {
  code: number;
  stdout: string;
  stderr: string;
  kept: Record<string, string>;
}

const init = async (args: string[] = [], env: Record<string, string> = {}, at: TestVault = vault): Promise<Told> => {
  const own = {
    PATH: process.env.PATH ?? '',
    VAULT_ADDR: at.address,
    VAULT_TOKEN: at.rootToken,
    VAULT_AUDIT_FILE: join(at.folder, 'audit.log'),
    ...env,
  };
  const { code, stdout, stderr } = await promisify(execFile)(process.execPath, ['scripts/vault-init.ts', ...args], {
    cwd: ROOT,
    env: own,
  }).then(
    (out) => ({ code: 0, ...out }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
  const lines = stdout.split('\n').filter(Boolean);
  const kept = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  return { code, stdout, stderr, kept };
};

/** A process of the platform that was handed what vault:init printed. */
const enter = async ({ VAULT_ROLE_ID: roleId = '', VAULT_WRAPPED_SECRET_ID: wrapped = '' }: Record<string, string>) => {
  const [secretIdFile, wrappedSecretIdFile] = [0, 1].map(() => join(vault.folder, randomUUID())) as [string, string];
  await writeFile(wrappedSecretIdFile, wrapped);
  const place = { address: vault.address, namespace: null, caFile: null, appRoleMount: 'approle' };
  const client = openVault({ ...place, roleId, secretId: null, secretIdFile, wrappedSecretIdFile });
  return {
    client,
    secrets: vaultSecrets(client, 'secret'),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
};

/** A token that may what the policy says, and nothing else. */
const tokenWith = async (policy: string): Promise<string> =>
  (await vault.must('POST', 'auth/token/create', { policies: [policy], no_default_policy: true })).auth?.client_token ??
  '';

/** The statuses with which Vault answers these requests of that policy: only whether it is 403 says something of policies. */
const denials = async (policy: string, asked: [string, string, object?][]) => {
  const token = await tokenWith(policy);
  const answers = await Promise.all(asked.map(([method, path, body]) => vault.ask(method, path, body, { token })));
  return asked.filter((_, at) => answers[at]?.status === 403).map(([method, path]) => `${method} ${path}`);
};

const keptPolicy = async (name: string) => (await vault.must('GET', `sys/policies/acl/${name}`)).data?.policy;

withVault('an empty Vault becomes one in which the platform keeps its secrets', async () => {
  const { code, kept, stderr } = await init();
  expect([code, stderr]).toEqual([0, expect.stringContaining('the role bizosaas')]);
  expect(Object.keys(kept)).toEqual(['VAULT_ROLE_ID', 'VAULT_WRAPPED_SECRET_ID']);
  await using entered = await enter(kept);
  const { secrets } = entered;
  await secrets.health();
  for (const path of [`tenants/${randomUUID()}/connections/x`, 'platform/payload-codec', `staging/platform/1-x`]) {
    await secrets.put(path, 0, { a: '1' }, META);
    await secrets.put(path, 1, { a: '2' }, META);
    await secrets.delete(path);
    await secrets.destroyVersions(path, [1]);
    expect((await secrets.describe(path))?.versions.map(({ state }) => state)).toEqual(['deleted', 'destroyed']);
    await secrets.generate(path, META);
    expect(await secrets.list('')).toContain(path);
    await secrets.destroy(path);
    expect(await secrets.describe(path)).toBeNull();
  }
});

withVault('what it prints to be kept holds no secret_id, only a token that is traded once', async () => {
  const { kept, stdout, stderr } = await init(['--secret-id']);
  const wrapped = await vault.must('POST', 'sys/wrapping/unwrap', {}, { token: kept.VAULT_WRAPPED_SECRET_ID ?? '' });
  const secretId = String(wrapped.data?.secret_id);
  expect(secretId).toMatch(UUID);
  expect(stdout + stderr).not.toContain(secretId);
  expect((stdout + stderr).match(UUID)).toEqual([kept.VAULT_ROLE_ID]);
  const again = await vault.ask('POST', 'sys/wrapping/unwrap', {}, { token: kept.VAULT_WRAPPED_SECRET_ID ?? '' });
  expect(again.status).toBe(400);
});

withVault(
  'run again it changes nothing, keeps the role_id, and hands out no second secret_id unless asked',
  async () => {
    const [one, two, three] = [await init(), await init(), await init(['--secret-id'])];
    const words = 'the role bizosaas is as it should be';
    expect(two.stderr.split('\n')[0]).toContain(words);
    expect(two.kept).toEqual({ VAULT_ROLE_ID: one.kept.VAULT_ROLE_ID });
    expect(Object.keys(three.kept)).toEqual(['VAULT_ROLE_ID', 'VAULT_WRAPPED_SECRET_ID']);
    expect(three.kept.VAULT_ROLE_ID).toBe(one.kept.VAULT_ROLE_ID);
  },
);

withVault('a policy or a role that somebody widened is put back', async () => {
  await init();
  const shipped = await keptPolicy('bizosaas');
  await vault.must('PUT', 'sys/policies/acl/bizosaas', { policy: 'path "*" { capabilities = ["sudo", "read"] }' });
  await vault.must('POST', 'auth/approle/role/bizosaas', { token_policies: ['root-ish'], token_max_ttl: '900h' });
  expect((await init()).stderr).toContain('wrote the policy bizosaas');
  expect(await keptPolicy('bizosaas')).toBe(shipped);
  const { data } = await vault.must('GET', 'auth/approle/role/bizosaas');
  expect(data).toMatchObject({ token_policies: ['bizosaas'], token_max_ttl: 12 * 3600, token_no_default_policy: true });
});

withVault('the platform may do nothing to Vault but what it needs', async () => {
  await init();
  await vault.must('POST', 'auth/approle/role/other', { token_policies: ['default'] });
  const denied: [string, string, object?][] = [
    ['GET', 'secret/data/elsewhere/x'],
    ['LIST', 'secret/metadata/elsewhere/'],
    ['POST', 'secret/undelete/tenants/x', { versions: [1] }],
    ['POST', 'secret/metadata/tenants/x', { custom_metadata: {} }],
    ['POST', 'secret/config', { cas_required: false }],
    ['GET', 'sys/policies/acl/bizosaas'],
    ['PUT', 'sys/policies/acl/bizosaas', { policy: 'path "*" { capabilities = ["sudo"] }' }],
    ['GET', 'sys/mounts'],
    ['GET', 'sys/audit'],
    ['PUT', 'sys/seal'],
    ['GET', 'auth/approle/role/bizosaas'],
    ['POST', 'auth/approle/role/bizosaas', { token_policies: ['root'] }],
    ['POST', 'auth/approle/role/bizosaas/custom-secret-id', { secret_id: 'mine' }],
    ['POST', 'auth/approle/role/other/secret-id', {}],
    ['LIST', 'auth/approle/role/other/secret-id'],
    ['POST', 'auth/token/create', {}],
    ['POST', 'sys/wrapping/wrap', { a: '1' }],
  ];
  expect(await denials('bizosaas', denied)).toEqual(denied.map(([method, path]) => `${method} ${path}`));
  const allowed: [string, string, object?][] = [
    ['POST', 'auth/approle/role/bizosaas/secret-id', {}],
    ['LIST', 'auth/approle/role/bizosaas/secret-id'],
    ['GET', 'auth/token/lookup-self'],
    ['GET', 'secret/data/platform/x'],
  ];
  expect(await denials('bizosaas', allowed)).toEqual([]);
});

withVault('a write that does not say which version it replaces is refused by Vault itself', async () => {
  await init();
  const token = await tokenWith('bizosaas');
  const { status, body } = await vault.ask('POST', 'secret/data/platform/x', { data: { a: '1' } }, { token });
  expect([status, body.errors?.[0]]).toEqual([400, expect.stringContaining('check-and-set')]);
});

withVault(
  'the policy for operators is enough for every run, reads no secret, and gets no secret_id unwrapped',
  async () => {
    await init();
    const VAULT_TOKEN = await tokenWith('bizosaas-operator');
    await vault.must('PUT', 'sys/policies/acl/bizosaas', { policy: 'path "x" { capabilities = ["read"] }' });
    await vault.must('DELETE', 'sys/audit/bizosaas-stdout');
    const { code, kept, stderr } = await init(['--secret-id'], { VAULT_TOKEN });
    expect([code, stderr, Object.keys(kept).length]).toEqual([
      0,
      expect.stringContaining('wrote the policy bizosaas'),
      2,
    ]);
    expect((await init(['--tenant', randomUUID()], { VAULT_TOKEN })).code).toBe(0);
    const denied: [string, string, object?][] = [
      ['GET', 'secret/data/platform/payload-codec'],
      ['LIST', 'secret/metadata/'],
      ['POST', 'auth/approle/role/bizosaas/custom-secret-id', { secret_id: 'mine' }],
      ['PUT', 'sys/policies/acl/somebody-elses', { policy: '' }],
    ];
    expect(await denials('bizosaas-operator', denied)).toEqual(denied.map(([method, path]) => `${method} ${path}`));
    const bare = await vault.ask('POST', 'auth/approle/role/bizosaas/secret-id', {}, { token: VAULT_TOKEN });
    expect([bare.status, bare.body.data]).toEqual([403, undefined]);
  },
);

withVault('an empty Vault can be set up with other mounts than the usual ones', async () => {
  const { code, kept } = await init([], { VAULT_MOUNT: 'kv-biz', VAULT_APPROLE_MOUNT: 'biz' });
  expect([code, Object.keys(kept).length]).toEqual([0, 2]);
  const { data } = await vault.must('GET', 'sys/mounts/kv-biz');
  expect(data).toMatchObject({ type: 'kv', options: { version: '2' } });
  // The policies name the mounts: back to those of the other tests.
  await init();
});

describe('narrowed to one tenant', () => {
  const mine = randomUUID();
  const other = randomUUID();

  withVault('its role reaches that tenant’s secrets and what is staged for it', async () => {
    const { code, kept } = await init(['--tenant', mine]);
    expect(code).toBe(0);
    await using entered = await enter(kept);
    const { secrets } = entered;
    await secrets.health();
    for (const path of [`tenants/${mine}/connections/x`, `staging/${mine}/1-x`]) {
      await secrets.put(path, 0, { a: '1' }, META);
      expect(await secrets.list(path.slice(0, path.lastIndexOf('/') + 1))).toEqual([path]);
      await secrets.delete(path);
      await secrets.destroy(path);
    }
  });

  withVault('and nobody else’s: no secret, no name, no other role, not by a longer id that begins alike', async () => {
    await init(['--tenant', mine]);
    const denied: [string, string, object?][] = [other, `${mine}0`, 'platform'].flatMap((scope) => {
      const folder = scope === 'platform' ? scope : `tenants/${scope}`;
      return [
        ['GET', `secret/data/${folder}/connections/x`],
        ['POST', `secret/data/${folder}/connections/x`, { options: { cas: 0 }, data: {} }],
        ['LIST', `secret/metadata/${folder}/`],
        ['GET', `secret/metadata/${folder}/connections/x`],
        ['DELETE', `secret/metadata/${folder}/connections/x`],
        ['POST', `secret/destroy/${folder}/connections/x`, { versions: [1] }],
        ['GET', `secret/data/staging/${scope}/1-x`],
        ['LIST', `secret/metadata/staging/${scope}/`],
      ] satisfies [string, string, object?][];
    });
    denied.push(
      ['LIST', 'secret/metadata/'],
      ['LIST', 'secret/metadata/tenants/'],
      ['LIST', 'secret/metadata/staging/'],
      ['POST', 'auth/approle/role/bizosaas/secret-id', {}],
      ['POST', `auth/approle/role/bizosaas-tenant-${other}/secret-id`, {}],
    );
    const role = `bizosaas-tenant-${mine}`;
    expect(await denials(role, denied)).toEqual(denied.map(([method, path]) => `${method} ${path}`));
    expect(await denials(role, [['POST', `auth/approle/role/${role}/secret-id`, {}]])).toEqual([]);
  });

  withVault('an id that is no tenant’s writes no policy', async () => {
    for (const id of ['*', '../x', '', 'x" { capabilities = ["sudo"] } path "']) {
      expect(await init(['--tenant', id])).toMatchObject({ code: 1, stdout: '' });
    }
  });
});

withVault('the audit log tells of every secret that was read, and holds no value', async () => {
  const { kept } = await init(['--secret-id']);
  const canary = `canary-${randomUUID()}`;
  await using entered = await enter(kept);
  await entered.secrets.put('platform/audited', 0, { token: canary }, META);
  expect((await entered.secrets.read('platform/audited'))?.values).toEqual({ token: canary });
  const log = await readFile(join(vault.folder, 'audit.log'), 'utf8');
  const entries = log
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as AuditEntry);
  const reads = entries.filter(
    ({ type, request }) => type === 'response' && request.path === 'secret/data/platform/audited',
  );
  expect(reads.map(({ request, auth }) => [request.operation, auth.metadata?.['role_name']])).toEqual([
    ['create', 'bizosaas'],
    ['read', 'bizosaas'],
  ]);
  for (const secret of [canary, vault.rootToken, kept.VAULT_WRAPPED_SECRET_ID ?? 'x'])
    expect(log).not.toContain(secret);
  // The other device, of which Vault's own log is made here.
  expect(await readFile(join(vault.folder, 'vault.log'), 'utf8')).toContain('secret/data/platform/audited');
});

interface AuditEntry {
  type: string;
  request: { path: string; operation: string };
  auth: { metadata?: Record<string, string> };
}

describe('refusals are one sentence with the mend', () => {
  const cases: [string, Record<string, string>, string][] = [
    ['no address', { VAULT_ADDR: '' }, 'VAULT_ADDR is not set'],
    ['no token', { VAULT_TOKEN: '' }, 'VAULT_TOKEN is not set'],
    ['a token that may not', { VAULT_TOKEN: 'wrong' }, 'bizosaas-operator'],
    ['nobody there', { VAULT_ADDR: 'http://127.0.0.1:1' }, 'check VAULT_ADDR'],
    ['a mount that is taken', { VAULT_MOUNT: 'sys' }, 'choose another by VAULT_MOUNT'],
  ];
  for (const [what, env, mend] of cases) {
    withVault(what, async () => {
      const { code, stdout, stderr } = await init([], env);
      expect([code, stdout, stderr.trim().split('\n')]).toEqual([1, '', [expect.stringContaining(mend)]]);
    });
  }

  withVault('a sealed one', async () => {
    await vault.seal();
    try {
      expect(await init()).toMatchObject({ code: 1, stderr: expect.stringContaining('vault operator unseal') });
    } finally {
      await vault.unseal();
    }
  });
});
