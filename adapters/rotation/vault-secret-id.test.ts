import { randomUUID } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Fault } from '../../ports/errors.ts';
import { PLATFORM, TenantId } from '../../ports/ids.ts';
import type { RotationRef, Rotator } from '../../ports/rotation.ts';
import { rotationSecretPath } from '../../ports/secrets.ts';
import type { SecretPort } from '../../ports/secrets.ts';
import { startTestVault } from '../../scripts/lib/test-vault.ts';
import type { TestVault } from '../../scripts/lib/test-vault.ts';
import { openVaultAsk } from '../../scripts/lib/vault-ask.ts';
import { setUpVault } from '../../scripts/lib/vault-setup.ts';
import { openVault } from '../secrets/vault/client.ts';
import type { VaultClient } from '../secrets/vault/client.ts';
import { vaultSecrets } from '../secrets/vault/secrets.ts';
import { ownRole } from './vault-role.ts';
import { vaultSecretIdRotator } from './vault-secret-id.ts';

const program = process.env.TEST_VAULT_PROGRAM;
const withVault = program === undefined ? test.skip : test;
const ROLE = 'auth/approle/role/bizosaas';

let vault: TestVault;
let roleId = '';
let file = '';
/** The secret_id that the file held when the test began. */
let first = '';

const makeSecretId = async () => String((await vault.must('POST', `${ROLE}/secret-id`)).data?.secret_id);
const accessors = async () => {
  const { body } = await vault.ask('LIST', `${ROLE}/secret-id`);
  return (body.data?.keys ?? []) as string[];
};
const login = async (secretId: string) =>
  (await vault.ask('POST', 'auth/approle/login', { role_id: roleId, secret_id: secretId }, { token: null })).status;

beforeAll(async () => {
  if (program === undefined) return;
  vault = await startTestVault(program, { bare: true });
  const ask = await openVaultAsk({ address: vault.address, token: vault.rootToken });
  const plan = { mount: 'secret', approle: 'approle', auditFile: join(vault.folder, 'audit.log'), tenantId: null };
  ({ roleId } = await setUpVault(ask, plan));
}, 60_000);
afterAll(async () => vault?.[Symbol.asyncDispose]());

beforeEach(async () => {
  if (program === undefined) return;
  for (const accessor of await accessors()) {
    await vault.must('POST', `${ROLE}/secret-id-accessor/destroy`, { secret_id_accessor: accessor });
  }
  first = await makeSecretId();
  file = join(vault.folder, `secret-id-${randomUUID()}`);
  await writeFile(file, first);
  await using opened = open();
  await opened.secrets.destroyAll('platform/rotations/');
});

const aRef = (): RotationRef => ({
  scope: PLATFORM,
  secretClass: 'vault_secret_id',
  subject: 'app',
  rotationId: randomUUID(),
});

interface Opened extends AsyncDisposable {
  client: VaultClient;
  secrets: SecretPort;
  rotator: Rotator;
}

