import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test as jestTest } from '@jest/globals';
import { Fault, isFault } from '../../ports/errors.ts';
import type { SecretPort } from '../../ports/secrets.ts';
import { addTestRole, ALL_SECRETS, startTestVault } from '../../scripts/lib/test-vault.ts';
import type { TestVault } from '../../scripts/lib/test-vault.ts';
import { envSecrets } from './env.ts';
import { movingSecrets, noMove, stillHere } from './moving.ts';
import type { SecretStore } from './store.ts';
import { openVault } from './vault/client.ts';
import type { VaultClient } from './vault/client.ts';
import { vaultSecrets } from './vault/secrets.ts';

const program = process.env.TEST_VAULT_PROGRAM;

/** Slower than a copy of one version, faster than a move. */
const PACE_MS = 50;
const meta = { class: 'oauth_tokens', createdBy: 'test' } as const;
const PATH = 'tenants/a/connections/x';
let dir: string;
let source: SecretStore;
let target: SecretStore;

const write = async (store: SecretPort, path: string, versions: number, from = 0) => {
  for (let version = from; version < from + versions; version += 1)
    await store.put(path, version, { token: `${path} ${version + 1}` }, meta);
};
const moveAll = () => movingSecrets(source, target).move.move(null, 100, () => undefined);
const nobody = { moved: 0, already: 0, refused: [] };

/** The store, with something done once just before one of its methods is called. */
const interrupted = <Name extends keyof SecretStore>(
  store: SecretStore,
  name: Name,
  before: () => Promise<unknown>,
  when: (...args: Parameters<SecretStore[Name]>) => boolean = () => true,
): SecretStore => {
  let done = false;
  const method = async (...args: Parameters<SecretStore[Name]>) => {
    if (!done && when(...args)) {
      done = true;
      await before();
    }
    return (store[name] as (...given: Parameters<SecretStore[Name]>) => Promise<unknown>)(...args);
  };
  return { ...store, [name]: method };
};

let vault: TestVault | undefined;
let login: VaultClient | undefined;
beforeAll(async () => {
  if (program === undefined) return;
  vault = await startTestVault(program);
  const { roleId, secretId } = await addTestRole(vault, 'mover', ALL_SECRETS);
  login = openVault({
    ...{ address: vault.address, namespace: null, caFile: null, mount: 'secret', appRoleMount: 'approle' },
    ...{ roleId, secretId, secretIdFile: null, wrappedSecretIdFile: null },
  });
}, 60_000);
afterAll(async () => {
  await login?.[Symbol.asyncDispose]();
  await vault?.[Symbol.asyncDispose]();
});

const TARGETS = {
  'to another folder': () => envSecrets({ dir: join(dir, 'new'), environment: 'test' }),
  'to Vault': () => vaultSecrets(login as VaultClient, 'secret'),
};

