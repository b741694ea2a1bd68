import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { rotateByDefault } from '../../ports/secret-classes.ts';
import type { SecretStore } from './store.ts';

const meta = { class: 'credential', createdBy: 'test' } as const;
const ODD = [
  '..',
  '.',
  '../escape',
  '/etc/x',
  'a//b',
  'a/',
  'x?version=1',
  'a%2fb',
  'a_2fb',
  'A/b',
  'ü/🎉',
  'a b',
  'a#b',
];

/**
 * What every store of secrets keeps to. `open` gives one more process's door to the same store; the suite stays under
 * prefixes of its own. `run` is `test.skip` where the store cannot be had.
 */
export const secretContract = (
  name: string,
  open: () => SecretStore,
  run: typeof test | typeof test.skip = test,
): void => {
  const place = () => `tenants/${randomUUID()}/`;

  describe(name, () => {
    run('what was never there reads as nothing, and is silently deleted', async () => {
      const [secrets, at] = [open(), place()];
      await expect(secrets.read(`${at}x`)).resolves.toBeNull();
      await expect(secrets.describe(`${at}x`)).resolves.toBeNull();
      await expect(secrets.list(at)).resolves.toEqual([]);
      await secrets.delete(`${at}x`);
      await secrets.destroyVersions(`${at}x`, [1, 7]);
      await secrets.destroy(`${at}x`);
      await secrets.destroyAll(at);
      await expect(secrets.describe(`${at}x`)).resolves.toBeNull();
      await secrets.health();
    });

    run('a version carries its values as they are, its class, who made it, when, and when it is due', async () => {
      const [secrets, path] = [open(), `${place()}x`];
      const values = { plain: 'a', empty: '', odd: '"\\\n\u0000ü🎉', long: 'x'.repeat(100_000) };
      const before = Date.now();
      await secrets.put(path, 0, values, { class: 'vendor_api_key', createdBy: 'somebody' });
      const read = await open().read(path);
      expect(read).toMatchObject({ version: 1, values, meta: { class: 'vendor_api_key', createdBy: 'somebody' } });
      const createdAt = read?.meta.createdAt ?? '';
      expect(Date.parse(createdAt)).toBeGreaterThanOrEqual(before);
      expect(read?.meta.rotateBy).toBe(rotateByDefault('vendor_api_key', createdAt));

      const bound = { class: 'staged', createdBy: 'staging', boundTo: 'w:1', expiresAt: createdAt } as const;
      await secrets.put(path, 1, {}, bound);
      await expect(secrets.read(path)).resolves.toEqual({
        version: 2,
        values: {},
        meta: { ...bound, createdAt: expect.any(String) },
      });
    });

    run('a write with an outdated version is refused, and what is there stays', async () => {
      const [secrets, path] = [open(), `${place()}x`];
      await expect(secrets.put(path, 1, { a: '0' }, meta)).rejects.toMatchObject({ code: 'stale_version' });
      await expect(secrets.put(path, 0, { a: '1' }, meta)).resolves.toBe(1);
      await expect(secrets.put(path, 0, { a: '2' }, meta)).rejects.toMatchObject({ code: 'stale_version' });
      await expect(secrets.put(path, 2, { a: '2' }, meta)).rejects.toMatchObject({ code: 'stale_version' });
      await expect(secrets.put(path, 1, { a: '2' }, meta)).resolves.toBe(2);
      await expect(secrets.read(path)).resolves.toMatchObject({ version: 2, values: { a: '2' } });
      await expect(secrets.readVersion(path, 1)).resolves.toMatchObject({ version: 1, values: { a: '1' } });
    });

    run('of twenty writers of the same value at once exactly one wins each version', async () => {
      const [one, other, path] = [open(), open(), `${place()}x`];
      for (const expected of [0, 1]) {
        const tries = Array.from({ length: 20 }, (_, nth) =>
          (nth % 2 ? one : other).put(path, expected, { same: 'value' }, meta).then(
            (version) => `won ${version}`,
            (error: { code: string }) => error.code,
          ),
        );
        const outcomes = await Promise.all(tries);
        expect(outcomes.filter((outcome) => outcome === `won ${expected + 1}`)).toHaveLength(1);
        expect(outcomes.filter((outcome) => outcome === 'stale_version')).toHaveLength(19);
      }
    });

    run('a deleted version reads as gone, uncovers none before it, and keeps its number', async () => {
      const [secrets, path] = [open(), `${place()}x`];
      await secrets.put(path, 0, { a: '1' }, meta);
      await secrets.put(path, 1, { a: '2' }, meta);
      await secrets.delete(path);
      await secrets.delete(path);
      await expect(secrets.read(path)).resolves.toBeNull();
      await expect(secrets.readVersion(path, 2)).resolves.toBeNull();
      await expect(secrets.describe(path)).resolves.toMatchObject({
        path,
        versions: [
          { version: 2, state: 'deleted', meta: null },
          { version: 1, state: 'held', meta },
        ],
      });
      await expect(secrets.put(path, 0, { a: '3' }, meta)).rejects.toMatchObject({ code: 'stale_version' });
      await expect(secrets.put(path, 2, { a: '3' }, meta)).resolves.toBe(3);
      await expect(secrets.read(path)).resolves.toMatchObject({ version: 3 });
    });

    run('destroyed versions are gone for good, the others stay, and numbers go on', async () => {
      const [secrets, path] = [open(), `${place()}x`];
      for (const expected of [0, 1, 2]) await secrets.put(path, expected, { a: `${expected}` }, meta);
      await secrets.destroyVersions(path, [1, 3, 9]);
      await secrets.destroyVersions(path, [3]);
      await expect(secrets.read(path)).resolves.toBeNull();
      const info = await secrets.describe(path);
      expect(info?.versions.map(({ version, state }) => `${version} ${state}`)).toEqual([
        '3 destroyed',
        '2 held',
        '1 destroyed',
      ]);
      await expect(secrets.put(path, 3, { a: 'new' }, meta)).resolves.toBe(4);
    });

    run('a destroyed path begins anew', async () => {
      const [secrets, path] = [open(), `${place()}x`];
      await secrets.put(path, 0, { a: '1' }, meta);
      await secrets.put(path, 1, { a: '2' }, meta);
      await secrets.destroy(path);
      await expect(secrets.describe(path)).resolves.toBeNull();
      await expect(secrets.put(path, 0, { a: '3' }, meta)).resolves.toBe(1);
      await expect(secrets.readVersion(path, 2)).resolves.toBeNull();
    });

    run('what is described never holds a value', async () => {
      const [secrets, path] = [open(), `${place()}x`];
      await secrets.put(path, 0, { token: 'canary-4711' }, meta);
      expect(JSON.stringify(await secrets.describe(path))).not.toContain('canary');
    });

    run('paths are listed however deep, in order, and one tenant is destroyed without its neighbours', async () => {
      const [secrets, at] = [open(), place()];
      const names = ['a/x', 'a/y/z/w', 'a', 'ab/x', 'b'].map((name) => at + name);
      for (const path of names) await secrets.put(path, 0, { a: '1' }, meta);
      await expect(secrets.list(at)).resolves.toEqual([...names].sort());
      await expect(secrets.list(`${at}a/`)).resolves.toEqual([`${at}a/x`, `${at}a/y/z/w`]);
      await expect(secrets.list('tenants/')).resolves.toEqual(expect.arrayContaining(names));
      await secrets.destroyAll(`${at}a/`);
      await secrets.destroyAll(`${at}a/`);
      await expect(secrets.list(at)).resolves.toEqual([`${at}a`, `${at}ab/x`, `${at}b`]);
      await expect(secrets.destroyAll(`${at}a`)).rejects.toMatchObject({ code: 'invalid_request' });
    });

    run('a generated key is made once, kept, and made again only when it was deleted', async () => {
      const [secrets, path] = [open(), `${place()}k`];
      await Promise.all([secrets.generate(path, meta), open().generate(path, meta), open().generate(path, meta)]);
      const made = await secrets.read(path);
      await secrets.generate(path, meta);
      await expect(secrets.read(path)).resolves.toEqual(made);
      expect(Buffer.from(made?.values['key'] ?? '', 'base64url')).toHaveLength(32);
      await secrets.delete(path);
      await secrets.generate(path, meta);
      const next = await secrets.read(path);
      expect([next?.version, next?.values['key'] === made?.values['key']]).toEqual([2, false]);
    });

    run('a version from elsewhere keeps the age it had there', async () => {
      const [secrets, path] = [open(), `${place()}x`];
      const old = { ...meta, createdAt: '2020-01-02T03:04:05.678Z', rotateBy: '2020-03-01T00:00:00.000Z' };
      await expect(secrets.restore(path, 0, { a: '1' }, old)).resolves.toBe(1);
      await expect(secrets.restore(path, 0, { a: '2' }, old)).rejects.toMatchObject({ code: 'stale_version' });
      await expect(secrets.readVersion(path, 1)).resolves.toEqual({ version: 1, values: { a: '1' }, meta: old });
    });

    run('a path is kept apart from every other, or refused', async () => {
      const [secrets, at] = [open(), place()];
      await secrets.put(`${at}a`, 0, { path: 'neighbour' }, meta);
      const kept: string[] = [];
      for (const odd of ODD.map((name) => at + name)) {
        const done = await secrets.put(odd, 0, { path: odd }, meta).then(
          () => 'kept',
          (error: { code: string }) => error.code,
        );
        expect(['kept', 'invalid_request']).toContain(done);
        if (done === 'kept') kept.push(odd);
      }
      for (const path of kept)
        await expect(secrets.read(path)).resolves.toMatchObject({ version: 1, values: { path } });
      await expect(secrets.list(at)).resolves.toEqual([`${at}a`, ...kept].sort());
    });
  });
};