/** A process of the platform. `before` and `after` see each request to Vault, and may be where it dies. */
const open = ({
  before = () => undefined,
  after = () => undefined,
  secretId = null,
}: { before?: () => void; after?: () => void; secretId?: string | null } = {}): Opened => {
  const place = { address: vault.address, namespace: null, caFile: null };
  const client = openVault({
    ...place,
    ...{ roleId, secretId, secretIdFile: file, wrappedSecretIdFile: null, appRoleMount: 'approle' },
  });
  const mortal =
    <Args extends unknown[], Result>(ask: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      before();
      const answer = await ask(...args);
      after();
      return answer;
    };
  const { tryLogin, relogin } = client.login;
  const dying: VaultClient = {
    ...client,
    request: mortal(client.request),
    login: { ...client.login, tryLogin: mortal(tryLogin), relogin: mortal(relogin) },
  };
  const secrets = vaultSecrets(dying, 'secret');
  const rotator = vaultSecretIdRotator({ role: ownRole(dying), secretIdFile: file, secretId, secrets });
  return { client, secrets, rotator, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
};

const inFile = () => readFile(file, 'utf8');

const rotate = async (rotator: Rotator, ref: RotationRef) => {
  await rotator.create(ref, null);
  await rotator.verify(ref);
  await rotator.cutOver(ref);
  expect(await rotator.neededBy(ref)).toBeNull();
  return rotator.revoke(ref);
};

withVault(
  'a rotation ends with one secret_id, which is in the file and logs in, and the old one logs in no more',
  async () => {
    await using opened = open();
    const { rotator, secrets } = opened;
    const ref = aRef();
    await expect(rotator.plan(ref)).resolves.toEqual({ by: 'platform', ask: null });

    await rotator.create(ref, null);
    expect([await inFile(), await login(first), (await accessors()).length]).toEqual([first, 200, 2]);
    await rotator.verify(ref);
    await rotator.cutOver(ref);
    const second = await inFile();
    expect(second).not.toBe(first);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect([await login(first), await login(second)]).toEqual([200, 200]);
    expect(await rotator.neededBy(ref)).toBeNull();
    await expect(rotator.revoke(ref)).resolves.toEqual({ left: null });

    expect([await login(first), await login(second), (await accessors()).length]).toEqual([400, 200, 1]);
    expect(await secrets.describe(rotationSecretPath(PLATFORM, ref.rotationId))).toBeNull();
  },
);

withVault('after the cut-over this process works with a token of the new secret_id', async () => {
  await using opened = open();
  const { rotator, client } = opened;
  const mine = async () => (await client.request('GET', 'auth/token/lookup-self')).data?.['accessor'];
  const before = await mine();
  const ref = aRef();
  await rotator.create(ref, null);
  await rotator.cutOver(ref);
  expect(await mine()).not.toBe(before);
});

withVault('a process that never heard of the rotation logs in with the new secret_id when its token ends', async () => {
  await using neighbour = open();
  await neighbour.secrets.health();
  await using opened = open();
  await rotate(opened.rotator, aRef());
  const token = await neighbour.client.request('GET', 'auth/token/lookup-self');
  await vault.must('POST', 'auth/token/revoke-accessor', { accessor: token.data?.['accessor'] });
  await expect(neighbour.secrets.list('tenants/')).resolves.toEqual([]);
});

withVault('how old it is, is what Vault says of the one in use', async () => {
  await using opened = open();
  const { rotator } = opened;
  const [found] = await rotator.targets(PLATFORM);
  expect(found).toMatchObject({ scope: PLATFORM, secretClass: 'vault_secret_id', subject: 'app' });
  expect(Math.abs(Date.parse(found?.since ?? '') - Date.now())).toBeLessThan(60_000);
  await expect(rotator.targets(TenantId.parse(randomUUID()))).resolves.toEqual([]);
});

withVault('a secret_id of the environment is named as due, and planned by nobody, with the mend', async () => {
  await using opened = open({ secretId: first });
  const { rotator } = opened;
  await expect(rotator.targets(PLATFORM)).resolves.toHaveLength(1);
  const plan = await rotator.plan(aRef());
  expect(plan).toEqual({ by: null, why: expect.stringContaining('VAULT_SECRET_ID_FILE') });
  await expect(rotator.create(aRef(), null)).rejects.toMatchObject({ code: 'unsupported' });
  expect(await accessors()).toHaveLength(1);
});

withVault('rolled back at any step, the old secret_id is in use as before and the new one is gone', async () => {
  const steps = ['create', 'verify', 'cutOver'] as const;
  for (let done = 0; done <= steps.length; done += 1) {
    await using opened = open();
    const { rotator, secrets } = opened;
    const ref = aRef();
    for (const step of steps.slice(0, done)) await (step === 'create' ? rotator.create(ref, null) : rotator[step](ref));
    await rotator.rollBack(ref);
    await rotator.rollBack(ref);
    expect([done, await inFile(), await login(first), (await accessors()).length]).toEqual([done, first, 200, 1]);
    await expect(secrets.list('platform/rotations/')).resolves.toEqual([]);
    await secrets.health();
  }
});

withVault('nobody is locked out by a roll-back: when the old one has ended meanwhile, the new one stays', async () => {
  await using opened = open();
  const { rotator } = opened;
  const ref = aRef();
  const [old] = await accessors();
  await rotator.create(ref, null);
  await rotator.cutOver(ref);
  const second = await inFile();
  await vault.must('POST', `${ROLE}/secret-id-accessor/destroy`, { secret_id_accessor: old });
  await rotator.rollBack(ref);
  expect([await inFile(), await login(second)]).toEqual([second, 200]);
});

withVault('a file that this process cannot replace is planned by nobody, with the mend', async () => {
  await using opened = open();
  const { client, secrets } = opened;
  const secretIdFile = '/nowhere/secret-id';
  const rotator = vaultSecretIdRotator({ role: ownRole(client), secretIdFile, secretId: null, secrets });
  const plan = await rotator.plan(aRef());
  expect(plan).toEqual({ by: null, why: expect.stringContaining('vault:init -- --secret-id') });
});

withVault('a successor that Vault refuses is found out by the real login, and rolled back', async () => {
  await using opened = open();
  const { rotator, secrets } = opened;
  const ref = aRef();
  await rotator.create(ref, null);
  const { accessor = '' } = (await secrets.read(rotationSecretPath(PLATFORM, ref.rotationId)))?.values ?? {};
  await vault.must('POST', `${ROLE}/secret-id-accessor/destroy`, { secret_id_accessor: accessor });
  await expect(rotator.verify(ref)).rejects.toMatchObject({ code: 'credential_rejected' });
  await rotator.rollBack(ref);
  expect([await inFile(), await login(first), (await accessors()).length]).toEqual([first, 200, 1]);
});

withVault('a verifying login leaves no token behind', async () => {
  await using opened = open();
  const { rotator } = opened;
  const ref = aRef();
  await rotator.create(ref, null);
  const tokens = async () => ((await vault.must('LIST', 'auth/token/accessors')).data?.keys as string[]).length;
  const before = await tokens();
  await rotator.verify(ref);
  expect(await tokens()).toBe(before);
});

withVault(
  'one that a person brings is taken when it is of this role, and refused when it is not or is the one in use',
  async () => {
    await using opened = open();
    const { rotator } = opened;
    await vault.must('POST', 'auth/approle/role/other', { token_policies: ['default'] });
    const foreign = String((await vault.must('POST', 'auth/approle/role/other/secret-id')).data?.secret_id);
    await expect(rotator.create(aRef(), { secretId: foreign })).rejects.toMatchObject({ code: 'credential_rejected' });
    await expect(rotator.create(aRef(), { secretId: first })).rejects.toMatchObject({ code: 'invalid_request' });
    const ref = aRef();
    const brought = await makeSecretId();
    await using neighbour = open();
    await Promise.all([rotator, neighbour.rotator].map((each) => each.create(ref, { secretId: brought })));
    await rotator.cutOver(ref);
    await rotator.revoke(ref);
    expect([await inFile(), await login(first), await login(brought)]).toEqual([brought, 400, 200]);
  },
);

withVault('a secret_id that somebody put into the file meanwhile stays in use, and is never destroyed', async () => {
  await using opened = open();
  const { rotator } = opened;
  const ref = aRef();
  await rotator.create(ref, null);
  const theirs = await makeSecretId();
  await writeFile(file, theirs);
  await expect(rotator.cutOver(ref)).rejects.toMatchObject({ code: 'conflict' });
  await rotator.rollBack(ref);
  expect([await inFile(), await login(theirs), await login(first), (await accessors()).length]).toEqual([
    theirs,
    200,
    200,
    2,
  ]);
});

withVault('the old secret_id is not destroyed while the file holds it again', async () => {
  await using opened = open();
  const { rotator } = opened;
  const ref = aRef();
  await rotator.create(ref, null);
  await rotator.cutOver(ref);
  await writeFile(file, first);
  await expect(rotator.neededBy(ref)).resolves.toContain('VAULT_SECRET_ID_FILE');
  await expect(rotator.revoke(ref)).rejects.toMatchObject({ code: 'conflict' });
  expect(await login(first)).toBe(200);
});

withVault('an attempt that comes when all is over takes nothing away from those who use the new one', async () => {
  await using opened = open();
  const { rotator } = opened;
  const ref = aRef();
  await rotate(rotator, ref);
  const second = await inFile();
  await rotator.rollBack(ref);
  expect([await inFile(), await login(second)]).toEqual([second, 200]);
  await rotator.create(ref, null);
  await rotator.rollBack(ref);
  expect([await inFile(), await login(second), (await accessors()).length]).toEqual([second, 200, 1]);
});

withVault('two attempts at once make one successor', async () => {
  await using one = open();
  await using other = open();
  const ref = aRef();
  await Promise.all([one.rotator.create(ref, null), other.rotator.create(ref, null)]);
  await one.rotator.create(ref, null);
  expect(await accessors()).toHaveLength(2);
  await one.rotator.verify(ref);
});

class Died extends Error {}

/** Dies at the nth request, once: before it reached Vault, or after Vault did it and before anybody knows. */
const dyingAt = (nth: number, when: 'before' | 'after') => {
  let count = 0;
  const tick = () => {
    count += 1;
    if (count === nth) throw new Died();
  };
  return { ...(when === 'before' ? { before: tick } : { after: tick }), count: () => count };
};

const outlive = async (work: () => Promise<unknown>): Promise<boolean> => {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof Died) return false;
    throw error;
  }
};