describe.each(Object.keys(TARGETS) as (keyof typeof TARGETS)[])('%s', (kind) => {
  const test = kind === 'to Vault' && program === undefined ? jestTest.skip : jestTest;
  const openStores = async () => {
    source = envSecrets({ dir: join(dir, 'old'), environment: 'test' });
    target = TARGETS[kind]();
  };
  const wipe = async () => {
    if (kind === 'to Vault' && program === undefined) return;
    for (const path of await target.list('')) await target.destroy(path);
    await rm(dir, { recursive: true, force: true });
  };
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'moving-'));
    await openStores();
  });
  afterEach(wipe);

  test('a path is moved with all its versions under the same numbers, with their age, and is read from the new store', async () => {
    await write(source, PATH, 3);
    const before = await Promise.all([1, 2, 3].map((version) => source.readVersion(PATH, version)));
    await expect(moveAll()).resolves.toEqual({ paths: 1, moved: 1, already: 0, refused: [], next: null });
    const after = await Promise.all([1, 2, 3].map((version) => target.readVersion(PATH, version)));
    expect(after).toEqual(before);
    const { secrets } = movingSecrets(source, target);
    await expect(secrets.read(PATH)).resolves.toEqual(before[2]);
    await expect(secrets.put(PATH, 3, { token: 'new' }, meta)).resolves.toBe(4);
    await expect(target.read(PATH)).resolves.toMatchObject({ version: 4, values: { token: 'new' } });
    await expect(secrets.describe(PATH)).resolves.toMatchObject({ versions: [{ version: 4 }, {}, {}, {}] });
  });

  test('until a path is moved it is written and read in the old store; what the old one never had begins in the new one', async () => {
    const { secrets } = movingSecrets(source, target);
    await write(source, PATH, 1);
    await expect(secrets.put(PATH, 1, { token: 'two' }, meta)).resolves.toBe(2);
    await expect(source.read(PATH)).resolves.toMatchObject({ version: 2 });
    await expect(target.describe(PATH)).resolves.toBeNull();
    await secrets.put('platform/new', 0, { a: '1' }, meta);
    await secrets.generate('platform/key', meta);
    await expect(source.list('')).resolves.toEqual([PATH]);
    await expect(secrets.list('')).resolves.toEqual(['platform/key', 'platform/new', PATH]);
  });

  test('numbers of versions that are gone stay taken in the new store', async () => {
    await write(source, PATH, 4);
    await source.destroyVersions(PATH, [1, 3]);
    await write(source, 'p/deleted', 2);
    await source.delete('p/deleted');
    await expect(moveAll()).resolves.toMatchObject({ moved: 2 });
    const states = async (path: string) =>
      (await target.describe(path))?.versions.map(({ version, state }) => [version, state]);
    await expect(states(PATH)).resolves.toEqual([
      [4, 'held'],
      [3, 'destroyed'],
      [2, 'held'],
      [1, 'destroyed'],
    ]);
    const { secrets } = movingSecrets(source, target);
    await expect(secrets.read('p/deleted')).resolves.toBeNull();
    await expect(secrets.put('p/deleted', 0, {}, meta)).rejects.toMatchObject({ code: 'stale_version' });
    await expect(secrets.put('p/deleted', 2, {}, meta)).resolves.toBe(3);
  });

  test('cut short after any single write, the next move ends as an undisturbed one does', async () => {
    const whole = async () => {
      await write(source, PATH, 3);
      await source.destroyVersions(PATH, [2]);
      await write(source, 'platform/b', 2);
      await source.destroyVersions('platform/b', [1]);
    };
    await whole();
    await moveAll();
    const shown = async () => ({
      now: await Promise.all(
        [PATH, 'platform/b'].map(async (path) => {
          const info = await movingSecrets(source, target).secrets.describe(path);
          return info?.versions.map(({ version, state }) => [version, state]);
        }),
      ),
      marked: await movingSecrets(source, target).move.survey(),
    });
    const undisturbed = await shown();
    expect(undisturbed.marked).toMatchObject({ paths: 2, moved: 2 });

    const writes = ['restore', 'destroyVersions', 'put'] as const;
    const dying = (store: SecretStore, left: { writes: number }, after: boolean): SecretStore => {
      const killed = new Error('killed');
      const wrapped = { ...store };
      for (const name of writes) {
        const method = store[name] as (...args: unknown[]) => Promise<unknown>;
        const dies = async (...args: unknown[]) => {
          if (left.writes < 0) throw killed;
          left.writes -= 1;
          if (left.writes < 0 && !after) throw killed;
          const result = await method(...args);
          if (left.writes < 0) throw killed;
          return result;
        };
        Object.assign(wrapped, { [name]: dies });
      }
      return wrapped;
    };
    let cuts = 0;
    for (const after of [false, true]) {
      for (let survived = 0; ; survived += 1) {
        await wipe();
        await openStores();
        await whole();
        const left = { writes: survived };
        const run = movingSecrets(dying(source, left, after), dying(target, left, after)).move;
        const cut = await run
          .move(null, 100, () => undefined)
          .then(
            () => false,
            () => true,
          );
        if (!cut) break;
        cuts += 1;
        await expect(moveAll()).resolves.toMatchObject({ refused: [] });
        await expect(shown()).resolves.toEqual(undisturbed);
      }
    }
    // Five numbers, the destruction of two of them, and two markers: each before and after.
    expect(cuts).toBe(2 * 9);
  });

  describe('who writes meanwhile loses nothing', () => {
    test('a write between the copy and the switch is copied too', async () => {
      await write(source, PATH, 2);
      const { secrets } = movingSecrets(source, target);
      const slow = interrupted(
        source,
        'put',
        () => secrets.put(PATH, 2, { token: 'refreshed' }, meta),
        (_path, _expected, _values, { class: secretClass }) => secretClass === 'moved',
      );
      const { move } = movingSecrets(slow, target);
      await expect(move.move(null, 10, () => undefined)).resolves.toMatchObject({ moved: 1 });
      await expect(secrets.read(PATH)).resolves.toMatchObject({ version: 3, values: { token: 'refreshed' } });
      await expect(source.read(PATH)).resolves.toMatchObject({ version: 4, meta: { class: 'moved' } });
    });

    test('a writer that looked before the switch and writes after it writes the next version in the new store', async () => {
      await write(source, PATH, 2);
      const slow = interrupted(source, 'put', moveAll);
      await expect(movingSecrets(slow, target).secrets.put(PATH, 2, { token: 'refreshed' }, meta)).resolves.toBe(3);
      await expect(movingSecrets(source, target).secrets.read(PATH)).resolves.toMatchObject({
        version: 3,
        values: { token: 'refreshed' },
      });
    });

    test('one that is outdated is refused all the same', async () => {
      await write(source, PATH, 2);
      const slow = interrupted(source, 'put', moveAll);
      await expect(movingSecrets(slow, target).secrets.put(PATH, 1, {}, meta)).rejects.toMatchObject({
        code: 'stale_version',
      });
    });

    test('of what is written all along nothing is lost, whatever the order', async () => {
      const { secrets, move } = movingSecrets(source, target);
      await write(source, PATH, 1);
      let version = 1;
      let moving = true;
      const writing = (async () => {
        for (let rest = 20; rest > 0; rest -= moving ? 0 : 1) {
          const read = await secrets.read(PATH);
          expect(read).toMatchObject({ version, values: { token: `${PATH} ${version}` } });
          await secrets.put(PATH, version, { token: `${PATH} ${version + 1}` }, meta);
          version += 1;
          await pause(PACE_MS);
        }
      })();
      const moved = async () => (await move.move(null, 10, () => undefined)).refused.length === 0;
      while (!(await moved()));
      moving = false;
      await writing;
      await expect(target.read(PATH)).resolves.toMatchObject({ version, values: { token: `${PATH} ${version}` } });
      // Vault keeps ten unless its mount says more.
      const { versions = [] } = (await target.describe(PATH)) ?? {};
      expect(versions.slice(0, 10)).toMatchObject(
        Array.from({ length: 10 }, (_, back) => ({ version: version - back, state: 'held' })),
      );
    });

    test('two moves at once end as one', async () => {
      await write(source, PATH, 5);
      await write(source, 'platform/b', 5);
      const both = await Promise.all([moveAll(), moveAll()]);
      expect(both.flatMap(({ refused }) => refused)).toEqual([]);
      await expect(movingSecrets(source, target).move.compare(null, 10)).resolves.toEqual({
        same: 2,
        different: [],
        next: null,
      });
      await expect(target.read(PATH)).resolves.toMatchObject({ version: 5 });
    });
  });

  describe('what is destroyed or deleted while it is copied does not come back', () => {
    const marking = (_path: string, _expected: number, _values: unknown, { class: secretClass }: { class: string }) =>
      secretClass === 'moved';

    test('one version', async () => {
      await write(source, PATH, 2);
      const { secrets } = movingSecrets(source, target);
      const slow = interrupted(target, 'restore', () => secrets.destroyVersions(PATH, [1]));
      await movingSecrets(source, slow).move.move(null, 10, () => undefined);
      await expect(target.readVersion(PATH, 1)).resolves.toBeNull();
      await expect(target.readVersion(PATH, 2)).resolves.not.toBeNull();
    });

    test('the newest, deleted between the last look and the switch', async () => {
      await write(source, PATH, 2);
      const { secrets } = movingSecrets(source, target);
      const slow = interrupted(source, 'delete', moveAll);
      await movingSecrets(slow, target).secrets.delete(PATH);
      await expect(secrets.read(PATH)).resolves.toBeNull();
      await expect(secrets.put(PATH, 2, { token: 'again' }, meta)).resolves.toBe(3);
      await expect(secrets.read(PATH)).resolves.toMatchObject({ version: 3 });
    });

    test('the whole path', async () => {
      await write(source, PATH, 2);
      const { secrets } = movingSecrets(source, target);
      const slow = interrupted(source, 'put', () => secrets.destroy(PATH), marking);
      await expect(movingSecrets(slow, target).move.move(null, 10, () => undefined)).resolves.toMatchObject(nobody);
      await write(source, PATH, 1);
      const copying = interrupted(target, 'restore', () => secrets.destroy(PATH));
      await expect(movingSecrets(source, copying).move.move(null, 10, () => undefined)).resolves.toMatchObject(nobody);
      await expect(secrets.describe(PATH)).resolves.toBeNull();
      await expect(target.list('')).resolves.toEqual([]);
    });
  });

  test('what stands in the new store already is never overwritten: the path is named, and the others are moved', async () => {
    await write(source, PATH, 1);
    await write(source, 'platform/b', 1);
    await target.put('platform/b', 0, { token: 'of another deployment' }, meta);
    const { refused, ...counts } = await moveAll();
    expect(counts).toMatchObject({ paths: 2, moved: 1 });
    expect(refused).toEqual([{ path: 'platform/b', message: expect.stringContaining('platform/b') }]);
    await expect(target.read('platform/b')).resolves.toMatchObject({ values: { token: 'of another deployment' } });
    await expect(movingSecrets(source, target).secrets.read('platform/b')).resolves.toMatchObject({
      values: { token: 'platform/b 1' },
    });
  });

  test.each([
    ['fewer versions', [1, 2], [] as number[]],
    ['a version that is destroyed here', [1], [1]],
  ])('nor does a copy come on top of it, when it has %s', async (_what, theirs, destroyed) => {
    await write(source, PATH, 3);
    await source.destroyVersions(PATH, destroyed);
    for (const version of theirs) await target.put(PATH, version - 1, { token: 'theirs' }, meta);
    const before = await target.describe(PATH);
    await expect(moveAll()).resolves.toMatchObject({ moved: 0, refused: [{ path: PATH }] });
    await expect(target.describe(PATH)).resolves.toEqual(before);
  });

  test('a damaged secret is named and stays; a store that is away stops the move', async () => {
    await write(source, PATH, 1);
    await write(source, 'damaged', 1);
    await writeFile(join(dir, 'old', 'secrets', 'damaged', '1'), 'BZS1 damaged');
    await expect(moveAll()).resolves.toMatchObject({ moved: 1, refused: [{ path: 'damaged' }] });
    await expect(movingSecrets(source, target).move.survey()).resolves.toEqual({
      paths: 2,
      moved: 1,
      byClass: { unreadable: 1, oauth_tokens: 1 },
    });
    await write(source, 'another', 1);
    const away = { ...target, restore: () => Promise.reject(new Error('away')) };
    await expect(movingSecrets(source, away).move.move(null, 10, () => undefined)).rejects.toThrow('away');
  });

  test('a store that fails for a moment leaves nothing behind', async () => {
    await write(source, PATH, 1);
    let blips = 2;
    const blinking: SecretStore = {
      ...target,
      restore: (...args) =>
        blips-- > 0 ? Promise.reject(new Fault('unavailable', 'for a moment')) : target.restore(...args),
    };
    await expect(movingSecrets(source, blinking).move.move(null, 10, () => undefined)).resolves.toMatchObject({
      moved: 1,
      refused: [],
    });
  });

  test('a dry look changes nothing', async () => {
    await write(source, PATH, 2);
    const { move } = movingSecrets(source, target);
    await expect(move.survey()).resolves.toEqual({ paths: 1, moved: 0, byClass: { oauth_tokens: 1 } });
    await expect(move.compare(null, 10)).resolves.toEqual({ same: 0, different: [], next: null });
    await expect(move.erase(null, 10)).resolves.toEqual({ erased: 0, next: null });
    await expect(target.list('')).resolves.toEqual([]);
    await expect(source.read(PATH)).resolves.toMatchObject({ version: 2 });
  });

  test('what the environment gives is moved like the rest, and stays erased though the environment still gives it', async () => {
    const given = { 'platform/database': { user: 'app', password: 'given' } };
    source = envSecrets({ dir: join(dir, 'old'), environment: 'test', given });
    const before = await source.read('platform/database');
    const { secrets, move } = movingSecrets(source, target);
    await expect(moveAll()).resolves.toMatchObject({ moved: 1 });
    await expect(target.read('platform/database')).resolves.toEqual(before);
    await expect(move.erase(null, 10)).resolves.toMatchObject({ erased: 1 });
    await expect(source.readVersion('platform/database', 1)).resolves.toBeNull();
    await expect(secrets.read('platform/database')).resolves.toEqual(before);
  });

  test('page by page, each path once', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await write(source, `platform/${name}`, 1);
    const { move } = movingSecrets(source, target);
    let told = 0;
    const first = await move.move(null, 2, () => (told += 1));
    const second = await move.move(first.next, 2, () => (told += 1));
    const third = await move.move(second.next, 2, () => (told += 1));
    expect([first.next, second.next, third.next]).toEqual(['platform/b', 'platform/d', null]);
    expect([told, third.paths]).toEqual([5, 1]);
  });

  describe('erasing', () => {
    test('destroys what was moved, and what was not stays', async () => {
      await write(source, PATH, 3);
      const { secrets, move } = movingSecrets(source, target);
      await moveAll();
      await write(source, 'late', 1);
      await expect(move.erase(null, 10)).resolves.toEqual({ erased: 1, next: null });
      await expect(move.erase(null, 10)).resolves.toEqual({ erased: 0, next: null });
      for (const version of [1, 2, 3]) await expect(source.readVersion(PATH, version)).resolves.toBeNull();
      await expect(secrets.read(PATH)).resolves.toMatchObject({ version: 3 });
      await expect(secrets.read('late')).resolves.toMatchObject({ version: 1 });
      // Moved again and compared again, all is as it was.
      await expect(moveAll()).resolves.toMatchObject({ moved: 1, already: 1 });
      await expect(move.compare(null, 10)).resolves.toEqual({ same: 2, different: [], next: null });
      await expect(secrets.read(PATH)).resolves.toMatchObject({ version: 3 });
    });

    test('stops at a path that is no longer the same in both', async () => {
      await write(source, PATH, 1);
      await moveAll();
      await target.destroy(PATH);
      const { move } = movingSecrets(source, target);
      await expect(move.compare(null, 10)).resolves.toEqual({ same: 0, different: [PATH], next: null });
      await expect(move.erase(null, 10)).rejects.toMatchObject({ code: 'conflict' });
      await expect(source.readVersion(PATH, 1)).resolves.not.toBeNull();
    });

    test('what was written or deleted in the new store since is no difference', async () => {
      await write(source, PATH, 1);
      await write(source, 'b', 1);
      await moveAll();
      const { secrets, move } = movingSecrets(source, target);
      await secrets.put(PATH, 1, { token: 'next' }, meta);
      await secrets.delete('b');
      await expect(move.compare(null, 10)).resolves.toEqual({ same: 2, different: [], next: null });
    });

    test('a version that the new store keeps no more, since it was looked at, is no difference', async () => {
      await write(source, PATH, 2);
      await moveAll();
      let lapsed = false;
      // As at a write in this moment: Vault keeps so many versions of a path and no more.
      const lapsing: SecretStore = {
        ...target,
        readVersion: async (path, version) => {
          lapsed ||= version === 1;
          return version === 1 ? null : target.readVersion(path, version);
        },
        describe: async (path) => {
          const info = await target.describe(path);
          return info && lapsed ? { ...info, versions: info.versions.filter(({ version }) => version !== 1) } : info;
        },
      };
      const { move } = movingSecrets(source, lapsing);
      await expect(move.compare(null, 10)).resolves.toEqual({ same: 1, different: [], next: null });
      expect(lapsed).toBe(true);
    });
  });

  test('a process that still opens the old store alone is told, and reads no empty secret', async () => {
    await write(source, PATH, 1);
    await moveAll();
    const read = await stillHere(source)
      .read(PATH)
      .catch((error: unknown) => error);
    expect(isFault(read, 'unavailable') && read.message).toContain('SECRETS_STORE=moving');
    await expect(stillHere(source).health()).resolves.toBeUndefined();
    await write(source, 'platform/key', 1);
    await expect(stillHere(source).health()).resolves.toBeUndefined();
    await moveAll();
    await expect(stillHere(source).health()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(stillHere(source).put(PATH, 1, {}, meta)).rejects.toMatchObject({ code: 'stale_version' });
    await stillHere(source).delete(PATH);
    await expect(movingSecrets(source, target).secrets.read(PATH)).resolves.toMatchObject({ version: 1 });
  });
});

