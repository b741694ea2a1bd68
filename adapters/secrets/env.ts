import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Fault } from '../../ports/errors.ts';
import type { SecretMeta, SecretPort, SecretValues, SecretVersion } from '../../ports/secrets.ts';
import { createFile, fileFault, hasCode } from '../objects/files.ts';
import { openKey } from './key.ts';
import { nameOfPath, pathOfName } from './path-names.ts';
import { seal, unseal } from './seal.ts';

interface EnvSecretsOptions {
  dir: string;
  /** 32 bytes in base64; without it a key is made once in `dir`. */
  key?: string | undefined;
  environment: 'development' | 'test' | 'staging' | 'production';
}

type NewMeta = Omit<SecretMeta, 'createdAt'>;

const Kept = z.object({
  values: z.record(z.string(), z.string()),
  meta: z.object({
    class: z.string(),
    createdBy: z.string(),
    createdAt: z.string(),
    rotateBy: z.string().exactOptional(),
    boundTo: z.string().exactOptional(),
    expiresAt: z.string().exactOptional(),
  }),
});

/**
 * Secrets as sealed files, one a version, for development and tests only. A version appears whole or not at all and
 * is never overwritten, whichever of many processes dies or races.
 */
export const envSecrets = ({ dir, key: given, environment }: EnvSecretsOptions): SecretPort => {
  if (environment === 'staging' || environment === 'production') {
    throw new Fault('unavailable', 'Secrets in files are for development; configure Vault for staging and production.');
  }
  const root = join(dir, 'secrets');
  const folder = (path: string) => join(root, nameOfPath(path));
  const context = (path: string, version: number) => `${path}\n${version}`;

  let opened: Promise<Buffer> | undefined;
  const withKey = async <Result>(fn: (key: Buffer) => Promise<Result>): Promise<Result> => {
    opened ??= openKey(dir, given);
    const mine = opened;
    try {
      return await fn(await mine);
    } catch (error) {
      mine.catch(() => (opened = undefined));
      throw fileFault(error, 'The secret');
    }
  };

  const names = async (at: string): Promise<string[]> =>
    readdir(at).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    });
  const versions = async (path: string): Promise<number[]> =>
    (await names(folder(path)))
      .filter((name) => /^[1-9]\d*$/.test(name))
      .map(Number)
      .sort((a, b) => b - a);
  const list = async (prefix: string) =>
    (await names(root))
      .map(pathOfName)
      .filter((path): path is string => path?.startsWith(prefix) ?? false)
      .sort();

  const read = async (key: Buffer, path: string): Promise<SecretVersion | null> => {
    for (;;) {
      const [version] = await versions(path);
      if (version === undefined) return null;
      try {
        const text = unseal(key, context(path, version), await readFile(join(folder(path), String(version))));
        if (text !== null) return { version, ...Kept.parse(JSON.parse(text)) };
      } catch (error) {
        // Destroyed since the folder was listed.
        if (hasCode(error, 'ENOENT')) continue;
        throw error;
      }
      throw new Fault(
        'unavailable',
        'A secret is damaged or was written with another key; disconnect it and connect again.',
      );
    }
  };

  const stale = () => new Fault('stale_version', 'Another writer was faster; read the secret again.');

  const put = async (
    key: Buffer,
    path: string,
    expected: number,
    values: SecretValues,
    meta: NewMeta,
  ): Promise<number> => {
    const [newest = 0] = await versions(path);
    if (newest !== expected) throw stale();
    const version = expected + 1;
    const text = JSON.stringify({ values, meta: { ...meta, createdAt: new Date().toISOString() } });
    try {
      await mkdir(folder(path), { recursive: true, mode: 0o700 });
      await createFile(join(folder(path), String(version)), seal(key, context(path, version), text));
    } catch (error) {
      // ENOENT: destroyed in this very moment.
      if (hasCode(error, 'EEXIST', 'ENOENT')) throw stale();
      throw error;
    }
    return version;
  };

  return {
    read: (path) => withKey((key) => read(key, path)),

    put: (path, expected, values, meta) => withKey((key) => put(key, path, expected, values, meta)),

    generate: (path, meta) =>
      withKey(async (key) => {
        if ((await versions(path)).length > 0) return;
        await put(key, path, 0, { key: randomBytes(32).toString('base64url') }, meta).catch((error: unknown) => {
          // Made by another caller in this moment: the promise is kept.
          if (!(error instanceof Fault && error.code === 'stale_version')) throw error;
        });
      }),

    destroy: (path) => withKey(() => rm(folder(path), { recursive: true, force: true, maxRetries: 3 })),

    destroyAll: (prefix) =>
      withKey(async () => {
        if (!prefix.endsWith('/'))
          throw new Fault('invalid_request', 'A prefix ends with “/”, or it hits its neighbours.');
        for (const path of await list(prefix)) await rm(folder(path), { recursive: true, force: true, maxRetries: 3 });
      }),

    list: (prefix) => withKey(() => list(prefix)),
    health: () => withKey(() => Promise.resolve()),
  };
};