interface Work {
  work: (rotator: Rotator, ref: RotationRef) => Promise<unknown>;
  /** What another process does about it; the same again, unless said. */
  then?: Work['work'];
  judge: (at: string) => Promise<void>;
}

/** Runs `work` in a process that dies at its nth request, then `then` in another; until it dies nowhere any more. */
const atEveryRequest = async (when: 'before' | 'after', { work, then = work, judge }: Work): Promise<number> => {
  for (let nth = 1; ; nth += 1) {
    const ref = aRef();
    const death = dyingAt(nth, when);
    const dying = open(death);
    const survived = await outlive(() => work(dying.rotator, ref));
    // As a killed process leaves it: its token lives on, and nothing is tidied.
    if (survived) {
      await dying[Symbol.asyncDispose]();
      return nth - 1;
    }
    await using next = open();
    await then(next.rotator, ref);
    await judge(`${when} request ${nth}`);
    await expect(next.secrets.list('platform/rotations/')).resolves.toEqual([]);
  }
};

describe('C11: killed at any request to Vault, done or not, and begun again', () => {
  for (const when of ['before', 'after'] as const) {
    withVault(`${when} it: a rotation ends with one secret_id that works, and no orphan`, async () => {
      let old = first;
      const points = await atEveryRequest(when, {
        // The workflow runs each step until it worked once; a step that was done is not run again.
        work: async (rotator, ref) => rotate(rotator, ref),
        judge: async (at) => {
          const now = await inFile();
          expect([at, now === old, await login(now), await login(old), (await accessors()).length]).toEqual([
            at,
            false,
            200,
            400,
            1,
          ]);
          old = now;
        },
      });
      expect(points).toBeGreaterThan(15);
    });

    withVault(`${when} it, in the making, and given up: the old one is in use, and there is no orphan`, async () => {
      await atEveryRequest(when, {
        work: async (rotator, ref) => rotator.create(ref, null),
        then: async (rotator, ref) => rotator.rollBack(ref),
        judge: async (at) => {
          expect([at, await inFile(), await login(first), (await accessors()).length]).toEqual([at, first, 200, 1]);
        },
      });
    });

    withVault(`${when} it: a roll-back ends with the old one, and no orphan`, async () => {
      await atEveryRequest(when, {
        work: async (rotator, ref) => {
          await rotator.create(ref, null);
          await rotator.cutOver(ref);
          await rotator.rollBack(ref);
        },
        judge: async (at) => {
          expect([at, await inFile(), await login(first), (await accessors()).length]).toEqual([at, first, 200, 1]);
        },
      });
    });
  }
});

withVault('no fault of the rotation says a secret_id', async () => {
  await using opened = open();
  const { rotator, secrets } = opened;
  const ref = aRef();
  await rotator.create(ref, null);
  const { secretId = '' } = (await secrets.read(rotationSecretPath(PLATFORM, ref.rotationId)))?.values ?? {};
  await vault.seal();
  try {
    for (const step of ['verify', 'cutOver', 'revoke', 'rollBack'] as const) {
      const error: unknown = await rotator[step](ref).then(
        () => null,
        (refused: unknown) => refused,
      );
      expect(error).toBeInstanceOf(Fault);
      expect(error).toMatchObject({ code: 'unavailable' });
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(new RegExp(`${first}|${secretId}`));
    }
  } finally {
    await vault.unseal();
  }
});