const withVault = program === undefined ? jestTest.skip : jestTest;

withVault('C9: while Vault is sealed, what was moved is not read from the files that still hold it', async () => {
  dir = await mkdtemp(join(tmpdir(), 'moving-'));
  source = envSecrets({ dir, environment: 'test' });
  target = vaultSecrets(login as VaultClient, 'secret');
  const { secrets, move } = movingSecrets(source, target);
  await write(source, PATH, 1);
  await moveAll();
  await write(source, 'platform/late', 1);
  await vault?.seal();
  try {
    for (const ask of [() => secrets.read(PATH), () => secrets.put(PATH, 1, {}, meta), () => secrets.health()])
      await expect(ask()).rejects.toMatchObject({ code: 'unavailable' });
    await expect(move.move(null, 10, () => undefined)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(secrets.read('platform/late')).resolves.toMatchObject({ version: 1 });
  } finally {
    await vault?.unseal();
  }
  await expect(moveAll()).resolves.toMatchObject({ moved: 1, already: 1, refused: [] });
  await expect(secrets.read(PATH)).resolves.toMatchObject({ version: 1 });
  await rm(dir, { recursive: true, force: true });
});

jestTest('with one store there is nothing to move, and how to have two is said', async () => {
  await expect(noMove.survey()).rejects.toMatchObject({
    code: 'unsupported',
    message: expect.stringContaining('SECRETS_STORE=moving'),
  });
});
