import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Fault, isFault } from '../../ports/errors.ts';
import type { SecretInfo, SecretVersion, SecretVersionInfo } from '../../ports/secrets.ts';
import { fileFault, hasCode } from '../objects/files.ts';
import { givenVersion } from './given.ts';
import type { GivenSecrets } from './given.ts';
import { openKey } from './key.ts';
import { keptAs, readKept, writeKept } from './kept.ts';
import type { Kept } from './kept.ts';
import { isMarker } from './marker.ts';
import { seal, unseal } from './seal.ts';
import type { SecretStore } from './store.ts';
import { versionFiles } from './version-files.ts';

interface EnvSecretsOptions {
  dir: string;
  /** 32 bytes in base64; without it a key is made once in `dir`. */
  key?: string | undefined;
  environment: 'development' | 'test' | 'staging' | 'production';
  /** By path: the version 1 of each, until it is written, deleted or destroyed here. */
  given?: GivenSecrets;
}

const stale = () => new Fault('stale_version', 'Another writer was faster; read the secret again.');
const damaged = () =>
  new Fault('unavailable', 'A secret is damaged or was written with another key; disconnect it and connect again.');

/**
 * Secrets as sealed files, one a version, over those that the environment gives: for development and tests only. A version
 * appears whole or not at all and is never overwritten, whichever of many processes dies or races.
 */
export const envSecrets = ({ dir, key: ownKey, environment, given = {} }: EnvSecretsOptions): SecretStore => {
  if (environment === 'staging' || environment === 'production') {
    throw new Fault('unavailable', 'Secrets in files are for development; configure Vault for staging and production.');
  }
  const files = versionFiles(join(dir, 'secrets'), (path) => Object.hasOwn(given, path));
  const context = (path: string, version: number) => `${path}\n${version}`;

  let opened: Promise<Buffer> | undefined;
  const withKey = async <Result>(fn: (key: Buffer) => Promise<Result>): Promise<Result> => {
    opened ??= openKey(dir, ownKey);
    const mine = opened;
    try {
      return await fn(await mine);
    } catch (error) {
      mine.catch(() => (opened = undefined));
      throw fileFault(error, 'The secret');
    }
  };

  /** Null when it lies in no file and is not given, as one destroyed in this moment. */
  const keptAt = async (key: Buffer, path: string, version: number): Promise<Kept | null> => {
    try {
      const text = unseal(key, context(path, version), await files.read(path, version));
      if (text === null) throw damaged();
      return readKept(text);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
      const values = version === 1 ? given[path] : undefined;
      return values === undefined ? null : givenVersion(dir, path, values);
    }
  };

  const readVersion = async (key: Buffer, path: string, version: number): Promise<SecretVersion | null> => {
    const held = (await files.states(path)).some((one) => one.version === version && one.state === 'held');
    const kept = held ? await keptAt(key, path, version) : null;
    return kept && { version, ...kept };
  };

  const read = async (key: Buffer, path: string): Promise<SecretVersion | null> => {
    for (;;) {
      const [newest] = await files.states(path);
      if (newest?.state !== 'held') return null;
      const kept = await keptAt(key, path, newest.version);
      if (kept) return { version: newest.version, ...kept };
    }
  };

  const write = async (key: Buffer, path: string, expected: number, kept: Kept): Promise<number> => {
    const [newest] = await files.states(path);
    if ((newest?.version ?? 0) !== expected) throw stale();
    const version = expected + 1;
    try {
      await files.create(path, version, seal(key, context(path, version), writeKept(kept)));
    } catch (error) {
      // ENOENT: destroyed in this very moment.
      if (hasCode(error, 'EEXIST', 'ENOENT')) throw stale();
      throw error;
    }
    return version;
  };

  const describe = async (key: Buffer, path: string): Promise<SecretInfo | null> => {
    const states = await files.states(path);
    const versions = states.map(async ({ version, state }): Promise<SecretVersionInfo> => {
      const kept = state === 'held' ? await keptAt(key, path, version) : null;
      if (kept) return { version, state: 'held', meta: kept.meta };
      return { version, state: state === 'deleted' ? state : 'destroyed', meta: null };
    });
    return states.length === 0 ? null : { path, versions: await Promise.all(versions) };
  };

  const list = (prefix: string) => files.list(prefix, Object.keys(given));

  return {
    read: (path) => withKey((key) => read(key, path)),
    readVersion: (path, version) => withKey((key) => readVersion(key, path, version)),
    describe: (path) => withKey((key) => describe(key, path)),
    list: (prefix) => withKey(() => list(prefix)),
    health: () => withKey(() => Promise.resolve()),

    put: (path, expected, values, meta) => withKey((key) => write(key, path, expected, keptAs(values, meta))),
    restore: (path, expected, values, meta) => withKey((key) => write(key, path, expected, { values, meta })),

    generate: (path, meta) =>
      withKey(async (key) => {
        const [newest] = await files.states(path);
        if (newest?.state === 'held') return;
        const made = keptAs({ key: randomBytes(32).toString('base64url') }, meta);
        await write(key, path, newest?.version ?? 0, made).catch((error: unknown) => {
          // Made by another caller in this moment: the promise is kept.
          if (!isFault(error, 'stale_version')) throw error;
        });
      }),

    delete: (path) =>
      withKey(async (key) => {
        const newest = await read(key, path);
        // A marker is no version of the secret: that one is in another store by now.
        if (newest && !isMarker(newest)) await files.markDeleted(path, newest.version);
      }),

    destroyVersions: (path, versions) =>
      withKey(async () => {
        const there = (await files.states(path)).filter(({ version }) => versions.includes(version));
        for (const { version } of there) await files.destroyVersion(path, version);
      }),

    destroy: (path) => withKey(() => files.destroy(path)),
    destroyAll: (prefix) =>
      withKey(async () => {
        if (!prefix.endsWith('/'))
          throw new Fault('invalid_request', 'A prefix ends with “/”, or it hits its neighbours.');
        for (const path of await list(prefix)) await files.destroy(path);
      }),
  };
};
